"""McNemar's exact tests: are losses and wins among the pairs that differ equally likely?

McNemar, "Note on the sampling error of the difference between correlated proportions or
percentages", Psychometrika 12, 1947, in its exact form: given how many pairs differ, the losses
follow a binomial distribution with chance ½.
"""

from __future__ import annotations

import math


def mcnemar_exact(losses: int, wins: int) -> float:
    """Two-sided exact p: twice the smaller tail, at most 1; 1 where no pair differs.

    Raises:
        ValueError: a count is negative.
    """
    _check(losses, wins)
    return min(1.0, 2 * _lower_tail(min(losses, wins), losses + wins))


def mcnemar_mid_p(losses: int, wins: int) -> float:
    """Two-sided mid-p: of the chance of just what was seen, one half counts in each tail.

    It is closer to its nominal level than the exact p and may exceed it slightly (Fagerland,
    Lydersen and Laake, "The McNemar test for binary matched-pairs data", BMC Medical Research
    Methodology 13:91, 2013).

    Raises:
        ValueError: a count is negative.
    """
    _check(losses, wins)
    fewer, trials = min(losses, wins), losses + wins
    return min(1.0, 2 * _lower_tail(fewer, trials) - _chance(fewer, trials))


def mcnemar_drop_p(losses: int, wins: int) -> float:
    """One-sided exact p of a drop: P(X ≥ losses), X ~ Binomial(losses + wins, ½).

    Raises:
        ValueError: a count is negative.
    """
    _check(losses, wins)
    if losses > wins:
        return _lower_tail(wins, losses + wins)
    return 1 - _lower_tail(losses - 1, losses + wins)


def _lower_tail(most: int, trials: int) -> float:
    """P(X ≤ most), X ~ Binomial(trials, ½), for `most` up to half of `trials`.

    Each term follows from the one above it; they fall fast, so few of them count.
    """
    if most < 0:
        return 0.0
    term = total = _chance(most, trials)
    for k in range(most, 0, -1):
        term *= k / (trials - k + 1)
        total += term
        if term <= total * 1e-17:
            break
    return total


def _chance(successes: int, trials: int) -> float:
    """P(X = successes), X ~ Binomial(trials, ½)."""
    return math.exp(
        math.lgamma(trials + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(trials - successes + 1)
        - trials * math.log(2)
    )


def _check(losses: int, wins: int) -> None:
    if losses < 0 or wins < 0:
        raise ValueError(f"counts are not negative: {losses} losses, {wins} wins")
