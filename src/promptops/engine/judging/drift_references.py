"""What is known of a run's judges, out of the files of measured trust."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress

from promptops.engine.judging.asking_anew import canaries_of
from promptops.engine.judging.drift import Known, Reference
from promptops.engine.judging.examples import first_case, own_examples
from promptops.engine.judging.uses import Use, uses_of
from promptops.engine.people.labelled_answers import LabelledAnswer, from_labels
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError
from promptops.labels.files import read_labels
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import Subject
from promptops.trust.judged import Key
from promptops.values.case import Case
from promptops.values.label import Label
from promptops.values.request import Request
from promptops.values.trust import TrustReport


def references(plan: Plan, place: Workplace, access: ProjectAccess) -> list[Reference]:
    """What each judge of a plan said when it was measured."""
    found = []
    for scorer in plan.scorers:
        standing = plan.trust.get(scorer.name)
        if standing is None or standing.basis is None:
            continue
        basis = standing.basis
        use, known = None, []
        with suppress(InputError):  # the suite that it was measured on is not what it was
            use = _use_of(basis, place, access)
            known = _examples(basis, use, place, access)
        known = [*_canaries(scorer, basis, _ground(use, plan, place), access), *known]
        found.append(Reference(scorer, basis.created, known, basis.first))
    return found


def _use_of(basis: TrustReport, place: Workplace, access: ProjectAccess) -> Use | None:
    """Where the judge was measured."""
    uses = uses_of(basis.judge, place.tree, access, suites=(basis.suite,))
    return next((each for each in uses if each.metric == basis.metric), None)


def _ground(use: Use | None, plan: Plan, place: Workplace) -> tuple[Case, Request]:
    """What canaries are answers to: the same as when they were measured, where that is there."""
    with suppress(InputError):
        found = first_case(use, place) if use else None
        if found:
            return found
    case = plan.dataset.case(0)
    return case, plan.candidate.render(case)


def _canaries(
    scorer: Scorer, basis: TrustReport, ground: tuple[Case, Request], access: ProjectAccess
) -> Iterator[Known]:
    """All of them as answers to one case."""
    before = {each.name: each for each in basis.canaries if each.known}
    loaded = access.load_prompt(basis.judge)
    for canary, subject in canaries_of(scorer, loaded, *ground):
        said = before.get(canary.name)
        yield Known(
            f"canary {canary.name!r}",
            subject,
            canary=True,
            value=said.value if said else None,
            kept=bool(said),
            passed=bool(said and said.passed),
            shown=said.shown if said else "",
        )


def _examples(
    basis: TrustReport, use: Use | None, place: Workplace, access: ProjectAccess
) -> list[Known]:
    """Labelled answers whose words are at hand."""
    known = {(each.case, each.output): each for each in basis.examples}
    if not known or use is None:
        return []
    return [
        Known(
            f"case {each.case.id}",
            Subject(each.case, each.request, each.response, rival=each.rival),
            canary=False,
            value=1 - known[each.key].judge if each.mirrored else known[each.key].judge,
            shown=known[each.key].shown,
        )
        for each in _answers(use, known.keys(), place, access)
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
