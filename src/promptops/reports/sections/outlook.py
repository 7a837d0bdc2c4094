"""What would settle an open question, and what could have been seen at all."""

from __future__ import annotations

from promptops.reports.page import Page
from promptops.reports.remarks import outlook_parts
from promptops.values.report import Report


def write_outlook(page: Page, report: Report) -> None:
    """For a comparison without an answer: what it could see, and the command that goes on."""
    ahead = outlook_parts(report)
    if ahead.seen:
        page.item((page.signs.dot, "dim"), ahead.seen)
    if ahead.goes_on:
        page.command(f"{ahead.told}: ", (ahead.command, "bold"), indent=2)
    elif ahead.told:
        told = f"{ahead.told}: {ahead.command}" if ahead.command else ahead.told
        page.item((page.signs.dot, "dim"), told)
