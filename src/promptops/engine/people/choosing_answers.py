"""Which kept answers people are asked about.

Three rules, each seeded, each over what a run kept:

- `uniform`: pairs of samples (case and index, one answer on either side) at random, for
  calibration: a corrected delta needs both answers of a pair.  Cases come in random order, and one
  sample of each before a second one of any, so that every pair is as likely as any other and few
  labels reach many cases.  A run with one side gives answers instead of pairs.
- `informative`: where a label changes the verdict most.  Answers of cases that broke or were fixed
  first, then of those that moved, then all others; among them where the scorer is least sure: the
  larger of 4v(1 − v) of its score v and four times the variance of its votes.  One that the judge
  could not tell counts as least sure.
- `disagreements`: answers whose votes differ, or on which the scorer and another gating scorer are
  on different sides of one half; the widest apart first.

Only the first one is a sample of all answers.  Nothing that is chosen says which side it is of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import pvariance
from typing import Literal

from promptops.values.details import CaseDetails, Details, SampleDetails
from promptops.values.label import output_digest
from promptops.values.random_order import at_random
from promptops.values.report import Change
from promptops.values.response import Response
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored, Unscorable

How = Literal["uniform", "informative", "disagreements"]

_MOVED: Mapping[Change, int] = {"broken": 0, "fixed": 0, "worse": 1, "better": 1}
_CANNOT_TELL = "the judge cannot tell"
_LEAST_SURE = 1.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One sample with an answer, as far as choosing needs it: no text."""

    case: str
    arm: Arm
    index: int
    output: str
    """`output_digest` of the answer."""
    unsure: float
    """How little its score says, from 0 to 1."""
    apart: float
    """How far those who scored it disagree, from 0 to 1."""


_Unit = tuple[Drawn, ...]
"""Samples that are chosen together."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is shown at once: one answer, or two of a case."""

    case: str
    outputs: tuple[str, ...]
    """One digest, or two in sorted order: which side an answer is of cannot be told."""


def drawn(details: Details, metric: str, others: Collection[str]) -> list[Drawn]:
    """Every sample behind a run that has an answer; `others` are the other scorers that gate."""
    return [
        Drawn(
            case.id,
            sample.arm,
            sample.index,
            answer_digest(sample),
            _unsure(sample.scores.get(metric)),
            _apart(sample.scores, metric, others),
        )
        for case in details.cases()
        for sample in answered(case)
    ]


def answered(case: CaseDetails) -> list[SampleDetails]:
    """The samples of a case whose answer came and is kept."""
    return [each for each in case.samples if each.failure is None and not each.missing]


def answer_digest(sample: SampleDetails) -> str:
    """`output_digest` of a sample's answer."""
    answer = Response(sample.content, tool_calls=sample.tool_calls, refusal=sample.refusal)
    return output_digest(answer)


def choose_answers(
    samples: Sequence[Drawn],
    how: How,
    wanted: int,
    *,
    seed: int,
    labelled: Collection[tuple[str, str]] = (),
    changes: Mapping[str, Change] | None = None,
) -> list[Chosen]:
    """At most `wanted` distinct answers (but never half a pair), the same for the same seed.

    `labelled` (case, digest) are left out, and so are further samples with the same content.  The
    order does not depend on who asks: several reviewers get the same answers, and who goes on later
    gets the next ones.
    """
    if how == "uniform":
        units = _units(samples, seed)
    else:
        units = _ranked(_contents(samples, how), how, seed, changes or {})
    chosen: dict[tuple[str, str], Chosen] = {}
    for unit in units:
        new = {
            (each.case, each.output): Chosen(each.case, (each.output,))
            for each in unit
            if (each.case, each.output) not in labelled and (each.case, each.output) not in chosen
        }
        if len(chosen) + len(new) > wanted and chosen:  # half a pair is of no use
            break
        chosen.update(new)
    return list(chosen.values())


def choose_pairs(
    samples: Sequence[Drawn],
    how: How,
    wanted: int,
    *,
    seed: int,
    labelled: Collection[tuple[str, str, str]] = (),
    changes: Mapping[str, Change] | None = None,
) -> list[Chosen]:
    """At most `wanted` distinct pairs of answers that differ, one of either side at one index.

    `labelled` (case and both digests, sorted) are left out.
    """
    units = _units(samples, seed)
    if how != "uniform":
        units = _ranked(units, how, seed, changes or {})
    chosen: dict[tuple[str, ...], Chosen] = {}
    for unit in units:
        outputs = tuple(sorted({each.output for each in unit}))
        key = (unit[0].case, *outputs)
        if len(outputs) == 2 and key not in labelled and key not in chosen:
            chosen[key] = Chosen(unit[0].case, outputs)
            if len(chosen) == wanted:
                break
    return list(chosen.values())


