"""From a suite's name to a checked plan: versions out of history, cases out of the dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from promptops.datasets.loading import Dataset, open_dataset
from promptops.datasets.slices import parse_tags, select_tags
from promptops.documents.tree import Tree, WorkingTree
from promptops.engine.bounds import check_priced
from promptops.engine.choices import Choices
from promptops.engine.drawing import check_keys
from promptops.engine.judging.standing import policy_of, standings
from promptops.engine.people.labels import peoples_labels
from promptops.engine.plan import ArmPlan, Plan, Provenance, check, differences
from promptops.engine.sample_sizes import lay_out
from promptops.engine.schedule import rounds
from promptops.engine.scoring import ProjectAccess
from promptops.engine.suite import MOST_SAMPLES, Suite, load_suite, locate_dataset
from promptops.errors import InputError, InputErrors, PromptopsError
from promptops.history.baseline import baseline
from promptops.history.repository import Repository
from promptops.history.versions import versions
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.scorers.discovery import Scorer, build
from promptops.scorers.judging.turns import turn_faults
from promptops.store.store import Store
from promptops.values.report import Report

_HELD = (
    *("margin", "alpha", "estimand", "guarantee"),
    *("cost_increase", "token_increase", "latency_increase"),
)
"""What of the gate decides a verdict."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a run happens."""

    root: Path
    tree: WorkingTree
    repository: Repository | None
    environ: Mapping[str, str]
    store: Store
    trust: Tree | None = None
    """Where it is read what was measured of judges; None: in `tree`.  A gate reads it as it was
    before the change, which must not bring its own."""


def prepare(name: str, choices: Choices, place: Workplace, access: ProjectAccess) -> Plan:
    """Read, choose and check everything that a run of the suite `name` needs.

    The plan's dataset is open; who runs it closes it.

    Raises:
        InputError: anything at all is wrong; nothing has been spent.
    """
    plan = survey(name, choices, place, access)
    try:
        if plan.lacking:
            check_keys(plan.models, place.environ)
    except BaseException:
        plan.opened.close()
        raise
    return plan


def survey(name: str, choices: Choices, place: Workplace, access: ProjectAccess) -> Plan:
    """The same for a plan that is only to be looked at: nobody's key is needed.

    Raises:
        InputError: anything else is wrong.
    """
    suite = load_suite(place.tree, name)
    loaded = _prompt(suite, place.tree)
    scorers = _scorers(suite, loaded, access)
    trust = standings(suite, scorers, place.trust or place.tree, place.tree)
    policy = policy_of(suite, scorers, trust)
    arms = _arms(loaded, choices, place)
    opened = _dataset(suite, place.tree)
    try:
        dataset = select_tags(opened, parse_tags(choices.tags)) if choices.tags else opened
        plan = Plan(
            suite=suite,
            arms=arms,
            dataset=dataset,
            opened=opened,
            tags=choices.tags,
            alone=choices.alone,
            scorers=scorers,
            policy=policy,
            samples=suite.file.samples,
            limit=suite.file.samples,
            choices=choices,
            extend=choices.extend,
            itself=choices.itself,
            trust=trust,
            labels=peoples_labels(place.tree, suite.name, scorers),
            seed=_seed(arms, dataset) if choices.seed is None else choices.seed,
        )
        check_priced(plan)
        check(plan, place.environ)
        plan.changes += lay_out(plan, choices, place.store.comparisons)
        last = place.store.runs.last_of_suite(name)
        plan.lacking = _lacking(plan, place, last)
        if plan.baseline:
            plan.changes += differences(plan.baseline, plan.candidate)
        plan.changes += _since_last(plan, last)
    except BaseException:
        opened.close()
        raise
    return plan


def _prompt(suite: Suite, tree: WorkingTree) -> LoadedPrompt:
    try:
        return load_prompt(tree, suite.file.prompt)
    except InputError as error:
        if error.location:
            raise
        where = suite.document.locate(("prompt",))
        raise InputError(error.message, location=where, hint=error.hint) from None


