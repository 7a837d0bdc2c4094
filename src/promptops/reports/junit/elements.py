"""JUnit's XML: suites of entries, written so that every reader takes it and nothing in it acts.

No standard says what JUnit's XML is.  These are the elements and attributes that the strictest
schemas in use allow, in the order that they ask for; readers that know more ask for nothing else.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from promptops.reports.safe_text import inert, one_line

LONGEST_NAME = 250
LONGEST_MESSAGE = 500
LONGEST_TEXT = 6_000
"""Characters, before those that XML asks to be escaped."""

Kind = Literal["failure", "error", "skipped"]

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why an entry did not pass."""

    kind: Kind
    type: str
    message: str
    """In one line; some readers show it, and some the text."""
    text: str = ""
    """The same at length."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One test."""

    name: str
    outcome: Outcome | None = None
    """None: it passed."""
    said: str = ""
    """What stands behind it, whatever became of it."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that belong together."""

    name: str
    entries: Sequence[Entry]
    seconds: float = 0.0
    created: str = ""
    """UTC, ISO 8601."""
    properties: Sequence[tuple[str, str]] = field(default=())
    said: str = ""


def document(suites: Sequence[Suite]) -> str:
    """All suites as one XML document of valid characters, ended by a line break."""
    entries = [entry for suite in suites for entry in suite.entries]
    seconds = sum(_finite(suite.seconds) for suite in suites)
    # No schema knows how many were skipped in all.
    head = _attributes(name="promptops", **_counts(entries), time=_time(seconds))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{head}>"]
    taken: set[str] = set()
    for suite in suites:
        lines += _suite(suite, _unused(_line(suite.name, LONGEST_NAME), taken))
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suite(suite: Suite, name: str) -> Iterator[str]:
    skipped = _of_kind(suite.entries, "skipped")
    when = _TIME.match(suite.created)
    head = _attributes(
        name=name,
        **_counts(suite.entries),
        skipped=str(skipped),
        time=_time(suite.seconds),
        timestamp=when[0] if when else None,
    )
    yield f"  <testsuite{head}>"
    if suite.properties:
        yield "    <properties>"
        for key, value in suite.properties:
            told = _attributes(name=_line(key, LONGEST_NAME), value=_line(value, LONGEST_MESSAGE))
            yield f"      <property{told}/>"
        yield "    </properties>"
    # A dot would make a package of what stands before it.
    group = "promptops." + name.replace(".", "_") if name != "promptops" else name
    taken: set[str] = set()
    for entry in suite.entries:
        yield from _entry(entry, _unused(_line(entry.name, LONGEST_NAME), taken), group)
    if suite.said:
        yield f"    <system-out>{_text(suite.said)}</system-out>"
    yield "  </testsuite>"


def _entry(entry: Entry, name: str, group: str) -> Iterator[str]:
    head = f"    <testcase{_attributes(name=name, classname=group, time=_time(entry.seconds))}"
    if entry.outcome is None and not entry.said:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if entry.outcome:
        kind = entry.outcome.kind
        message = _line(entry.outcome.message, LONGEST_MESSAGE)
        told = _attributes(type=entry.outcome.type, message=message)
        text = _text(entry.outcome.text)
        yield f"      <{kind}{told}>{text}</{kind}>" if text else f"      <{kind}{told}/>"
    if entry.said:
        yield f"      <system-out>{_text(entry.said)}</system-out>"
    yield "    </testcase>"


def _counts(entries: Sequence[Entry]) -> dict[str, str]:
    return {
        "tests": str(len(entries)),
        "failures": str(_of_kind(entries, "failure")),
        "errors": str(_of_kind(entries, "error")),
    }


def _of_kind(entries: Sequence[Entry], kind: Kind) -> int:
    return sum(entry.outcome is not None and entry.outcome.kind == kind for entry in entries)


def _unused(name: str, taken: set[str]) -> str:
    """The name, with a number where another has it: readers keep the first of two alike."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    taken.add(found)
    return found


def _attributes(**values: str | None) -> str:
    """Attributes with a blank before each. The values are visible text already."""
    written = [
        f' {key}="{html.escape(value)}"' for key, value in values.items() if value is not None
    ]
    return "".join(written)


def _line(text: str, most: int) -> str:
    """Text of others in one line of at most so many characters."""
    return _cut(one_line(text[: most + 1]), most, len(text))


def _text(text: str) -> str:
    """Text of others over several lines, escaped."""
    return html.escape(_cut(inert(text[: LONGEST_TEXT + 1]), LONGEST_TEXT, len(text)), quote=False)


def _cut(shown: str, most: int, length: int) -> str:
    return shown if length <= most and len(shown) <= most else shown[: most - 1] + "…"


def _time(seconds: float) -> str:
    return f"{_finite(seconds):.3f}"


def _finite(seconds: float) -> float:
    return seconds if isfinite(seconds) and seconds > 0 else 0.0
