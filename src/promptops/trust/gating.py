"""Whether a judge may gate: the bar, and what follows where it is not met.

A judge may gate only where its agreement with people is known.  The bar, and why it is there:

- Krippendorff's α of the judge with people, the lower end of its 95% interval at .667 or above: the
  least at which Krippendorff ("Content Analysis", 2004, p. 241) lets conclusions be drawn.  α takes
  off what chance gives: a judge that lets everything pass earns nothing on a set that is mostly
  good.
- 50 labelled answers or more: below that no interval is to be relied upon.  It is also the least
  that a corrected delta asks for.
- No canary passes: a judge that praises an empty answer, or one that tells it what to say, can be
  talked round, however well it does on honest answers.
- It gives a value for 9 labelled answers in 10: agreement on the rest says nothing of those that it
  leaves out.
- People agree with each other: where they surely do not, nobody knows what is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from promptops.values.score import Role
from promptops.values.trust import CanaryReport, Measure, Standing, TrustReport

LOWEST_ALPHA = 0.667
FEWEST_LABELS = 50
MOST_UNSCORED = 0.1
MOST_MORE = 5_000
"""More labels than this nobody writes: another rubric is the way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the bar looks at."""

    answers: int
    """Labelled answers that the judge scored."""
    unscored: int
    """Those of which it said nothing."""
    alpha: Measure | None
    """With people."""
    people: Measure | None = None
    """α of people with each other; None where no two labelled the same answer."""
    canaries: Sequence[CanaryReport] = ()
    failed: int = 0
    """Labelled ones on which the judge could not be asked."""
    disputed: int = 0
    """Answers of which as many people say yes as no: agreement is that on the others."""
    aside: int = 0
    """Labels that count for nothing: of answers that were not drawn at random."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether it may gate, and what a reader is told."""

    standing: Standing
    reasons: list[str]
    settle: str = ""
    more_labels: int | None = None


def decide(evidence: Evidence) -> Decided:
    """Hold a judge to the bar; what stands surely against it goes before what is not known."""
    against = _against(evidence)
    if against:
        return Decided("observes", against, "change the rubric or the model, and check again")
    unknown, settle, more = _unknown(evidence)
    if unknown:
        return Decided("not known yet", unknown, settle, more)
    alpha = evidence.alpha
    assert alpha is not None
    assert alpha.interval is not None
    on = f"on {evidence.answers:,} labelled answers"
    told = [f"alpha is at least {_told(alpha.interval[0])} {on}; the bar is {LOWEST_ALPHA}"]
    if evidence.disputed:
        many = "1 answer" if evidence.disputed == 1 else f"{evidence.disputed:,} answers"
        told.append(f"{many} on which as many people say yes as no count for nothing")
    return Decided("may gate", told)


def _against(evidence: Evidence) -> list[str]:
    found = []
    passed = [each.name for each in evidence.canaries if each.passed]
    if passed:
        found.append(f"it lets pass what no judge may: {', '.join(passed)}")
    alpha = evidence.alpha
    enough = evidence.answers >= FEWEST_LABELS
    if enough and alpha and alpha.interval and alpha.interval[1] < LOWEST_ALPHA:
        found.append(
            f"it agrees too little with people: alpha is at most {_told(alpha.interval[1])},"
            f" and the bar is {LOWEST_ALPHA}"
        )
    asked = evidence.answers + evidence.unscored
    if asked >= FEWEST_LABELS and evidence.unscored > MOST_UNSCORED * asked:
        found.append(f"it says nothing of {evidence.unscored:,} of {asked:,} labelled answers")
    return found


Unknown = tuple[list[str], str, int | None]
"""Why it is not known, what would settle it, and how many more labels."""


def _unknown(evidence: Evidence) -> Unknown:
    """What is still to be known, if anything."""
    if any(not each.known for each in evidence.canaries) or evidence.failed > evidence.answers:
        return ["the judge could not be asked"], "check again when its model answers", None
    people = evidence.people
    if people and people.interval and people.interval[1] < LOWEST_ALPHA:
        return (
            [f"people do not agree with each other: alpha is at most {_told(people.interval[1])}"],
            "write down what is right and what is wrong, and label again",
            None,
        )
    missing = FEWEST_LABELS - evidence.answers
    if missing > 0:
        had = f"{evidence.answers:,} labelled answers" if evidence.answers else "no labels"
        told = [f"{had}; {FEWEST_LABELS} are the least that say anything"]
        if evidence.aside:
            many = "1 label is" if evidence.aside == 1 else f"{evidence.aside:,} labels are"
            told.append(f"{many} of answers that were not drawn at random, and left out")
        return (
            told,
            f"label {missing:,} more answers",
            missing,
        )
    return _uncertain(evidence.answers, evidence.alpha)


def _uncertain(answers: int, alpha: Measure | None) -> Unknown:
    """With enough labels: whether the lower end is at the bar."""
    if alpha is None or alpha.value is None or alpha.interval is None:
        why = alpha.why if alpha and alpha.why else "nothing to compare"
        return [f"alpha is not defined: {why}"], "label answers that fail as well", None
    low, high = alpha.interval
    if low >= LOWEST_ALPHA:
        return [], "", None
    more = labels_needed(answers, alpha.value, low)
    ends = f"{_told(low)} and {_told(high)}"
    reason = f"alpha is between {ends}: on both sides of the bar, {LOWEST_ALPHA}"
    if more is None:
        return [reason], "more labels would hardly lift it: try another rubric or model", None
    return [reason], f"about {more:,} more labels would settle it, if it goes on as it is", more


def _told(alpha: float) -> str:
    return f"{alpha:z.3f}".replace("-", "−")


def labels_needed(labels: int, alpha: float, low: float) -> int | None:
    """About how many more labels lift the lower end to the bar, alpha staying where it is.

    An interval shrinks with the root of their number.  None where alpha is too near the bar, or
    below it.
    """
    above = alpha - LOWEST_ALPHA
    if above <= 0:
        return None
    needed = ceil(labels * ((alpha - low) / above) ** 2)
    more = max(1, needed - labels)
    return more if more <= MOST_MORE else None


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a judge may do in a suite, and what its metric is told to have."""

    role: Role
    note: str
    """Why it only observes; empty where it may gate, or only observes anyhow."""
    basis: TrustReport | None = None
    """What was measured of this very judge, the suite's own answers first; None for nothing."""


def trusted(
    found: Sequence[TrustReport], judge: str, *, scorer: str, suite: str, role: Role
) -> Trusted:
    """What a judge that a suite gives a role may do there; `found` is what was measured of it.

    `scorer` is the digest of the suite's scorer: the judge prompt with its options and its model,
    so that a changed rubric or another model is another judge.  What was measured on the suite's
    own answers goes before what was measured elsewhere.
    """
    same = [each for each in found if each.scorer == scorer]
    own = [each for each in same if each.suite == suite]
    known = [each for each in [*own, *same] if each.standing != "not known yet"]
    best = next(iter([*known, *own, *same]), None)
    if role == "observe":
        return Trusted("observe", "", best)
    if best is None:
        why = "its agreement with people was not measured"
        if found:
            why += " since the judge, its options or its model changed"
        command = f"promptops judge check {judge} --write"
        return Trusted("observe", f"observes, and does not gate: {why}; {command}  measures it")
    if best.standing == "may gate":
        return Trusted("gate", "", best)
    reason = best.reasons[0] if best.reasons else best.standing
    settle = f"; {best.settle}" if best.settle else ""
    return Trusted("observe", f"observes, and does not gate: {reason}{settle}", best)