def _scorers(suite: Suite, prompt: LoadedPrompt, access: ProjectAccess) -> list[Scorer]:
    """Every scorer of the suite, ready; all their faults at once."""
    scorers, errors = [], list[PromptopsError]()
    for name in suite.file.scorers:
        try:
            scorer = build(name, suite.document, ("scorers", name))
            scorer.preflight(access, prompt)
            scorers.append(scorer)
        except InputError as error:
            errors.append(error)
    if not errors:
        errors += turn_faults(scorers)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return scorers


def _arms(loaded: LoadedPrompt, choices: Choices, place: Workplace) -> tuple[ArmPlan, ...]:
    candidate = ArmPlan("candidate", loaded, _here(loaded, place), choices.model)
    if choices.alone:
        return (candidate,)
    if choices.itself:
        origin = replace(candidate.provenance, how="the same version, drawn a second time")
        # Answers that an ordinary run drew, and may have alarmed on, say nothing about noise.
        return (
            ArmPlan("baseline", loaded, origin, choices.model, first_index=MOST_SAMPLES),
            ArmPlan("candidate", loaded, origin, choices.model, first_index=2 * MOST_SAMPLES),
        )
    if place.repository is None:
        if choices.against:
            raise InputError(
                "--against needs git history, and this is not a git repository",
                hint="git init && git add . && git commit -m 'First prompts'",
            )
        return (candidate,)
    before = baseline(place.repository, loaded.name, place.tree, choices.against, place.environ)
    if before is None:
        return (candidate,)
    origin = Provenance(before.version.commit, before.version.dirty, before.how)
    return (ArmPlan("baseline", before.loaded, origin, choices.model), candidate)


def _here(loaded: LoadedPrompt, place: Workplace) -> Provenance:
    if place.repository is None:
        return Provenance(None, dirty=True, how="not in a git repository")
    newest = versions(place.repository, loaded.name, place.tree)
    if newest and newest[0].digest == loaded.digest:
        return Provenance(newest[0].commit, newest[0].dirty)
    return Provenance(None, dirty=True)


def _dataset(suite: Suite, tree: WorkingTree) -> Dataset:
    return open_dataset(locate_dataset(suite, tree), display=suite.dataset_path)


def _lacking(plan: Plan, place: Workplace, last: Report | None) -> bool:
    """Whether anybody surely has to be asked: something of the first round is not kept.

    A run that ended early needs no more than it needed then.  What judges and embeddings were asked
    is known only once the samples are there; it is taken to be kept where the last run of the suite
    had the same scorers.
    """
    draws = (
        arm.slot(case, index)
        for case, index, _ in next(rounds(len(plan.dataset), plan.samples, plan.seed), [])
        for arm in plan.arms
    )
    if place.store.responses.lacks(draws):
        return True
    before = last.meta.get("scorers", {}) if last else {}
    return any(each.models and before.get(each.name) != each.digest for each in plan.scorers)


def _seed(arms: Sequence[ArmPlan], dataset: Dataset) -> int:
    """The same comparison is always drawn in the same order."""
    parts = [*(arm.loaded.digest for arm in arms), dataset.fingerprint]
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:4], "big")


def _since_last(plan: Plan, last: Report | None) -> list[str]:
    """What changed around the prompt since the suite was last run."""
    if last is None:
        return []
    found = []
    if last.meta.get("dataset_fingerprint") != plan.opened.fingerprint:
        found.append("the dataset changed since the last run")
    gate = plan.suite.file.gate
    for name in _HELD:
        old, new = last.meta.get(name, getattr(gate, name)), getattr(gate, name)
        if old != new:
            found.append(f"gate.{name} changed since the last run: {old} → {new}")
    before = last.meta.get("scorers", {})
    found += [
        f"scorer {scorer.name} changed since the last run"
        for scorer in plan.scorers
        if before.get(scorer.name, scorer.digest) != scorer.digest
    ]
    return found
