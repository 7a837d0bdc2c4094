"""The path of the estimate: what each look at the evidence found, and how sure it was."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.html.markup import NOTHING, Markup, element
from promptops.reports.html.plotting import Scale, dot, label, line, plot, reaching
from promptops.reports.symbols import UNICODE
from promptops.values.report import LookReport, MetricReport, Report

_HEIGHT = 210
_TOP, _BOTTOM = 12.0, 178.0
_MOST_DOTS = 60
_LETTERS = 14.0
"""How high a line of letters is."""


def paths_part(report: Report) -> Markup:
    """One plot for each metric that was looked at more than once."""
    shown = [metric for metric in report.metrics if len(metric.path) > 1]
    if not shown:
        return NOTHING
    figures = [_figure(report, metric) for metric in shown]
    return element(
        "section",
        element("h2", "How the estimate settled"),
        element("p", _meaning(report), class_="explained"),
        element("div", *figures, class_="figures"),
        class_="paths",
    )


def _meaning(report: Report) -> str:
    if facts.over_population(report):
        return (
            "The difference as answers came in, with its interval over these cases alone. The"
            " verdict rests on one look at the end, over cases like these."
        )
    told = "The difference after each look, with the interval that it had then. "
    if len(facts.gating(report)) > 1:
        return told + (
            "The run could stop at any look at which one interval lay below zero as a whole, or"
            " every one above the margin."
        )
    return told + (
        "The run could stop at any look at which the whole interval lay below zero, or above the"
        " margin."
    )


def _figure(report: Report, metric: MetricReport) -> Markup:
    last = metric.path[-1]
    found = (
        f"{words.signed_points(last.delta, UNICODE)} points after {words.many(last.pairs, 'pair')};"
        " the difference in points, by pairs looked at"
    )
    if facts.corrected(metric):
        found += "; as the judge sees it, and not put right by labels, on which the verdict rests"
    caption = element("figcaption", element("b", metric.name), " ", found)
    return element("figure", _drawn(report, metric), caption)


def _drawn(report: Report, metric: MetricReport) -> Markup:
    path, margin = metric.path, facts.margin(report) or 0.0
    low, high = _range(path, margin)
    across = Scale(0, max(look.pairs for look in path), 1.0, 97.0)
    up = Scale(low, high, _BOTTOM, _TOP)
    marks = [_band(path, across, up)]
    for tick in up.ticks(4):
        y = f"{up.at(tick):.1f}"
        marks.append(line("0", y, "100%", y, "zero" if tick == 0 else "grid"))
        marks.append(label("0", f"{up.at(tick) - 4:.1f}", _points(tick), "tick start"))
    if margin:
        y = f"{up.at(-margin):.1f}"
        marks.append(line("0", y, "100%", y, "margin"))
        named = f"margin {UNICODE.minus}{100 * margin:g}"
        above = up.at(-margin) - up.at(0) > _LETTERS
        below = f"{up.at(-margin) + (-4 if above else _LETTERS):.1f}"
        marks.append(label("100%", below, named, "tick end"))
    every = max(1, len(path) // _MOST_DOTS)
    marks += [
        dot(across.percent(look.pairs), f"{up.at(look.delta):.1f}", 3, "estimate")
        for at, look in enumerate(path)
        if at % every == 0 or at == len(path) - 1
    ]
    marks += [
        label(across.percent(tick), "196", words.number(round(tick)), "tick")
        for tick in across.ticks(5)
        if tick > 0
    ]
    marks.append(label("0", "196", "pairs", "tick start"))
    said = "; ".join(_told(look) for look in (path[0], path[len(path) // 2], path[-1]))
    raw = facts.corrected(metric) is not None
    verdict = "observed" if raw or metric.verdict is None else metric.verdict
    return plot(*marks, height=_HEIGHT, said=f"{metric.name}: {said}", class_=f"path {verdict}")


def _range(path: list[LookReport], margin: float) -> tuple[float, float]:
    """What is shown: the estimates, and the later intervals whole; first ones may be cut off."""
    later = path[len(path) // 3 :]
    ends = [end for look in later for end in look.interval]
    ends += [look.delta for look in path]
    reach = min(1.0, 1.08 * reaching([*ends, 2 * margin], least=0.02))
    low = max(-1.0, min([*ends, -1.6 * margin]) * 1.1)
    high = min(1.0, max([*ends, 0.6 * margin]) * 1.1)
    return max(-reach, low), max(min(reach, high), 0.1 * reach)


def _band(path: list[LookReport], across: Scale, up: Scale) -> Markup:
    """Interval and estimate, in a box of their own that is stretched to the plot's width."""
    tops = [f"{across.at(look.pairs):.2f},{up.at(look.interval[1]):.2f}" for look in path]
    bottoms = [f"{across.at(look.pairs):.2f},{up.at(look.interval[0]):.2f}" for look in path]
    estimate = [f"{across.at(look.pairs):.2f},{up.at(look.delta):.2f}" for look in path]
    area = element("polygon", points=" ".join(tops + bottoms[::-1]), class_="band")
    drawn = element("polyline", points=" ".join(estimate), class_="trace")
    return element(
        "svg",
        area,
        drawn,
        viewBox=f"0 0 100 {_HEIGHT}",
        preserveAspectRatio="none",
        width="100%",
        height=f"{_HEIGHT}",
    )


def _points(value: float) -> str:
    return words.signed_points(value, UNICODE)


def _told(look: LookReport) -> str:
    low, high = (words.signed_points(end, UNICODE) for end in look.interval)
    moved = words.signed_points(look.delta, UNICODE)
    return f"after {words.many(look.pairs, 'pair')} {moved} points ({low} to {high})"
