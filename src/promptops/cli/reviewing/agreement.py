"""Do those who labelled agree?  Krippendorff's α for each metric, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from promptops.labels.files import Labels
from promptops.labels.ratings import Kind, Ratings, ratings
from promptops.reports.safe_text import visible
from promptops.reports.surface import Surface
from promptops.reports.symbols import Symbols, symbols
from promptops.reports.words import many
from promptops.statistics.agreement import alpha_of_many
from promptops.statistics.krippendorff import Level

SCHEMA = "promptops.agreement/1"

RELIABLE = 0.8
TENTATIVE = 2 / 3
"""Krippendorff, "Content Analysis", Sage, 2004, chapter 11: conclusions may rest on 0.8 and above,
tentative ones on .667 and above."""


class MetricAgreement(msgspec.Struct, frozen=True):
    """How far the reviewers of one metric agree."""

    metric: str
    kind: Kind
    """Single answers, or pairs of them."""
    reviewers: dict[str, int]
    """Reviewer to how many labels."""
    shared: int
    """Answers or pairs that two or more reviewers gave a value."""
    scale: Level
    alpha: float | None = None
    """1 is perfect agreement, 0 what chance gives; None where it is not defined."""
    interval: tuple[float, float] | None = None
    """95%, two-sided; over cases drawn again."""
    reason: str = ""
    """Why there is none."""


class SuiteAgreement(msgspec.Struct, frozen=True):
    """The agreement on all labels of a suite."""

    schema: str
    suite: str
    file: str
    metrics: list[MetricAgreement]


def agreement_of(suite: str, labels: Labels, metric: str | None = None) -> SuiteAgreement:
    """The agreement on every metric that has labels, or on one."""
    found = [_agreement(each) for each in ratings(labels, metric)]
    return SuiteAgreement(SCHEMA, suite, labels.path, found)


def _agreement(of: Ratings) -> MetricAgreement:
    scale: Level = "nominal" if len(of.values) <= 2 else "ordinal"
    plain = MetricAgreement(of.metric, of.kind, of.reviewers, of.shared, scale)
    reason = _reason(of)
    if not reason:
        alpha = alpha_of_many(of.table, of.cases, scale)
        if alpha is not None:
            interval = (alpha.low, alpha.high)
            return msgspec.structs.replace(plain, alpha=alpha.value, interval=interval)
        reason = "all shared labels say the same: without variation it is not defined"
    return msgspec.structs.replace(plain, reason=reason)


def _reason(of: Ratings) -> str:
    if len(of.reviewers) < 2:
        return "one reviewer has labelled: a second one makes it known"
    if not of.shared:
        what = "answer" if of.kind == "answer" else "pair"
        return f"no {what} has labels of two reviewers"
    return ""


def agreement_lines(found: Sequence[MetricAgreement], shown: Surface) -> list[str]:
    """What people read of it."""
    return [line for each in found for line in _lines(each, shown)]


def _lines(each: MetricAgreement, shown: Surface) -> list[str]:
    def inert(text: str) -> str:
        return visible(text, unicode=shown.unicode)

    unit = "answer" if each.kind == "answer" else "pair"
    who = ", ".join(f"{inert(name)} ({count})" for name, count in each.reviewers.items())
    pairs = " of pairs" if each.kind == "pair" else ""
    lines = [f"{inert(each.metric)}: labels{pairs} by {who}"]
    if each.alpha is None or each.interval is None:
        return [*lines, f"  agreement not known: {each.reason}"]
    low, high = each.interval
    name = "α" if shown.unicode else "alpha"
    signs = symbols(unicode=shown.unicode)
    told, least, most = (_number(end, signs) for end in (each.alpha, low, high))
    value = f"{told}, 95% interval {least} to {most}"
    over = f"{many(each.shared, unit)} that several labelled"
    lines.append(f"  Krippendorff's {name} ({each.scale}) {value}, over {over}")
    return [*lines, f"  {_meaning(low)}"]


def _number(value: float, signs: Symbols) -> str:
    return f"{value:z.2f}".replace("-", signs.minus)


def _meaning(low: float) -> str:
    """By the lower end: what is not surely so is not taken for granted."""
    if low >= RELIABLE:
        return "they surely agree well enough to rely on"
    if low >= TENTATIVE:
        return "they surely agree well enough for tentative conclusions"
    return (
        f"that they agree well enough ({TENTATIVE:.3f}) is not sure: label more of the same"
        " answers, or settle first what earns which label"
    )
