"""A judge's delta put right by people's labels, and the margin that a judge's pass must keep.

A judge that errs alike on both arms only shrinks a difference.  One that errs more on one arm moves
it, and no number of judged answers shows that: people's labels of both answers of the same pairs
do (`statistics.ppi`, PPI++).  It is for the final look only, since its interval holds once.

The labelled pairs have to be drawn at random from all pairs (`review --choose uniform`): labels of
answers that were chosen because they looked odd say nothing of the rest.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

from promptops.statistics.ppi import rectified_mean
from promptops.statistics.rogan_gladen import attenuated_margin
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

    The error of the labelled part is the larger of the one by pairs and the one by cases (labels
    stay with what an answer says, so a case's repeats are labelled together), and its square never
    below what one total loss and one total win would add: labels that all agree are not certainty.
    The interval is Student's, by the cases that are labelled.
    """
    apart = {pair: value for pair, value in judge.items() if pair not in same}
    both = sorted(apart.keys() & people.keys())
    whole = len(both) == len(apart) and len(judge) >= FEWEST_PAIRS
    if len(both) < FEWEST_PAIRS and not (whole and len(both) > 1):
        return None
    share = len(apart) / len(judge)
    mean, square, weight = _of_the_rest(apart, people, both)
    square = share**2 * max(square, 2 / (len(both) + 2) ** 2)
    square += mean**2 * share * (1 - share) / len(judge)
    delta = share * mean
    cases = len({case for case, _ in both})
    half = student_quantile(1 - alpha, max(1, cases - 1)) * math.sqrt(square)
    interval = (max(-1.0, delta - half), min(1.0, delta + half))
    known = len(both) + len(judge) - len(apart) if whole else len(both)
    return Corrected(delta, interval, known, weight, fmean(judge.values()))


def _of_the_rest(
    judge: Mapping[Pair, float], people: Mapping[Pair, float], both: Sequence[Pair]
) -> tuple[float, float, float]:
    """Mean, squared error and weight over pairs of which the answers differ."""
    h, f = [people[pair] for pair in both], [judge[pair] for pair in both]
    others = [value for pair, value in judge.items() if pair not in people]
    mean, weight, left = fmean(h), 0.0, 0.0
    if others:
        found = rectified_mean(h, f, others)
        mean, weight = found.estimate, found.weight
        left = weight**2 * pvariance(others) / len(others)
    rest = [each - weight * judged for each, judged in zip(h, f, strict=True)]
    return mean, left + max(pvariance(rest) / len(rest), _by_cases(both, rest)), weight


def _by_cases(pairs: Sequence[Pair], rest: Sequence[float]) -> float:
    """The squared error of a mean whose values go together within a case."""
    middle = fmean(rest)
    sums: dict[str, float] = {}
    for (case, _), value in zip(pairs, rest, strict=True):
        sums[case] = sums.get(case, 0.0) + value - middle
    count = len(sums)
    if count < 2:
        return 0.0
    return sum(each * each for each in sums.values()) / len(rest) ** 2 * count / (count - 1)


def labels_for_a_pass(margin: float, alpha: float) -> int:
    """The fewest labelled pairs that may pass a metric."""
    return max(FEWEST_PAIRS, math.ceil(math.log(alpha) / math.log(1 - margin)))


def judged_margin(
    margin: float, sensitivity_low: float | None, specificity_low: float | None
) -> float | None:
    """The margin that a judge's own delta must keep for a pass, if it errs alike on both arms.

    (se + sp - 1)·margin by the lower ends of both: a true drop of `margin` shows to the judge as no
    more.  None where a rate is not known, or so low that the judge may know nothing: then its delta
    can pass nothing.
    """
    if sensitivity_low is None or specificity_low is None:
        return None
    if sensitivity_low + specificity_low <= 1:
        return None
    return attenuated_margin(margin, sensitivity_low, specificity_low)
