"""The plots of a trend in HTML: one panel a quantity, all over the same versions.

Every version has a share of the width, so plots, labels and what shows itself under the pointer
stand one above the other without a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from promptops.reports.html.markup import Markup, element, join
from promptops.reports.html.plotting import Scale, dot, label, line, plot
from promptops.reports.symbols import UNICODE
from promptops.reports.trend_axis import fitted, from_zero
from promptops.reports.trend_panels import Mark, Panel, name_of, newest, panels, short_name
from promptops.reports.viewing.card import card
from promptops.values.report import Verdict
from promptops.values.trend import Trend

_HIGH, _LESS_HIGH, _LOW = 190, 140, 64
_TOP, _FLOOR = 10, 14
"""Free room above and below the values of a panel."""
_MOST_LABELS = 22
_FEW, _MANY = 6, 60
_WIDEST_BAR = 3.2
"""Percent of the width."""

_SHAPES: dict[Verdict, str] = {
    "improved": "M0-6 5.5 4.5-5.5 4.5Z",
    "passed": "M0-4.5A4.5 4.5 0 1 1 0 4.5 4.5 4.5 0 1 1 0-4.5Z",
    "regressed": "M0 6-5.5-4.5 5.5-4.5Z",
    "inconclusive": "M0-6 6 0 0 6-6 0Z",
    "invalid": "M-4.5-4.5H4.5V4.5H-4.5Z",
}
"""Told apart by more than their colour."""


def chart(trend: Trend) -> Markup | None:
    """All panels; None where no version was evaluated."""
    shown = panels(trend)
    if not shown:
        return None
    count = len(trend.points)
    scores = sum(each.is_score for each in shown)
    made = [_Drawn(trend, each, scores).panel() for each in shown]
    size = "few" if count <= _FEW else "many" if count > _MANY else None
    cards = [card(trend, at, shown) for at in range(count)]
    return element(
        "div",
        element(
            "div",
            *made,
            element(
                "div", element("div", *cards, class_="cards"), class_="over", aria_hidden="true"
            ),
            _labels(trend),
            class_=" ".join(["panels", *([size] if size else [])]),
        ),
        class_="scrolls trend",
        role="region",
        tabindex="0",
        aria_label="Plots over the versions",
    )


def shape(
    verdict: Verdict | None, x: str = "50%", y: str = "50%", *, small: bool = False
) -> Markup:
    """The point of a version, by its verdict."""
    if verdict is None:
        return dot(x, y, 2.5 if small else 4, "bare")
    scale = "scale(0.55)" if small else None
    drawn = element("path", d=_SHAPES[verdict], transform=scale)
    return element("svg", drawn, x=x, y=y, class_=f"point {verdict}")


class _Drawn:
    """One panel: its title, the values beside it, its marks."""

    def __init__(self, trend: Trend, panel: Panel, scores: int) -> None:
        self._trend = trend
        self._panel = panel
        self._count = len(panel.marks)
        self._height = (_HIGH if scores == 1 else _LESS_HIGH) if panel.is_score else _LOW
        ends = [end for mark in panel.marks if mark.reach for end in mark.reach]
        again = [mark.again[1] for mark in panel.marks if mark.again]
        values = [*panel.known, *ends, *again]
        rows = fitted(values, 2) if panel.is_score else from_zero(values, 2)
        bottom = self._height - _FLOOR
        self._scale = Scale(rows.low, rows.high, bottom, _TOP)

    def panel(self) -> Markup:
        marks = [*self._grid(), *self._cuts()]
        marks += [*self._levels()] if self._panel.is_score else [*self._bars()]
        marks += self._gaps()
        return element(
            "section",
            element("h3", *self._title()),
            element("div", self._values(), class_="beside"),
            plot(*marks, height=self._height, said=self._said(), class_="lane"),
            class_="panel",
        )

    def _title(self) -> list[Markup | str]:
        last = newest(self._trend, self._panel, UNICODE)
        told: list[Markup | str] = [
            element("span", self._panel.name, class_="name"),
            " ",
            element("b", last.value),
            " ",
            element("span", f"at {last.version}", class_="quiet"),
        ]
        if last.held:
            told += [" ", element("span", last.held, class_=f"delta {last.verdict or 'none'}")]
        return told

    def _values(self) -> Markup:
        """The numbers beside the plot."""
        ticks = self._ticks()
        told = [label("100%", f"{self._scale.at(v) + 4:.1f}", text, "end") for v, text in ticks]
        return plot(*told, height=self._height)

    def _ticks(self) -> list[tuple[float, str]]:
        scale = self._scale
        if not self._panel.is_score:
            return [(0.0, "0"), (scale.high, self._panel.told(scale.high))]
        found = scale.ticks(4)
        decimals = max(len(f"{value:.4g}".partition(".")[2]) for value in found)
        return [(value, f"{value:.{decimals}f}") for value in found]

    def _grid(self) -> list[Markup]:
        places = [f"{self._scale.at(value):.1f}" for value, _ in self._ticks()]
        return [line("0", y, "100%", y, "grid") for y in places]

    def _x(self, at: float) -> str:
        """The middle of a version's share of the width."""
        return f"{100 * (at + 0.5) / self._count:.3f}%"

    def _y(self, value: float) -> str:
        return f"{self._scale.at(value):.1f}"

    def _cuts(self) -> list[Markup]:
        places = [self._x(at - 0.5) for at, mark in enumerate(self._panel.marks) if mark.broken_off]
        return [line(x, "0", x, f"{self._height}", "cut") for x in places]

    def _levels(self) -> list[Markup]:
        marks = self._panel.marks
        small = self._count > _MANY
        lines, reaches, points = [], [], []
        for at, mark in enumerate(marks):
            if mark.value is None:
                continue
            lines += self._joins(at, marks[at - 1] if at else None, mark)
            if mark.reach:
                low, high = mark.reach
                x = self._x(at)
                reaches.append(line(x, self._y(low), x, self._y(high), "reach"))
            points.append(shape(mark.verdict, self._x(at), self._y(mark.value), small=small))
        return [*reaches, *lines, *points]

    def _joins(self, at: int, before: Mark | None, mark: Mark) -> list[Markup]:
        """From the version before; over a break, from where that stands by the new measure."""
        if before is None or mark.value is None:
            return []
        to = (self._x(at), self._y(mark.value))
        if mark.again:
            start = (self._x(mark.again[0]), self._y(mark.again[1]))
            return [line(*start, *to, "way anew"), dot(*start, 3.5, "again")]
        if mark.broken_off or before.value is None:
            return []
        return [line(self._x(at - 1), self._y(before.value), *to, "way")]

    def _bars(self) -> list[Markup]:
        wide = min(_WIDEST_BAR, 62 / self._count)
        floor = self._scale.start
        made = []
        for at, mark in enumerate(self._panel.marks):
            if mark.value is None:
                continue
            top = min(self._scale.at(mark.value), floor - 1 if mark.value else floor)
            x = 100 * (at + 0.5) / self._count - wide / 2
            made.append(
                element(
                    "rect",
                    x=f"{x:.3f}%",
                    y=f"{top:.1f}",
                    width=f"{wide:.3f}%",
                    height=f"{floor - top:.1f}",
                    class_="amount",
                )
            )
        return made

    def _gaps(self) -> list[Markup]:
        """What is missing, in its place: nothing is put there that was not measured."""
        signs = {"broken": ("×", "unread"), "unevaluated": ("·", "gap absent")}
        made = []
        for at, (mark, point) in enumerate(zip(self._panel.marks, self._trend.points, strict=True)):
            if mark.value is None:
                sign, class_ = signs.get(point.standing, ("?", "gap"))
                made.append(label(self._x(at), f"{self._height - 3}", sign, class_))
        return made

    def _said(self) -> str:
        """The panel in a sentence, for who cannot see it."""
        panel = self._panel
        known = [at for at, mark in enumerate(panel.marks) if mark.value is not None]
        told = [
            f"{panel.told(panel.marks[at].value)} at {name_of(self._trend.points[at])}"
            for at in (known[0], known[-1])
        ]
        span = f"from {told[0]} to {told[1]}" if len(known) > 1 else told[0]
        ends = f"least {panel.told(min(panel.known))}, most {panel.told(max(panel.known))}"
        return f"{panel.name}: {span}; {ends}. The table below has every version."


