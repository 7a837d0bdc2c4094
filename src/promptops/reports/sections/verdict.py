"""The verdict, in one strong line, and what it rests on."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.headline import headline, told_by
from promptops.reports.page import Page, Part
from promptops.reports.symbols import VERDICT_STYLES
from promptops.values.report import Report, Verdict

_KEPT = "what was paid for is kept"


def write_verdict(page: Page, report: Report) -> None:
    """The verdict with suite, prompt and versions; the finding; why; the reasons."""
    parts: list[Part] = [*mark(page, report.verdict, strong=True), "  ", (report.suite, "bold")]
    if report.prompt != report.suite:
        parts.append(f" {page.signs.dot} {report.prompt}")
    parts.append(f"  {words.versions(report, page.signs)}")
    if report.model:
        parts.append((f"  {report.model}", "dim"))
    page.paragraph(*parts)
    found = headline(report, page.signs)
    page.paragraph((found, "bold"), indent=2)
    if report.candidate.change:
        said = f"v{report.candidate.version}: {report.candidate.change}"
        page.paragraph((said, "italic dim"), indent=2)
    stopped = facts.stopped(report)
    for reason in report.reasons:
        if not told_by(found, reason, report) and not (stopped and _is_kept(reason)):
            page.item((page.signs.dot, "dim"), reason)
    if stopped:
        page.item((page.signs.dot, "dim"), _had(report))


def _is_kept(reason: str) -> bool:
    """Whether it says what becomes of what the run had."""
    return _KEPT in reason


def _had(report: Report) -> str:
    """How much a stopped run had, and how to go on from there, in one sentence."""
    told, had = words.samples_had(report), facts.had(report)
    how = next(filter(_is_kept, report.reasons), "")
    if not how:
        return f"{told}; a further run goes on from there" if had else told
    if not had:
        how = how.removeprefix(f"{_KEPT}: ").removesuffix(f"; {_KEPT}")
    return f"{told}; {how}"


def mark(page: Page, verdict: Verdict, *, strong: bool = False) -> list[Part]:
    """The sign and the name of a verdict, in its colour."""
    style = VERDICT_STYLES[verdict]
    name = verdict.upper() if strong else verdict
    return [(f"{page.signs.verdicts[verdict]} {name}", style)]