def _contents(samples: Sequence[Drawn], how: How) -> Iterable[_Unit]:
    """One sample for each content of a case: the one that weighs most."""
    best: dict[tuple[str, str], _Unit] = {}
    for each in samples:
        kept = best.get((each.case, each.output))
        if kept is None or _weight((each,), how) > _weight(kept, how):
            best[each.case, each.output] = (each,)
    return best.values()


def shuffled(chosen: Iterable[Chosen], seed: int, reviewer: str) -> list[Chosen]:
    """In an order that tells nothing, another one for each reviewer; answers of one case apart."""
    left = sorted(chosen, key=lambda each: at_random(seed, reviewer, each.case, *each.outputs))
    out: list[Chosen] = []
    while left:
        before = out[-1].case if out else None
        at = next((at for at, each in enumerate(left) if each.case != before), 0)
        out.append(left.pop(at))
    return out


def swapped(chosen: Chosen, seed: int, reviewer: str) -> bool:
    """Whether the second answer of a pair is shown first; as often as not."""
    return at_random("side", seed, reviewer, chosen.case, *chosen.outputs)[0] % 2 == 1


def _units(samples: Sequence[Drawn], seed: int) -> list[_Unit]:
    """Both samples of each case and index (or the only ones of a run with one side), at random.

    One of each case comes before a second one of any.
    """
    slots: dict[tuple[str, int], dict[Arm, Drawn]] = {}
    for each in samples:
        slots.setdefault((each.case, each.index), {})[each.arm] = each
    sides = {each.arm for each in samples}
    cases: dict[str, list[_Unit]] = {}
    for (case, _), slot in slots.items():
        if slot.keys() == sides:
            cases.setdefault(case, []).append(tuple(slot[arm] for arm in sorted(slot)))
    placed = [
        (turn, at_random("case", seed, case), unit)
        for case, units in cases.items()
        for turn, unit in enumerate(
            sorted(units, key=lambda unit: at_random("draw", seed, unit[0].case, unit[0].index))
        )
    ]
    return [unit for _, _, unit in sorted(placed, key=lambda each: each[:2])]


def _ranked(
    units: Iterable[_Unit], how: How, seed: int, changes: Mapping[str, Change]
) -> list[_Unit]:
    """Those first that matter most; of disagreements only those that are ones."""
    turns: dict[str, int] = {}
    placed: list[tuple[tuple[object, ...], _Unit]] = []
    for unit in sorted(units, key=lambda unit: (-_weight(unit, how), _place(unit, seed))):
        weight, case = _weight(unit, how), unit[0].case
        if how == "informative":
            # One of a case before a second one of it: that one says the less about the whole.
            turn = turns[case] = turns.get(case, -1) + 1
            moved = _MOVED.get(changes.get(case, "same"), 2)
            placed.append(((moved, turn, -weight, _place(unit, seed)), unit))
        elif weight:
            placed.append(((-weight, _place(unit, seed)), unit))
    placed.sort(key=lambda each: each[0])
    return [unit for _, unit in placed]


def _place(unit: _Unit, seed: int) -> bytes:
    return at_random("rank", seed, unit[0].case, *sorted(each.output for each in unit))


def _weight(unit: _Unit, how: How) -> float:
    return max(each.apart if how == "disagreements" else each.unsure for each in unit)


def _unsure(scored: Scored | None) -> float:
    if isinstance(scored, Score):
        votes = [vote.value for vote in scored.votes if vote.value is not None]
        spread = 4 * pvariance(votes) if len(votes) > 1 else 0.0
        return max(4 * scored.value * (1 - scored.value), min(1.0, spread))
    if isinstance(scored, Unscorable) and scored.reason.startswith(_CANNOT_TELL):
        return _LEAST_SURE
    return 0.0


def _apart(scores: Mapping[str, Scored], metric: str, others: Collection[str]) -> float:
    scored = scores.get(metric)
    if not isinstance(scored, Score):
        return 0.0
    votes = [vote.value for vote in scored.votes if vote.value is not None]
    widest = max(votes) - min(votes) if votes else 0.0
    for name in others:
        other = scores.get(name)
        if isinstance(other, Score) and (other.value < 0.5) != (scored.value < 0.5):
            widest = max(widest, abs(other.value - scored.value))
    return widest
