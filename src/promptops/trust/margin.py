"""The margin that a judge's own pass must keep: it sees less of a drop than there is."""

from __future__ import annotations

from promptops.statistics.rogan_gladen import attenuated_margin


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
