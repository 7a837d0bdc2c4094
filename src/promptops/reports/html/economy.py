"""What both versions use: cost, tokens, latency; in numbers, and as bars."""

from __future__ import annotations

from promptops.reports import facts, remarks, words
from promptops.reports.html.markup import NOTHING, Markup, element
from promptops.reports.html.plotting import Scale, plot
from promptops.reports.symbols import UNICODE
from promptops.values.report import ArmReport, EconomyReport, Report

_NAMES = {"cost": "Cost a sample", "tokens": "Tokens a sample", "latency": "Latency, mean"}
_BAR = 10
_MOST_FAILURES = 20


def economy_part(report: Report) -> Markup:
    """Bars of what a sample uses on either side, then the totals of both."""
    if not facts.had(report):
        return NOTHING
    bars = [_resource(report, each) for each in report.economy]
    if not bars:
        bars = _by_arm(report)
    return element(
        "section",
        element("h2", "Cost, tokens and latency"),
        element("div", *bars, class_="resources"),
        _totals(report),
        class_="economy",
    )


def _resource(report: Report, each: EconomyReport) -> Markup:
    sides = [
        (words.version(arm), value, words.amount(each, value))
        for arm, value in ((report.baseline, each.baseline), (report.candidate, each.candidate))
        if arm
    ]
    rise = words.increase(each, UNICODE)
    between = words.increase_between(each, UNICODE)
    change = rise if each.increase is not None else ""
    if change and between not in {UNICODE.none, rise}:
        change += f" ({between})"
    notes = []
    if each.limit is not None:
        notes.append(f"may rise by {remarks.allowed(each, UNICODE)}")
    if each.missing:
        notes.append(remarks.not_known(each))
    return _bars(_NAMES[each.name], sides, change, "; ".join(notes))


def _by_arm(report: Report) -> list[Markup]:
    """Where nothing was paired: each arm's own total cost and median latency."""
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    cost = [(words.version(arm), arm.cost_usd, words.money(arm.cost_usd)) for arm in arms]
    wait = [
        (words.version(arm), arm.latency_seconds, words.seconds(arm.latency_seconds))
        for arm in arms
    ]
    return [_bars("Cost, all samples", cost, "", ""), _bars("Latency, median", wait, "", "")]


def _bars(title: str, sides: list[tuple[str, float | None, str]], change: str, more: str) -> Markup:
    most = max([value for _, value, _ in sides if value is not None] + [0.0])
    rows = [
        element(
            "div",
            element("span", name, class_="side"),
            _bar(value, most, "candidate" if at == len(sides) - 1 else "baseline"),
            element("span", told, class_="number"),
            class_="bar-row",
        )
        for at, (name, value, told) in enumerate(sides)
    ]
    head = element("h3", title, " ", element("span", change, class_="quiet") if change else None)
    note = element("p", more, class_="explained") if more else None
    return element("div", head, *rows, note, class_="resource")


def _bar(value: float | None, most: float, side: str) -> Markup:
    track = element("rect", x="0", y="0", width="100%", height=f"{_BAR}", rx="2", class_="track")
    if value is None:
        return plot(track, height=_BAR, class_="bar")
    wide = Scale(0.0, most or 1.0).percent(value)
    bar = element("rect", x="0", y="0", width=wide, height=f"{_BAR}", rx="2", class_=side)
    return plot(track, bar, height=_BAR, class_="bar")


def _totals(report: Report) -> Markup:
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    rows: list[tuple[str, list[str], str]] = [
        ("samples", [words.number(arm.samples) for arm in arms], ""),
        _tokens("tokens in", arms, [arm.tokens.input for arm in arms]),
        _tokens("tokens out", arms, [arm.tokens.output for arm in arms]),
        ("cost", [words.money(arm.cost_usd) for arm in arms], _change([a.cost_usd for a in arms])),
        (
            "median latency",
            [words.seconds(arm.latency_seconds) for arm in arms],
            _change([arm.latency_seconds for arm in arms]),
        ),
    ]
    rows += [
        (f"{failure}, scored 0", [words.number(count) for count in counts], "")
        for failure, counts in remarks.own_failures(report)[:_MOST_FAILURES]
    ]
    if any(arm.tokens.cached_input for arm in arms):
        cached = [arm.tokens.cached_input for arm in arms]
        rows.insert(2, _tokens("of them cached", arms, cached))
    if any(arm.failures for arm in arms):
        rows.append(("lost to failures", [words.number(arm.failures) for arm in arms], ""))
    heads = ["", *(words.version(arm) for arm in arms), *(["change"] if len(arms) == 2 else [])]
    cells = [element("th", each, scope="col", class_="number") for each in heads[1:]]
    corner = element("td", element("span", "both versions in total", class_="spoken"))
    body = [_row(name, told, change, paired=len(arms) == 2) for name, told, change in rows]
    return element(
        "table",
        element("thead", element("tr", corner, *cells)),
        element("tbody", *body),
        class_="totals",
    )


def _row(name: str, told: list[str], change: str, *, paired: bool) -> Markup:
    cells = [element("td", each, class_="number") for each in told]
    last = element("td", change, class_="number quiet") if paired else None
    return element("tr", element("th", name, scope="row"), *cells, last)


def _tokens(name: str, arms: list[ArmReport], counts: list[int]) -> tuple[str, list[str], str]:
    told = [words.tokens(count, arm) for count, arm in zip(counts, arms, strict=True)]
    whole = not any(arm.tokens.unmetered for arm in arms)
    return (name, told, _change([float(count) for count in counts]) if whole else "")


def _change(values: list[float | None]) -> str:
    return words.relative(values[0], values[1], UNICODE) if len(values) == 2 else ""
