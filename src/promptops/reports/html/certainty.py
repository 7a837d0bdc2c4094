"""How sure the verdict is, and what it took: what a careful reader asks last."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.html.markup import Markup, element
from promptops.values.report import Budget, Report

Fact = tuple[str, str]


def certainty_part(report: Report) -> Markup:
    """The level, the margin, the looks; calls by where their answers came from; what was paid."""
    columns = [
        ("How sure", _sure(report)),
        ("What was drawn", _drawn(report)),
        ("What it cost", _paid(report)),
        ("To see it again", _again(report)),
    ]
    shown = [_column(title, told) for title, told in columns if told]
    return element(
        "section",
        element("h2", "How sure, and what it took"),
        element("div", *shown, class_="columns"),
        class_="certainty",
    )


def _column(title: str, told: list[Fact]) -> Markup:
    pairs = [element("div", element("dt", name), element("dd", value)) for name, value in told]
    return element("div", element("h3", title), element("dl", *pairs))


def _sure(report: Report) -> list[Fact]:
    if report.baseline is None:
        return []
    told: list[Fact] = []
    alpha, margin, budget = facts.alpha(report), facts.margin(report), report.budget
    if alpha is not None:
        looks = "" if facts.over_population(report) else ", over all looks together"
        told.append(("alpha", f"{alpha:g} per direction{looks}"))
    if margin is not None:
        told.append(("margin", f"{100 * margin:g} points"))
    over = "cases like these" if facts.over_population(report) else "these cases"
    told.append(("about", over))
    guarantee = report.meta.get("guarantee")
    if isinstance(guarantee, str):
        told.append(("guarantee", guarantee))
    if budget:
        told.append(("looks", _looks(report, budget)))
        told.append(("pairs", _pairs(budget)))
    seen = facts.detectable(report)
    if seen is not None:
        told.append(("the plan sees", _seen(seen)))
    return told


def _seen(detectable: float) -> str:
    if detectable >= 1:
        return "no drop reliably: too few pairs"
    return f"a drop of {words.points_up(detectable)} points or more, 8 times in 10"


def _looks(report: Report, budget: Budget) -> str:
    if facts.over_population(report):
        return "one, at the end"
    further = budget.looks - budget.planned_looks
    if further > 0:
        return f"{budget.planned_looks:,} planned and {further:,} beyond the plan"
    return f"{budget.looks:,} of {budget.planned_looks:,}"


def _pairs(budget: Budget) -> str:
    if budget.pairs > budget.planned_pairs:
        return f"{budget.pairs:,}, {budget.planned_pairs:,} of them planned"
    return f"{budget.pairs:,} of {budget.planned_pairs:,} planned"


def _drawn(report: Report) -> list[Fact]:
    calls = report.calls
    told: list[Fact] = []
    if calls.planned:
        told.append(("answers planned", f"{words.number(calls.planned)} at most"))
    saved = facts.saved_calls(report)
    if saved:
        told.append(("not needed", words.number(saved)))
    told.append(("calls made", words.number(calls.made)))
    told += [
        (name, words.number(count))
        for name, count in (
            ("of them to score", calls.judge),
            ("kept from before", calls.cached),
            ("shared by both", calls.shared),
            ("tried again", calls.retried),
            ("not yet scored", calls.unscored),
        )
        if count
    ]
    samples = report.meta.get("samples")
    if isinstance(samples, int):
        told.append(("samples a case", f"{words.number(samples)} at most"))
    return told


def _paid(report: Report) -> list[Fact]:
    cost = report.cost
    told: list[Fact] = [("this run", words.paid(cost, made=report.calls.made))]
    once = words.money(cost.evaluated_usd)
    if cost.unpriced_calls:
        least = f"at least {once}" if cost.evaluated_usd else "unknown"
        told.append(("its answers, once", f"{least}; not every price is known"))
    else:
        told.append(("its answers, once", once))
    if report.budget and facts.saved_calls(report):
        told.append(("saved", words.money(report.budget.saved_usd)))
    return told


def _again(report: Report) -> list[Fact]:
    again = facts.again(report)
    told: list[Fact] = [("command", again) if again else ("answers", facts.supplied(report))]
    for name, key in (("dataset", "dataset"), ("fingerprint", "dataset_fingerprint")):
        value = report.meta.get(key)
        if isinstance(value, str) and value:
            told.append((name, value[:12] if key == "dataset_fingerprint" else value))
    if isinstance(report.meta.get("seed"), int):
        told.append(("seed", str(report.meta["seed"])))
    return told
