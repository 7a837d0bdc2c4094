"""What is known of a run's judges, out of the files of measured trust."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress

from promptops.engine.asking_anew import canaries_of
from promptops.engine.drift import Known, Reference
from promptops.engine.judge_examples import own_examples
from promptops.engine.judge_uses import Use, uses_of
from promptops.engine.labelled_answers import LabelledAnswer, from_labels
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError
from promptops.labels.files import read_labels
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import Subject
from promptops.trust.judged import Key
from promptops.values.label import Label
from promptops.values.trust import TrustReport


def references(plan: Plan, place: Workplace, access: ProjectAccess) -> list[Reference]:
    """What each judge of a plan said when it was measured."""
    found = []
    for scorer in plan.scorers:
        standing = plan.trust.get(scorer.name)
        if standing is None or standing.basis is None:
            continue
        basis = standing.basis
        known = [*_canaries(scorer, basis, plan, access)]
        with suppress(InputError):  # the suite that it was measured on is not what it was
            known += _examples(basis, place, access)
        found.append(Reference(scorer, basis.created, known, basis.first))
    return found


def _canaries(
    scorer: Scorer, basis: TrustReport, plan: Plan, access: ProjectAccess
) -> Iterator[Known]:
    """All of them as answers to the first case."""
    case = plan.dataset.case(0)
    request = plan.candidate.render(case)
    before = {each.name: each for each in basis.canaries if each.known}
    loaded = access.load_prompt(basis.judge)
    for canary, subject in canaries_of(scorer, loaded, case, request):
        said = before.get(canary.name)
        yield Known(
            f"canary {canary.name!r}",
            subject,
            canary=True,
            value=said.value if said else None,
            kept=bool(said),
            passed=bool(said and said.passed),
        )


def _examples(basis: TrustReport, place: Workplace, access: ProjectAccess) -> list[Known]:
    """Labelled answers whose words are at hand."""
    values = {(each.case, each.output): each.judge for each in basis.examples}
    if not values:
        return []
    uses = uses_of(basis.judge, place.tree, access, suites=(basis.suite,))
    use = next((each for each in uses if each.metric == basis.metric), None)
    if use is None:
        return []
    return [
        Known(
            f"case {each.case.id}",
            Subject(each.case, each.request, each.response, rival=each.rival),
            canary=False,
            value=1 - values[each.key] if each.mirrored else values[each.key],
        )
        for each in _answers(use, values.keys(), place, access)
    ]


def _answers(
    use: Use, wanted: AbstractSet[Key], place: Workplace, access: ProjectAccess
) -> list[LabelledAnswer]:
    if use.own:
        return [each for each in own_examples(use, place, access).answers if each.key in wanted]
    labels: dict[Key, Label] = {}
    for each in read_labels(place.tree, use.suite.name).answers:
        if each.metric == use.metric and (each.case, each.output) in wanted:
            labels.setdefault((each.case, each.output), each)
    found = from_labels(use, labels, place)
    return [found[key] for key in sorted(found)]
