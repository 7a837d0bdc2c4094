"""The versions of a prompt, one line each: what changed, who, when, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.surface import Surface

SCHEMA = "promptops.log/1"

_ROOM_FOR_AUTHOR = 96
_ROOM_FOR_DATE = 70

_HEADS = {"score": ">score", "delta": ">delta", "cost": ">cost"}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version, and what the run that counts says of it where there is one."""

    number: int
    digest: str
    commit: str | None
    """None: not committed yet."""
    author: str
    date: str
    """UTC, ISO 8601; empty when not committed."""
    change: str
    """Why it exists: the file's own words, else the commit's subject."""
    dirty: bool = False
    path: str = ""
    broken: str = ""
    """Why the file could not be read at this commit; empty when it could."""
    evaluated: bool = False
    metric: str = ""
    score: float | None = None
    """The first gating metric's mean on that run."""
    delta: float | None = None
    """Against the version before it."""
    cost_usd: float | None = None
    """Of all its samples on that run; None where it is unknown."""
    run: str = ""


def render_versions(name: str, lines: Sequence[VersionLine], surface: Surface) -> str:
    """The log of a prompt for a terminal, as the lines come (newest first)."""
    page = Page(surface)
    if not lines:
        page.paragraph((name, "bold"), " has no versions yet.")
        return page.text()
    metrics = dict.fromkeys(line.metric for line in lines if line.metric)
    told = f"  {words.many(len(lines), 'version')}"
    if metrics:
        told += f", scored by {', '.join(metrics)}"
    page.paragraph((name, "bold"), (told, "dim"))
    page.blank()
    parts = _parts(page, evaluated=any(line.evaluated for line in lines))
    rows = [[_cell(page, line, part) for part in parts] for line in lines]
    heads = ["" if part == "version" else _HEADS.get(part, part) for part in parts]
    page.table(heads, rows, indent=0, flexible=len(heads) - 1)
    return page.text()


def _parts(page: Page, *, evaluated: bool) -> list[str]:
    """What there is room for."""
    parts = ["version", "commit"]
    if page.width >= _ROOM_FOR_DATE:
        parts.append("date")
    if page.width >= _ROOM_FOR_AUTHOR:
        parts.append("author")
    if evaluated:
        parts += ["score", "delta"]
        if page.width >= _ROOM_FOR_DATE:
            parts.append("cost")
    return [*parts, "change"]


def _cell(page: Page, line: VersionLine, part: str) -> Cell:
    if part in {"score", "delta", "cost"}:
        return _evaluation(page, line, part)
    if part == "version":
        return (f"v{line.number}", "red" if line.broken else "yellow" if line.dirty else "bold")
    if part == "commit":
        return (line.commit[:7], "dim") if line.commit else (words.UNCOMMITTED, "yellow")
    if part == "date":
        return line.date[:10]
    if part == "author":
        return page.cut(line.author, 20)
    return (f"cannot be read: {line.broken}", "red") if line.broken else line.change


def _evaluation(page: Page, line: VersionLine, part: str) -> Cell:
    if not line.evaluated:
        return ""
    if part == "score":
        return words.score(line.score)
    if part == "cost":
        return (words.money(line.cost_usd), "dim")
    if line.delta is None:
        return ""
    style = "red" if line.delta < 0 else "green" if line.delta else ""
    return (words.signed(line.delta, page.signs), style)


def versions_json(name: str, lines: Sequence[VersionLine]) -> str:
    """The log as one JSON object."""
    return encode({"schema": SCHEMA, "prompt": name, "versions": list(lines)})
