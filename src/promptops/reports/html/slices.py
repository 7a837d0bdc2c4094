"""Scores by tag: where each part of the dataset stood, and where it stands now."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.html.markup import NOTHING, Markup, element
from promptops.reports.html.plotting import Scale, dot, label, line, plot
from promptops.reports.symbols import UNICODE
from promptops.values.report import Report, SliceReport

_MOST = 200
_SHOWN = 12
_SCALE = Scale(0.0, 1.0, 3.0, 97.0)
_HEIGHT = 26


def slices_part(report: Report) -> Markup:
    """One row a tag and metric: what surely fell first, then the largest falls."""
    ordered = facts.slices(report)
    if not ordered:
        return NOTHING
    compared = facts.any_slice_compared(ordered)
    first = _table(ordered[:_SHOWN], compared=compared)
    rest = NOTHING
    if len(ordered) > _SHOWN:
        more = ordered[_SHOWN:_MOST]
        told = f"{words.many(len(more), 'more slice')}, least moved last"
        rest = element("details", element("summary", told), _table(more, compared=compared))
    return element(
        "section",
        element("h2", "By tag"),
        element("p", _meaning(report, ordered), class_="explained"),
        first,
        rest,
        class_="slices",
    )


def _meaning(report: Report, slices: list[SliceReport]) -> str:
    if facts.itself(report):
        return "The same version on both sides: what differs is noise."
    told = "A diagnostic: to look at, not to judge by."
    if any(part.fell for part in slices):
        told += " What is marked as fallen surely did, though 1 in 10 such marks may be wrong."
    return told


def _table(slices: list[SliceReport], *, compared: bool) -> Markup:
    heads = ["tag", "metric", ">cases"]
    heads += [">baseline", ">candidate", ">delta", "axis"] if compared else [">score", "axis"]
    head = element("tr", *(_head(each, compared=compared) for each in heads))
    rows = [_row(part, compared=compared) for part in slices]
    table = element("table", element("thead", head), element("tbody", *rows), class_="slices")
    return element(
        "div", table, class_="scrolls", tabindex="0", role="region", aria_label="Scores by tag"
    )


def _head(name: str, *, compared: bool) -> Markup:
    if name == "axis":
        marks = [
            label(_SCALE.percent(at), "12", f"{at:g}", "tick") for at in (0.0, 0.25, 0.5, 0.75, 1.0)
        ]
        spoken = "baseline and candidate" if compared else "score"
        drawn = plot(*marks, height=16, class_="axis")
        return element("th", element("span", spoken, class_="spoken"), drawn, class_="dots")
    number = "number" if name.startswith(">") else None
    return element("th", name.removeprefix(">"), scope="col", class_=number)


def _row(part: SliceReport, *, compared: bool) -> Markup:
    fell = element("span", UNICODE.changes["worse"], " fell", class_="mark regressed")
    cells = [
        element(
            "th", part.tag, " " if part.fell else None, fell if part.fell else None, scope="row"
        ),
        element("td", part.metric),
        element("td", words.number(part.cases), class_="number"),
    ]
    if compared:
        shown = UNICODE.none if part.baseline is None else words.score(part.baseline)
        cells.append(element("td", shown, class_="number"))
    cells.append(element("td", words.score(part.candidate), class_="number"))
    if compared:
        class_ = "number delta regressed" if part.fell else "number delta"
        cells.append(element("td", words.signed(part.delta, UNICODE), class_=class_))
    cells.append(element("td", _dots(part), class_="dots"))
    return element("tr", *cells)


def _dots(part: SliceReport) -> Markup:
    middle = f"{_HEIGHT // 2}"
    marks = [line("3%", middle, "97%", middle, "grid")]
    if part.baseline is not None and part.candidate is not None:
        ends = _SCALE.percent(part.baseline), _SCALE.percent(part.candidate)
        marks.append(line(ends[0], middle, ends[1], middle, "moved"))
    if part.baseline is not None:
        marks.append(dot(_SCALE.percent(part.baseline), middle, 4.5, "before"))
    if part.candidate is not None:
        marks.append(dot(_SCALE.percent(part.candidate), middle, 5, "after"))
    return plot(*marks, height=_HEIGHT, class_=f"dumbbell {_way(part)}")


def _way(part: SliceReport) -> str:
    if part.fell:
        return "fell"
    return "rose" if (part.delta or 0.0) > 0 else "level"
