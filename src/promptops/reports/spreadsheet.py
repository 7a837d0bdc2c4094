"""Cells of a table that people open in a spreadsheet, in which nothing is ever worked out.

A spreadsheet takes a text for a formula when it begins with `=`, `+`, `-` or `@`, in any width of
letter, and whatever blanks or quotes stand before it.  One whose locale separates cells otherwise
than the file does sees more beginnings: after every `;` and `,`.  There an apostrophe goes before
it.  Plain numbers are left as they are: they work out to themselves.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from math import isfinite

from promptops.reports.safe_text import visible

LONGEST = 32_767
"""UTF-16 units that a cell may hold; what is beyond is lost, or moves into other cells."""

_BEGINS = re.compile(
    "(?P<before>(?:^|[;,\uff0c\uff1b])[\\s\"'`“”‘’\uff02\uff07]*)"
    "(?P<sign>[=+\\-@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20])"
)
"""A sign at which a formula may begin; some programs read wide and small forms as plain ones."""

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?(?=\s*(?:[;,]|\Z))")

_BYTE_ORDER_MARK = "\ufeff"
"""Without it the most used spreadsheet takes UTF-8 for another encoding; the others skip it."""


def written(rows: Iterable[Sequence[str]]) -> str:
    """Rows of finished cells as a file: RFC 4180, so lines end in CR LF."""
    paper = io.StringIO(newline="")
    csv.writer(paper).writerows(rows)
    return _BYTE_ORDER_MARK + paper.getvalue()


def text_cell(text: str) -> str:
    """Text of others on one line, inert and within what a cell holds.

    Line breaks are shown as `⏎`: a row is one line of the file, whoever reads it.
    """
    shown = _BEGINS.sub(_defused, visible(text[: LONGEST + 1]))
    if len(text) <= LONGEST and _units(shown) <= LONGEST:
        return shown
    told = f"… ({len(text):,} characters in all)"
    return _start(shown, LONGEST - len(told)) + told


def number_cell(value: float | None) -> str:
    """A number as spreadsheets read it, to six decimals, without an exponent; empty for None."""
    if value is None or not isfinite(value):
        return ""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _defused(found: re.Match[str]) -> str:
    at = found.start("sign")
    if _NUMBER.match(found.string, at):
        return found[0]
    return f"{found['before']}'{found['sign']}"


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text)


def _start(text: str, most: int) -> str:
    """As much of a text as fits into so many UTF-16 units."""
    if text.isascii():
        return text[:most]
    data = text.encode("utf-16-le")[: 2 * most]
    return data.decode("utf-16-le", "ignore")
