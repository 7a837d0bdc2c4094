"""Every metric on both arms, with its difference drawn beside the numbers: a forest plot."""

from __future__ import annotations

from msgspec import structs

from promptops.reports import facts, remarks, words
from promptops.reports.html.markup import NOTHING, Markup, element, join
from promptops.reports.html.plotting import Scale, dot, label, line, plot, reaching
from promptops.reports.symbols import UNICODE
from promptops.reports.votes import Votes
from promptops.values.report import EconomyReport, MetricReport, Report

_HEIGHT = 34
_AXIS_HEIGHT = 30


def metrics_part(report: Report, votes: Votes) -> Markup:
    """The table of metrics, gating ones first, and what must be known to read it."""
    if not report.metrics:
        return NOTHING
    ordered = sorted(report.metrics, key=lambda metric: metric.role != "gate")
    table = _absolute(ordered) if report.baseline is None else _compared(report, ordered)
    return element(
        "section",
        element("h2", "Metrics"),
        table,
        _legend(report) if report.baseline else None,
        _notes(report, ordered, votes),
        class_="metrics",
    )


def sign(metric: MetricReport) -> Markup:
    """Its verdict by sign and name; a metric that only observes has none."""
    if metric.verdict is None:
        return element("span", "observes" if metric.role == "observe" else "–", class_="quiet")
    shown = element("span", UNICODE.verdicts[metric.verdict], class_="sign", aria_hidden="true")
    return element("span", shown, metric.verdict, class_=f"mark {metric.verdict}")


def _absolute(metrics: list[MetricReport]) -> Markup:
    rows = [
        _row(
            _cell(metric.name, "name", head=True),
            _cell(metric.role, "role"),
            _cell(words.score(metric.candidate), "number strong"),
        )
        for metric in metrics
    ]
    return _table(["metric", "role", ">score"], rows, "plain")


def _compared(report: Report, metrics: list[MetricReport]) -> Markup:
    forest = Forest(report)
    rows = [row for metric in metrics for row in _metric_rows(report, metric, forest)]
    rows += [_economy(each) for each in facts.limited(report)]
    heads = [
        "metric",
        "",
        ">baseline",
        ">candidate",
        ">delta",
        forest.axis(),
        ">interval",
        ">pairs",
    ]
    return _table(heads, rows, "compared")


def _metric_rows(report: Report, metric: MetricReport, forest: Forest) -> list[Markup]:
    """The raw difference; below it the one that people's labels put right."""
    put_right = facts.put_right(metric)
    if put_right is None:
        return [_metric(report, metric, forest)]
    labels = element("span", remarks.labelled(metric), class_="quiet")
    below = element(
        "tr",
        _cell(f"{metric.name}, corrected", "name", head=True),
        _cell(labels, "outcome"),
        _cell(NOTHING, "number baseline"),
        _cell(NOTHING, "number candidate"),
        *_differences(report, put_right, forest),
        role="row",
        class_="corrected",
    )
    raw = structs.replace(metric, verdict=None)
    above = [*_means(metric), *_differences(report, raw, forest)]
    return [_row(*above), below]


def _metric(report: Report, metric: MetricReport, forest: Forest) -> Markup:
    return _row(*_means(metric), *_differences(report, metric, forest))


def _means(metric: MetricReport) -> list[Markup]:
    return [
        _cell(metric.name, "name", head=True),
        _cell(sign(metric), "outcome"),
        _cell(words.score(metric.baseline), "number baseline"),
        _cell(words.score(metric.candidate), "number candidate"),
    ]


def _differences(report: Report, metric: MetricReport, forest: Forest) -> list[Markup]:
    return [
        _cell(words.signed(metric.delta, UNICODE), f"number delta {metric.verdict or ''}"),
        _cell(forest.mark(metric), "forest"),
        _cell(words.between(facts.interval_of(report, metric), UNICODE), "number interval"),
        _cell(words.number(metric.pairs), "number pairs"),
    ]


def _economy(each: EconomyReport) -> Markup:
    shown = NOTHING
    if each.verdict:
        mark = element("span", UNICODE.verdicts[each.verdict], class_="sign", aria_hidden="true")
        shown = element("span", mark, each.verdict, class_=f"mark {each.verdict}")
    limit = remarks.allowed(each, UNICODE)
    return _row(
        _cell(remarks.MEANS[each.name], "name", head=True),
        _cell(shown, "outcome"),
        _cell(words.amount(each, each.baseline), "number baseline"),
        _cell(words.amount(each, each.candidate), "number candidate"),
        _cell(words.increase(each, UNICODE), f"number delta {each.verdict or ''}"),
        _cell(element("span", f"may rise by {limit}", class_="quiet"), "forest"),
        _cell(words.increase_between(each, UNICODE), "number interval"),
        _cell(words.number(each.pairs), "number pairs"),
    )