def _labels(trend: Trend) -> Markup:
    """The versions below the plots: the last one, and every so many before it."""
    count = len(trend.points)
    every = ceil(count / _MOST_LABELS)
    made = [
        label(
            f"{100 * (at + 0.5) / count:.3f}%",
            "14",
            short_name(point, UNICODE),
            "uncommitted" if point.dirty else "",
        )
        for at, point in enumerate(trend.points)
        if (count - 1 - at) % every == 0
    ]
    return element("div", plot(*made, height=20), class_="labels")


def legend(trend: Trend) -> Markup:
    """What the signs mean, of those that are there."""
    scores = [panel for panel in panels(trend) if panel.is_score]
    marks = [mark for panel in scores for mark in panel.marks if mark.value is not None]
    judged = dict.fromkeys(mark.verdict for mark in marks)
    keys = [_key(shape(each), each) for each in judged if each]
    if None in judged:
        keys.append(_key(shape(None), "no verdict"))
    if any(mark.reach for mark in marks):
        sure = f", {100 * trend.certainty:.4g}% sure" if trend.certainty else ""
        upright = line("50%", "1", "50%", "15", "reach")
        keys.append(
            _key(
                upright,
                f"the interval of the difference from the version compared with{sure}, drawn from "
                "where that version stood in the same run",
            )
        )
    if any(mark.again for mark in marks):
        keys.append(_key(dot("50%", "50%", 3.5, "again"), "the version before, measured anew"))
    keys += [_key(label("50%", "12", sign, class_), what) for sign, class_, what in _missing(trend)]
    return element("p", *keys, class_="legend")


def _missing(trend: Trend) -> list[tuple[str, str, str]]:
    standings: Sequence[str] = [point.standing for point in trend.points]
    unknown = any(
        mark.value is None and point.standing == "evaluated"
        for panel in panels(trend)
        for mark, point in zip(panel.marks, trend.points, strict=True)
    )
    found = [
        ("unevaluated" in standings, "·", "gap absent", "not evaluated"),
        (unknown, "?", "gap", "unknown"),
        ("broken" in standings, "×", "unread", "the file cannot be read"),
    ]
    return [(sign, class_, what) for there, sign, class_, what in found if there]


def _key(sign: Markup, what: str) -> Markup:
    drawn = element("svg", sign, class_="plot key", height="16", aria_hidden="true")
    return element("span", join([drawn]), what, class_="keyed")
