"""Before anything is spent: how many cases or pairs a question needs, and what a budget can see."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from promptops.statistics.student import student_quantile

GROUP_SEQUENTIAL_SHARE = 0.8
"""Of α: the boundaries spend it.  The e-process has the rest, for looks that nobody planned."""
PRICE_OF_LOOKING = 1.1
"""How many times the pairs of a single look keep its power when every round is looked at.

For α(t) = .04·t² and power .80 the recursion of Armitage, McPherson and Rowe (J. R. Stat. Soc. A
132, 1969) gives 1.06 with 5 equal looks, 1.09 with 25 and 1.10 with 50.
"""
PRICE_OF_MANY_BETS = 0.5
"""By how much log(1/α) is passed by the best stake when the mean of all twelve passes it.

Twelve stakes side by side cost up to log 12; their neighbours win with them, and being looked at
all the time gives part of it back.  Calibrated by simulation: differences of −1, 0 and 1 with
variances .05 to .3, 250 to 4,000 pairs, α of .01 to .05, 25 looks; the power lies in .77 to .85
where .80 is asked for.
"""
STAKES = tuple(0.1 * 9 ** (step / 11) for step in range(12))
"""Of every pair, geometric on [.1, .9]: what the bets of `e_process` put in.

Small stakes win on small, steady differences, large ones on large ones.
"""
_STEPS = 60
_MOST_PAIRS = 10**9


def miller_cases(
    omega_squared: float,
    delta: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    baseline_variance: float = 0.0,
    candidate_variance: float = 0.0,
    baseline_samples: int = 1,
    candidate_samples: int = 1,
) -> int:
    """How many cases show a true difference `delta` > 0 with probability `power`.

    n = (z_{1−α/2} + z_power)²·(ω² + σ_A²/K_A + σ_B²/K_B)/δ², rounded up (Miller, "Adding Error Bars
    to Evals", arXiv 2411.00640, 2024, section 5); the test is two-sided at `alpha`.

    `omega_squared` is the variance of the cases' expected differences; the other variances are of
    one sample within a case, by arm, and the samples how many are averaged for each case.  All
    variances are in squared score units.

    Raises:
        ValueError: a number is out of its range, or no number of cases answers.
    """
    if baseline_samples < 1 or candidate_samples < 1:
        raise ValueError("each arm draws at least one sample")
    for variance in (omega_squared, baseline_variance, candidate_variance):
        _check_variance(variance)
    variance = (
        omega_squared
        + baseline_variance / baseline_samples
        + candidate_variance / candidate_samples
    )
    return _rounded_up(_deviates(alpha / 2, power) * math.sqrt(variance), delta)


def pairs_for(effect: float, variance: float, alpha: float, power: float = 0.8) -> int:
    """How many pairs show a true mean difference `effect` > 0 with probability `power`.

    T = ⌈1.1·(z_{1−0.8α} + z_power)²·variance/effect²⌉, at least 1: the size of a one-sided test of
    a mean with the boundaries' share of `alpha`, times the price of looking at every round.
    `variance` ≥ 0 is that of one paired difference.

    Raises:
        ValueError: a number is out of its range, or no number of pairs answers.
    """
    return _rounded_up(_reach(variance, alpha, power), effect)


def pairs_for_pass(margin: float, variance: float, alpha: float, power: float = 0.8) -> int:
    """How many pairs pass at `margin` in (0, 1) what did not change at all.

    T = ⌈1.1·(z_{1−0.8α}·σ₀ + z_power·σ)²/margin²⌉, σ² the `variance` of one difference and σ₀² that
    which the score test takes for it if the true difference were −margin: the restricted estimate
    for differences −1, 0 and 1 (Nam, "Establishing equivalence of two treatments and sample size
    requirements in matched-pairs design", Biometrics 53(4), 1997; Tango, Stat. Med. 17(8), 1998).
    It is about σ² where that is large beside the margin, and then T is `pairs_for`.

    Raises:
        ValueError: a number is out of its range.
    """
    _check_variance(variance)
    _deviates(GROUP_SEQUENTIAL_SHARE * alpha, power)
    if not 0 < margin < 1:
        raise ValueError(f"a margin lies between 0 and 1: {margin}")
    level = NormalDist().inv_cdf(1 - GROUP_SEQUENTIAL_SHARE * alpha)
    reach = level * math.sqrt(_restricted_variance(margin, min(1.0, variance)))
    reach += NormalDist().inv_cdf(power) * math.sqrt(variance)
    return _rounded_up(math.sqrt(PRICE_OF_LOOKING) * reach, margin)


def _restricted_variance(margin: float, variance: float) -> float:
    """Of differences −1, 0 and 1 with the mean −margin, as it is estimated where the mean is 0."""

    def beyond(lost: float) -> bool:
        if lost <= margin:
            return False
        slope = variance / 2 * (1 / lost + 1 / (lost - margin))
        return slope * (1 + margin - 2 * lost) <= 2 * (1 - variance)

    lost = _least(beyond, margin, (1 + margin) / 2)
    return 2 * lost - margin - margin * margin


def smallest_effect(pairs: int, variance: float, alpha: float, power: float = 0.8) -> float:
    """The smallest true mean difference that `pairs` ≥ 1 pairs show with probability `power`.

    The inverse of `pairs_for`, at most 1.0: no difference of scores is larger, so 1.0 says that
    nothing smaller is sure to be seen.

    Raises:
        ValueError: a number is out of its range.
    """
    if pairs < 1:
        raise ValueError(f"an effect needs at least one pair, not {pairs}")
    return min(1.0, _reach(variance, alpha, power) / math.sqrt(pairs))


def fewest_pairs_to_pass(alpha: float, margin: float) -> int:
    """How many pairs without a single loss bound the loss rate by `margin`, as `paired` has it."""
    return math.ceil(math.log(alpha) / math.log1p(-margin))


def smallest_effect_over_units(
    units: int, variance: float, alpha: float, power: float = 0.8
) -> float:
    """The smallest mean difference of a population that so many of its cases or groups show.

    `variance` is that of one unit's mean difference: between + within/K for cases of K pairs.  The
    test is the one-sided end at `alpha` of `population_interval`, with its two added units:
    Δ = t_{1−α, G−1}·(G+2)/G·√((G·variance + 2)/((G+1)(G+2))) + z_power·√(variance/G), at most 1.0.
    Fewer than two units show nothing: 1.0.

    Raises:
        ValueError: a number is out of its range.
    """
    _check_variance(variance)
    _deviates(alpha, power)
    if units < 2:
        return 1.0
    error = math.sqrt((units * variance + 2) / ((units + 1) * (units + 2)))
    needed = student_quantile(1 - alpha, units - 1) * error * (units + 2) / units
    return min(1.0, needed + NormalDist().inv_cdf(power) * math.sqrt(variance / units))


def smallest_effect_by_bets(pairs: int, variance: float, alpha: float, power: float = 0.8) -> float:
    """The smallest true mean difference that the bets of `e_process` show within `pairs` ≥ 1 pairs.

    A stake λ whose gains log(1 + λg) have mean μ and standard deviation s has grown by more than
    T·μ − z_power·s·√T with probability `power`.  The best of the twelve must grow beyond
    log(1/α) + `PRICE_OF_MANY_BETS` (Waudby-Smith and Ramdas, J. R. Stat. Soc. B 86(1), 2024, for
    the growth).  The gains are those of differences −1, 0 and 1, which no others of the same mean
    and `variance` spread wider.  At most 1.0.

    Raises:
        ValueError: a number is out of its range.
    """
    if pairs < 1:
        raise ValueError(f"an effect needs at least one pair, not {pairs}")
    _check_variance(variance)
    _deviates(alpha, power)

    def seen(effect: float) -> bool:
        spread = max(effect, min(1.0, variance + effect * effect))
        lost, won = (spread + effect) / 2, (spread - effect) / 2
        outcomes = ((1.0, lost), (0.0, 1 - spread), (-1.0, won))
        return _grown(pairs, outcomes, power) >= -math.log(alpha) + PRICE_OF_MANY_BETS

    return _least(seen, 0.0, 1.0)


def pairs_for_pass_by_bets(
    margin: float, variance: float, alpha: float, power: float = 0.8
) -> int | None:
    """How many pairs the bets need to pass at `margin` in (0, 1) what did not change at all.

    As `smallest_effect_by_bets`, of the gains (d + m)/(1 − m) of differences d of mean 0.  None
    where no stake grows, so that no number of pairs is enough.

    Raises:
        ValueError: a number is out of its range.
    """
    _check_variance(variance)
    _deviates(alpha, power)
    if not 0 < margin < 1:
        raise ValueError(f"a margin lies between 0 and 1: {margin}")
    each = min(1.0, variance) / 2
    ends = ((1 + margin) / (1 - margin), margin / (1 - margin), -1.0)
    outcomes = tuple(zip(ends, (each, 1 - 2 * each, each), strict=True))

    def enough(pairs: float) -> bool:
        return _grown(pairs, outcomes, power) >= -math.log(alpha) + PRICE_OF_MANY_BETS

    if not enough(_MOST_PAIRS):
        return None
    return math.ceil(_least(enough, 0.0, _MOST_PAIRS))


def _grown(pairs: float, outcomes: Sequence[tuple[float, float]], power: float) -> float:
    """The logarithm that the best stake has reached with probability `power`.

    `outcomes` are gains and their probabilities.
    """
    deviate, best = NormalDist().inv_cdf(power), -math.inf
    for stake in STAKES:
        logs = [(math.log1p(stake * gain), share) for gain, share in outcomes]
        mean = sum(log * share for log, share in logs)
        spread = math.sqrt(max(0.0, sum(log * log * share for log, share in logs) - mean * mean))
        best = max(best, pairs * mean - deviate * spread * math.sqrt(pairs))
    return best


def _least(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where something begins to hold that holds at `high`; `high` where it never does."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _reach(variance: float, alpha: float, power: float) -> float:
    """The smallest visible effect times √T."""
    _check_variance(variance)
    deviates = _deviates(GROUP_SEQUENTIAL_SHARE * alpha, power)
    return math.sqrt(PRICE_OF_LOOKING * variance) * deviates


def _deviates(level: float, power: float) -> float:
    """z_{1−level} + z_power of a one-sided test at `level`."""
    if not 0 < level < power < 1:
        raise ValueError("need 0 < alpha < power < 1")
    return NormalDist().inv_cdf(power) - NormalDist().inv_cdf(level)


def _rounded_up(reach: float, effect: float) -> int:
    """⌈(reach/effect)²⌉, at least 1."""
    if not effect > 0:
        raise ValueError(f"an effect is positive, not {effect}")
    ratio = reach / effect
    count = ratio * ratio
    if not math.isfinite(count):
        raise ValueError(f"no number is large enough for an effect of {effect}")
    # A whole number that rounding left a hair above itself is not the next one.
    return max(1, math.ceil(count * (1 - 1e-12)))


def _check_variance(variance: float) -> None:
    if not 0 <= variance < math.inf:
        raise ValueError(f"a variance is finite and not negative: {variance}")
