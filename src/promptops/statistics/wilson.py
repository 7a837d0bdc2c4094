"""The interval of a share: Wilson's score interval."""

from __future__ import annotations

import math


def wilson_interval(successes: int, trials: int, critical: float) -> tuple[float, float]:
    """All chances of success that lie at most `critical` > 0 standard errors from the share seen.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22, 1927.  Within [0, 1]; the share seen lies within.

    Raises:
        ValueError: there are no trials, the successes do not fit them, or `critical` is not
            positive.
    """
    if trials < 1:
        raise ValueError("no trials")
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes do not fit {trials} trials")
    if not critical > 0:
        raise ValueError(f"a critical value is positive, not {critical}")
    stretch = critical * critical / trials
    if math.isinf(stretch):
        return 0.0, 1.0
    share = successes / trials
    centre = (share + stretch / 2) / (1 + stretch)
    spread = share * (1 - share) + stretch / 4
    half = math.sqrt(stretch) * math.sqrt(spread) / (1 + stretch)
    # The share bounds both, which rounding would not keep to where it is 0 or 1.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
