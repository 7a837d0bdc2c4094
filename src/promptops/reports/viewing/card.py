"""What shows itself when the pointer is over a version of a trend. The table says the same."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports import words
from promptops.reports.html.markup import Markup, element
from promptops.reports.symbols import UNICODE
from promptops.reports.trend_panels import Panel, name_of, score_of
from promptops.values.trend import Trend

_LONGEST_CHANGE = 160
_LONGEST_NAME = 40


def card(trend: Trend, at: int, shown: Sequence[Panel]) -> Markup:
    """The share of the width that a version has, and its card."""
    point = trend.points[at]
    late = at >= len(trend.points) / 2
    lines: list[Markup] = [
        element(
            "p",
            element("b", name_of(point)),
            " ",
            element("span", point.date[:10], class_="quiet"),
        )
    ]
    if point.change:
        lines.append(element("p", point.change[:_LONGEST_CHANGE], class_="why"))
    if point.standing == "broken":
        lines.append(element("p", f"cannot be read: {point.broken[:_LONGEST_CHANGE]}"))
    elif point.standing == "unevaluated":
        lines.append(element("p", "not evaluated"))
    else:
        lines.append(element("dl", *(_fact(trend, at, panel) for panel in shown)))
    lines += [element("p", f"≠ {each.what}", class_="cut") for each in point.breaks]
    sides = "card late" if late else "card"
    return element("div", element("div", *lines, class_=sides))


def _fact(trend: Trend, at: int, panel: Panel) -> Markup:
    point = trend.points[at]
    told: list[Markup | str] = [panel.told(panel.marks[at].value)]
    score = score_of(point, panel.name) if panel.is_score else None
    if panel.is_score and score is None:
        told = [UNICODE.none]
    if score and score.delta is not None:
        delta = words.signed(score.delta, UNICODE)
        told += [" ", element("span", delta, class_=f"delta {score.verdict or 'none'}")]
    name = element("dt", panel.name[:_LONGEST_NAME])
    return element("div", name, element("dd", *told))
