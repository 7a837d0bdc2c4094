"""How a suite stands, in a sign and a word."""

from __future__ import annotations

from promptops.reports import facts
from promptops.reports.markdown.inline import Markup
from promptops.values.gate import SuiteGate
from promptops.values.report import Report, Verdict

_SIGNS: dict[Verdict, str] = {
    "improved": "✅",
    "passed": "✅",
    "regressed": "❌",
    "inconclusive": "❔",
    "invalid": "⚠️",
}

ALERT = "⚠️"
NOTE = "ℹ️"
GOOD = "✅"
BAD = "❌"
OPEN = "❔"

_GRAVITY: list[Verdict] = ["regressed", "invalid", "inconclusive", "passed", "improved"]


def sign(verdict: Verdict, markup: Markup) -> str:
    """The sign of a verdict, in its colour; in ASCII its plain form."""
    return drawn(_SIGNS[verdict], markup) or markup.signs.verdicts[verdict]


def drawn(emoji: str, markup: Markup) -> str:
    """A coloured sign; "" where nothing but ASCII is shown."""
    return emoji if markup.unicode else ""


def described(report: Report) -> bool:
    """Whether one version was scored and compared with nothing, so that no verdict is due."""
    return report.baseline is None and report.verdict == "inconclusive"


def report_sign(report: Report, markup: Markup) -> str:
    """The sign of a report."""
    if described(report):
        return drawn(NOTE, markup) or markup.signs.dot
    return sign(report.verdict, markup)


def report_word(report: Report) -> str:
    """`regressed`, `is inconclusive`, or that nothing was compared."""
    if described(report):
        return "is scored alone" if report.meta.get("alone") is True else "has its first scores"
    return verdict_word(report.verdict)


def verdict_word(verdict: Verdict) -> str:
    """A verdict as what a suite did or is."""
    return f"is {verdict}" if verdict in {"inconclusive", "invalid"} else verdict


def gravity(report: Report) -> tuple[bool, int]:
    """Sorts what stands against merging first, then what is open, then what is well."""
    return report.exit_code == 0, _GRAVITY.index(report.verdict)


def quiet(report: Report) -> bool:
    """Whether nothing about a report asks to be looked at."""
    dropped = any(metric.small_drop for metric in report.metrics)
    if report.exit_code or dropped or facts.stopped(report):
        return False
    return report.verdict in {"passed", "improved"}


def stands_against(suite: SuiteGate) -> bool:
    """Whether a suite keeps a change from being merged."""
    return suite.exit_code != 0