class Forest:
    """The intervals of all metrics on one scale, with zero in the middle."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._margin = facts.margin(report)
        ends = [each.delta or 0.0 for each in report.metrics]
        for metric in report.metrics:
            ends += [*(metric.interval or ()), *(metric.population_interval or ())]
            ends += metric.corrected_interval or ()
        reach = reaching(ends, least=1.2 * (self._margin or 0.02))
        self.scale = Scale(-reach, reach, 3.0, 97.0)

    def axis(self) -> Markup:
        """What stands above the column: a scale in points, and which way is worse."""
        marks = [
            label(self.scale.percent(at), "26", words.signed_points(at, UNICODE), "tick")
            for at in self.scale.ticks()
        ]
        marks.append(label("0%", "11", "← worse", "way"))
        marks.append(label("100%", "11", "better →", "way end"))
        spoken = element("span", "difference in points", class_="spoken")
        return join([spoken, plot(*marks, height=_AXIS_HEIGHT, class_="axis")])

    def mark(self, metric: MetricReport) -> Markup:
        """One metric: what the verdict rests on drawn strong, the other interval thin."""
        scale, middle = self.scale, f"{_HEIGHT // 2}"
        zero = scale.percent(0)
        marks = [line(zero, "0", zero, "100%", "zero")]
        if self._margin:
            at = scale.percent(-self._margin)
            marks.append(line(at, "0", at, "100%", "margin"))
        strong = facts.interval_of(self._report, metric)
        both = (metric.interval, metric.population_interval)
        other = next((each for each in both if each and each != strong), None)
        for ends, class_ in ((other, "thin"), (strong, "strong")):
            if ends:
                low, high = (scale.percent(end) for end in ends)
                marks.append(line(low, middle, high, middle, class_))
        if metric.delta is not None:
            marks.append(dot(scale.percent(metric.delta), middle, 5, "estimate"))
        return plot(*marks, height=_HEIGHT, class_=f"effect {metric.verdict or 'observed'}")


def _legend(report: Report) -> Markup:
    told: list[Markup] = []
    over = "cases like these" if facts.over_population(report) else "these cases"
    sure = words.sureness(report)
    if sure:
        told.append(_key("strong", f"over {over}, each end {sure}"))
    others = "these cases alone" if facts.over_population(report) else "cases like these"
    if any(each.population_interval for each in report.metrics):
        told.append(_key("thin", f"over {others}"))
    margin = facts.margin(report)
    if margin:
        told.append(_key("margin", f"the margin, {UNICODE.minus}{100 * margin:g} points"))
    corrections = remarks.about_corrections(report)
    if corrections:
        told.append(element("span", corrections))
    if facts.strict(report):
        told.append(element("span", "guarantee strict: at any time, and for any scores"))
    return element("p", *told, class_="legend") if told else NOTHING


def _key(class_: str, words_: str) -> Markup:
    ends = ("2", "8", "22", "8") if class_ != "margin" else ("12", "1", "12", "15")
    drawn = element(
        "svg", line(*ends, class_), width="24", height="16", class_="plot key", aria_hidden="true"
    )
    return element("span", drawn, words_, class_="keyed")


def _notes(report: Report, metrics: list[MetricReport], votes: Votes) -> Markup:
    told = [(each.name, remarks.about_metric(report, each, UNICODE, votes)) for each in metrics]
    items = [
        element("li", element("b", name), ": ", "; ".join(notes)) for name, notes in told if notes
    ]
    items += [element("li", each) for each in remarks.about_limits(report, UNICODE)]
    if not items:
        return NOTHING
    return element("ul", *items, class_="notes")


def _table(heads: list[str], rows: list[Markup], class_: str) -> Markup:
    cells = [_head(each) for each in heads]
    head = element("thead", element("tr", *cells, role="row"), role="rowgroup")
    body = element("tbody", *rows, role="rowgroup")
    return element("table", head, body, class_=class_, role="table")


def _head(words_: str) -> Markup:
    if isinstance(words_, Markup):
        return element("th", words_, scope="col", role="columnheader", class_="forest")
    if not words_:
        spoken = element("span", "verdict", class_="spoken")
        return element("th", spoken, scope="col", role="columnheader")
    number = "number" if words_.startswith(">") else None
    told = words_.removeprefix(">")
    return element("th", told, scope="col", role="columnheader", class_=number)


def _row(*cells: Markup) -> Markup:
    return element("tr", *cells, role="row")


def _cell(content: str, class_: str, *, head: bool = False) -> Markup:
    if head:
        return element("th", content, class_=class_, scope="row", role="rowheader")
    return element("td", content, class_=class_, role="cell")
