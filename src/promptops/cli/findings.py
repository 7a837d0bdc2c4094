"""What `lint` found, as a page for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.prompts.lint import Finding
from promptops.reports import words
from promptops.reports.page import Page
from promptops.reports.surface import Surface

_STYLES = {"error": "bold red", "warning": "bold yellow"}


def text(findings: Sequence[Finding], checked: str, surface: Surface) -> str:
    """Each finding with its place and how to mend it; at the end how many there are.

    `checked` says what was looked at.
    """
    page = Page(surface)
    for finding in findings:
        where = f"{finding.location}: " if finding.location else ""
        severity = (finding.level, _STYLES[finding.level])
        page.paragraph((where, "bold"), severity, f": {finding.message}")
        if finding.hint:
            page.paragraph(("hint: ", "cyan"), finding.hint, indent=2)
    page.blank()
    counts = [
        words.many(sum(each.level == severity for each in findings), severity)
        for severity in _STYLES
    ]
    page.paragraph(f"{checked}: {', '.join(counts)}")
    return page.text()
