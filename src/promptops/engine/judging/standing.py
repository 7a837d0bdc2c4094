"""What the judges of a suite may do there, by what was measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptops.comparison.policy import NO_PASS, Metric, Policy
from promptops.documents.tree import Tree
from promptops.engine.suite import Suite
from promptops.errors import HistoryError, InputError
from promptops.scorers.discovery import Scorer
from promptops.trust.files import read_trust
from promptops.trust.gating import trusted
from promptops.trust.margin import judged_margin
from promptops.values.score import Role
from promptops.values.trust import TrustReport

_BROUGHT = "; what this change brings of that counts once it is merged"


@dataclass(frozen=True, slots=True)
class Standing:
    """One judge in one suite."""

    role: Role
    note: str
    """Why it only observes, or that nothing is known of it, in words that follow the metric."""
    basis: TrustReport | None
    """What was measured of this very judge; None for nothing."""
    margin: float | None = None
    """What its scores must keep for a pass; None for the suite's own margin."""
    margin_note: str = ""
    """Why that is less, in words."""


def standings(
    suite: Suite, scorers: Sequence[Scorer], tree: Tree, here: Tree
) -> dict[str, Standing]:
    """What each scorer that asks a judge may do, by its name.

    `tree` is where trust is read, `here` the files at hand, which may bring more.  With the gate's
    `trust: warn` a judge gates whatever is known of it.

    Raises:
        InputError: a file of measured trust is none.
    """
    found = {}
    for scorer in scorers:
        if scorer.judge is None:
            continue
        judge = scorer.judge[0]
        reports = _read(tree, judge, here)
        told = trusted(reports, judge, scorer=scorer.digest, suite=suite.name, role=scorer.role)
        note = told.note
        if tree is not here and note and read_trust(here, judge) != reports:
            note += _BROUGHT
        role = told.role
        if scorer.role == "gate" and note and suite.file.gate.trust == "warn":
            role, note = "gate", f"gates, though it {_only_why(note)}"
        margin, why = _margin(suite.file.gate.margin, told.basis, gates=role == "gate")
        found[scorer.name] = Standing(role, note, told.basis, margin, why)
    return found


def metric_of(scorer: Scorer, standing: Standing | None) -> Metric:
    """A scorer as the comparison sees it."""
    if standing is None:
        return Metric(scorer.name, scorer.role, scorer.weight)
    held_back = standing.note if standing.role != scorer.role else ""
    return Metric(scorer.name, standing.role, scorer.weight, standing.margin, held_back)


def _read(tree: Tree, judge: str, here: Tree) -> list[TrustReport]:
    """What was measured; nothing where the file of another time cannot be read."""
    try:
        return read_trust(tree, judge)
    except HistoryError:
        raise
    except InputError:
        if tree is here:
            raise
        return []


def held_to(scorer: Scorer, metric: Metric) -> str:
    """A scorer and what hangs on it, as a text: equal where a verdict cannot tell them apart."""
    margin = "" if metric.margin is None else f" {metric.margin!r}"
    return f"{metric.name} {metric.role} {metric.weight!r} {scorer.digest}{margin}"


def policy_of(suite: Suite, scorers: Sequence[Scorer], trust: Mapping[str, Standing]) -> Policy:
    """The suite's gate over its scorers; `trust` says what each judge may do, by metric.

    Raises:
        InputError: no scorer gates, so that no verdict could ever be reached.
    """
    metrics = tuple(metric_of(each, trust.get(each.name)) for each in scorers)
    gate = suite.file.gate
    policy = Policy(
        metrics, gate.margin, gate.alpha, gate.inconclusive, gate.estimand, gate.guarantee
    )
    if all(each.role != "gate" for each in scorers):
        raise InputError(
            "every scorer only observes: there is nothing to reach a verdict on",
            location=suite.document.locate(("scorers",)),
            hint="give one scorer  role: gate",
        )
    return policy


def _only_why(note: str) -> str:
    """`observes, and does not gate: why` as `should only observe: why`."""
    return "should only observe: " + note.partition(": ")[2]


def _margin(margin: float, basis: TrustReport | None, *, gates: bool) -> tuple[float | None, str]:
    """What a judge must show for a pass, and why, where its rates of error are known.

    A judge of pairs has none: nothing is to be sensitive to.
    """
    if not gates or basis is None:
        return None, ""
    rates = [basis.measure(name) for name in ("sensitivity", "specificity")]
    if all(each is None for each in rates):
        return None, ""
    low = [each.interval[0] if each and each.interval else None for each in rates]
    found = judged_margin(margin, *low)
    if found is None:
        return NO_PASS, "it can pass nothing: too little is known of how often it is wrong"
    seen = f"{100 * found:.2g}"
    told = f"a pass keeps a margin of {seen} points, for its judge sees a drop of"
    return found, f"{told} {100 * margin:g} as one of {seen}" if found < margin else ""
