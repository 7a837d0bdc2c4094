"""A trend as a page: what the newest version came to, the plots, and the table beneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promptops.reports import words
from promptops.reports.html.markup import Child, Markup, element, join
from promptops.reports.symbols import UNICODE
from promptops.reports.trend_panels import name_of, score_of
from promptops.reports.viewing.chart import chart, legend
from promptops.reports.viewing.document import document, link, masthead
from promptops.reports.viewing.trend_table import table
from promptops.values.trend import Trend, TrendPoint

_FOOT = "Made by promptops. The page holds all of its data and asks nothing of any network."

_NEWEST_FIRST = (
    "Newest first. Both sides of a delta come from one run, so from the same cases and scorers."
)


@dataclass(frozen=True, slots=True)
class TrendLinks:
    """Where a page that is served leads; one in a file leads nowhere."""

    index: str
    run: Callable[[str], str]
    """From the id of a run to its report."""
    files: tuple[tuple[str, str], ...] = ()
    """Format and address of the same trend."""
    others: tuple[tuple[str, str], ...] = ()
    """Other suites of the prompt, and the addresses of their trends."""


def trend_page(trend: Trend, links: TrendLinks | None = None) -> str:
    """The whole page."""
    nav = [link("All runs", links.index, "tab")] if links else []
    body = join(
        [
            masthead(*nav),
            element("main", element("article", *_parts(trend, links))),
            element("footer", element("p", _FOOT)),
        ]
    )
    return document(f"{trend.prompt[:60]}: trend", body)


def _parts(trend: Trend, links: TrendLinks | None) -> list[Child]:
    drawn = chart(trend)
    parts: list[Child] = [_head(trend, links)]
    if drawn is not None:
        title = element("h2", "Over the versions")
        parts.append(element("section", title, drawn, legend(trend)))
    if trend.points:
        parts.append(
            element(
                "section",
                element("h2", "Every version"),
                element("p", _NEWEST_FIRST, class_="explained"),
                table(trend, links.run if links else None),
            )
        )
    return parts


def _head(trend: Trend, links: TrendLinks | None) -> Markup:
    newest = next((each for each in trend.points[::-1] if each.standing == "evaluated"), None)
    return element(
        "header",
        element(
            "div",
            _mark(newest),
            element("h1", trend.prompt),
            element("span", _facts(trend), class_="quiet"),
            class_="lead",
        ),
        element("p", *_newest(trend, newest), class_="finding"),
        element("ul", *(element("li", each) for each in trend.notes), class_="notes")
        if trend.notes
        else None,
        _files(links) if links else None,
        class_=f"verdict {newest.verdict or 'none'}" if newest else "verdict none",
    )


def _mark(point: TrendPoint | None) -> Markup | None:
    if point is None or point.verdict is None:
        return None
    sign = f"{UNICODE.verdicts[point.verdict]} {point.verdict}"
    return element("span", sign, class_=f"mark {point.verdict}")


def _facts(trend: Trend) -> str:
    count = sum(point.standing == "evaluated" for point in trend.points)
    told = words.many(len(trend.points), "version")
    if 0 < count < len(trend.points):
        told += f", {count} of them evaluated"
    if trend.suite and count:
        told += f" by suite {trend.suite}"
    return told + (f" on {trend.model}" if trend.model and count else "")


def _newest(trend: Trend, point: TrendPoint | None) -> list[Child]:
    """What the newest evaluated version came to, in one sentence."""
    if not trend.points:
        return ["There are no versions yet."]
    if point is None:
        return [
            "No version has been evaluated yet. ",
            element("code", "promptops eval"),
            " does it.",
        ]
    said = []
    for name in trend.metrics:
        score = score_of(point, name)
        if score is not None:
            told = f"{name} {words.score(score.level)}"
            if score.delta is not None and point.against is not None:
                told += f", {words.signed(score.delta, UNICODE)} against v{point.against}"
            said.append(told)
    return [name_of(point), f": {'; '.join(said)}" if said else ""]


def _files(links: TrendLinks) -> Markup:
    files = [element("li", link(name, address)) for name, address in links.files]
    others = [element("li", link(f"by suite {name}", to)) for name, to in links.others]
    return element("ul", *others, *files, class_="files")
