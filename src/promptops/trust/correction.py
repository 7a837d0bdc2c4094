"""A judge's delta put right by people's labels, and the margin that a judge's pass must keep.

A judge that errs alike on both arms only shrinks a difference.  One that errs more on one arm moves
it, and no number of judged answers shows that: people's labels of both answers of the same pairs
do (`statistics.ppi`, PPI++).  It is for the final look only, since its interval holds once.

The labelled pairs have to be drawn at random from all pairs (`review --choose uniform`): labels of
answers that were chosen because they looked odd say nothing of the rest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance, variance

from promptops.statistics.ppi import rectified_mean
from promptops.statistics.student import student_quantile
from promptops.trust.judged import Key, PeoplesWord
from promptops.values.report import Verdict

FEWEST_PAIRS = 50

Pair = tuple[str, int]
"""Case and sample index."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A delta as people would score it, candidate - baseline, in score units."""

    delta: float
    interval: tuple[float, float]
    """One-sided level alpha at each end."""
    labels: int
    """Pairs of which people labelled both answers."""
    weight: float
    """How far the judge was relied upon, in [0, 1]."""
    judged: float
    """The judge's own delta over all pairs."""

    def verdict(self, margin: float, alpha: float) -> Verdict:
        """What the labels say of the metric: this goes before the judge's own verdict.

        A pass needs as many labelled pairs as would see a drop of the margin, were every drop a
        whole point: ⌈ln α/ln(1 − margin)⌉.
        """
        low, high = self.interval
        if high < 0 and low <= -margin:
            return "regressed"
        if low > -margin and self.labels >= labels_for_a_pass(margin, alpha):
            return "improved" if low > 0 else "passed"
        return "inconclusive"


def people_differences(
    words: Mapping[Key, PeoplesWord], outputs: Mapping[Pair, tuple[str, str]]
) -> dict[Pair, float]:
    """What people say the candidate gained, of every pair of which both answers have a value.

    `outputs` has the `output_digest` of the baseline's answer and of the candidate's.
    """
    found = {}
    for (case, index), digests in outputs.items():
        said = [words.get((case, digest)) for digest in digests]
        before, after = (word.value if word else None for word in said)
        if before is not None and after is not None:
            found[case, index] = after - before
    return found


def outdated_cases(
    words: Mapping[Key, PeoplesWord],
    there: Mapping[str, Container[str]],
    known: Collection[Pair],
) -> set[str]:
    """Cases that people were shown, though not these answers: no pair of theirs is known.

    `there` has the outputs of each case at hand whose answers differ at all.  An answer of an
    earlier version that came again in the same words keeps its label, and one that changed lost it:
    what is still labelled are then the cases in which nothing changed, which is no random sample.
    """
    still = {case for case, _ in known}
    return {
        case
        for case, output in words
        if case in there and case not in still and output not in there[case]
    }


def corrected(
    judge: Mapping[Pair, float],
    people: Mapping[Pair, float],
    alpha: float,
    same: Container[Pair] = (),
) -> Corrected | None:
    """The delta by labels; None where too few pairs are labelled.

    `judge` has candidate - baseline of every pair that was judged, `people` of those that people
    labelled.  Pairs in `same` have one and the same answer on both sides: people's difference is 0
    whoever looks, so they are counted as known, and the rest is what labels are about.  Of that 50
    have to be labelled, or all there are of 50 pairs or more.

    A case's pairs are averaged first: labels stay with what an answer says, so that a case whose
    answers repeat is labelled whole by one label, and would count for more than others.  Cases are
    the unit of what follows, those with a labelled pair and those without; each counts by the share
    of its pairs that are not the same.  The squared error is never below what one total loss and
    one total win would add: labels that all agree are not certainty.  The interval is Student's.
    """
    apart = {pair: value for pair, value in judge.items() if pair not in same}
    both = sorted(apart.keys() & people.keys())
    whole = len(both) == len(apart) and len(judge) >= FEWEST_PAIRS
    if len(both) < FEWEST_PAIRS and not (whole and len(both) > 1):
        return None
    labelled, others, cases = _by_case(judge, apart, people, both)
    if len(labelled) < 2:
        return None
    share = (len(labelled) + len(others)) / cases
    mean, square, weight = _of_the_rest(labelled, others)
    square = share**2 * max(square, 2 * (len(apart) / len(judge) / share / (len(both) + 2)) ** 2)
    square += mean**2 * share * (1 - share) / cases
    delta = share * mean
    half = student_quantile(1 - alpha, len(labelled) - 1) * math.sqrt(square)
    interval = (max(-1.0, delta - half), min(1.0, delta + half))
    known = len(both) + len(judge) - len(apart) if whole else len(both)
    return Corrected(delta, interval, known, weight, fmean(judge.values()))


_Both = tuple[float, float]
"""What people and the judge say of one case."""


def _by_case(
    judge: Mapping[Pair, float],
    apart: Mapping[Pair, float],
    people: Mapping[Pair, float],
    both: Sequence[Pair],
) -> tuple[list[_Both], list[float], int]:
    """Cases with labels, the judge's word on those without, and how many cases there are.

    Means over a case's pairs whose answers differ, times the share of such pairs.
    """
    whole = Counter(case for case, _ in judge)
    differing = _grouped({pair: (0.0, value) for pair, value in apart.items()})
    known = _grouped({pair: (people[pair], judge[pair]) for pair in both})
    labelled, others = [], []
    for case, pairs in differing.items():
        share = len(pairs) / whole[case]
        if case in known:
            h, f = (fmean(each) for each in zip(*known[case], strict=True))
            labelled.append((share * h, share * f))
        else:
            others.append(share * fmean(f for _, f in pairs))
    return labelled, others, len(whole)


def _grouped(pairs: Mapping[Pair, _Both]) -> dict[str, list[_Both]]:
    found: dict[str, list[_Both]] = {}
    for pair in sorted(pairs):
        found.setdefault(pair[0], []).append(pairs[pair])
    return found


def _of_the_rest(labelled: Sequence[_Both], others: Sequence[float]) -> tuple[float, float, float]:
    """Mean, squared error and weight over cases of which some pair differs."""
    h, f = [each for each, _ in labelled], [each for _, each in labelled]
    mean, weight, left = fmean(h), 0.0, 0.0
    if others:
        found = rectified_mean(h, f, others)
        mean, weight = found.estimate, found.weight
        left = weight**2 * pvariance(others) / len(others)
    rest = [people - weight * judged for people, judged in labelled]
    return mean, left + variance(rest) / len(rest), weight


def labels_for_a_pass(margin: float, alpha: float) -> int:
    """The fewest labelled pairs that may pass a metric."""
    return max(FEWEST_PAIRS, math.ceil(math.log(alpha) / math.log(1 - margin)))
