"""What was spent: the page of `promptops costs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.pairs import Pair, in_a_row, part
from promptops.reports.surface import Surface
from promptops.store.ledger import Dimension, Spent

SCHEMA = "promptops.costs/1"

PURPOSES = {"sample": "samples", "judge": "judges", "embedding": "embeddings"}
"""What calls are for, in the plural."""

_UNJUDGED = {"sample": "(answers)", "embedding": "(embeddings)"}
"""What no judge was asked for, where judges are added up."""

_LONGEST_NAME = 40
_GAP = 2
_MOST_FOLDED = 3
"""Names that one cell may hold over several lines and be read."""
_TOLD_BELOW = {"cached", "unpriced"}
"""Columns that go first where there is no room: the sum of what is unpriced stands below."""

_Column = tuple[str, Callable[[Spent], Cell]]


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent, as it was asked for."""

    by: tuple[Dimension, ...]
    rows: Sequence[Spent]
    since: str | None = None
    """UTC, ISO 8601."""
    name: str | None = None
    """A prompt or a suite; None for all."""
    unaccounted: int = 0
    """Kept responses that were drawn before it was written down what was spent."""


def render_spending(spending: Spending, surface: Surface) -> str:
    """The table, its totals, and whatever is not known of them."""
    page = Page(surface)
    since = f" since {spending.since[:16].replace('T', ' ')} UTC" if spending.since else ""
    if not spending.rows:
        of = f" on {spending.name!r}" if spending.name else ""
        page.paragraph(f"Nothing was spent{of}{since or ' yet'}.")
    else:
        if since:
            page.paragraph((since.strip(), "dim"))
        _table(page, spending)
        _unknown(page, _sum(spending.rows))
    if spending.unaccounted:
        page.blank()
        many = words.many(spending.unaccounted, "kept response")
        page.paragraph(
            (f"not in here: {many} of before this was written down; ", "dim"),
            ("`promptops cache` tells what they cost", "dim"),
        )
    return page.text()


def _table(page: Page, spending: Spending) -> None:
    """All columns where they fit; else fewer, and what a row is about in a single one."""
    lines = _lines(page, spending)
    total = lines[-1].spent
    apart = any(line.purpose for line in lines)
    columns = _columns(page, total)
    told_below = [each for each in columns if each[0] not in _TOLD_BELOW]
    ways = ((columns, False), (told_below, False), (columns, True), (told_below, True))
    for chosen, folded in ways:
        heads, rows = _laid_out(page, spending.by, lines, chosen, folded=folded, apart=apart)
        if _width(heads, rows) <= page.width:
            break
    else:
        if len(spending.by) > _MOST_FOLDED:
            _one_by_one(page, spending.by, lines, columns)
            return
    page.table(heads, rows, indent=0, flexible=0, wrap=True)


def _one_by_one(
    page: Page, by: Sequence[str], lines: Sequence[_Line], columns: Sequence[_Column]
) -> None:
    """What each row is about, a name after the other, and its figures below."""
    for at, line in enumerate(lines):
        if at:
            page.blank()
        names = line.names if len(line.names) == len(by) else []
        told = [Pair(head, *name) for head, name in zip(by, names, strict=False)]
        told = told or [Pair("", *line.names[0])]
        told += [Pair("for", line.purpose)] if line.purpose else []
        in_a_row(page, told)
        figures = [(head, figure(line.spent)) for head, figure in columns]
        in_a_row(page, [Pair(head, *part(cell)) for head, cell in figures], indent=_GAP)


@dataclass(frozen=True, slots=True)
class _Line:
    names: list[tuple[str, str]]
    """Each with its style; for a sum, `total` alone."""
    purpose: str
    spent: Spent


def _lines(page: Page, spending: Spending) -> list[_Line]:
    """Samples, then judges, then embeddings; below them the sum of each, and of all."""
    order = list(PURPOSES)
    rows = sorted(spending.rows, key=lambda row: order.index(row.purpose or "sample"))
    used = list(dict.fromkeys(row.purpose or "sample" for row in rows))
    apart = used != ["sample"]
    lines = [
        _Line(
            [_named(page, row, *each) for each in zip(spending.by, row.key, strict=True)],
            PURPOSES[row.purpose or "sample"] if apart else "",
            row,
        )
        for row in rows
    ]
    if len(used) > 1:
        for purpose in used:
            some = _sum(row for row in rows if (row.purpose or "sample") == purpose)
            lines.append(_Line([("total", "dim")], PURPOSES[purpose], some))
    if len(rows) > 1:
        lines.append(_Line([("total", "bold")], "", _sum(rows)))
    return lines


def _laid_out(
    page: Page,
    by: Sequence[str],
    lines: Sequence[_Line],
    columns: Sequence[_Column],
    *,
    folded: bool,
    apart: bool,
) -> tuple[list[str], list[list[Cell]]]:
    between = f" {page.signs.dot} "
    heads = [between.join(by)] if folded else [*by, *(["for"] if apart else [])]
    rows: list[list[Cell]] = []
    for line in lines:
        if folded:
            parts = [name for name, _ in line.names] + ([line.purpose] if line.purpose else [])
            row: list[Cell] = [(between.join(parts), line.names[0][1])]
        else:
            room = [("", "")] * (len(by) - len(line.names))
            row = [*line.names, *room, *([line.purpose] if apart else [])]
        rows.append([*row, *(figure(line.spent) for _, figure in columns)])
    return [*heads, *(f">{head}" for head, _ in columns)], rows


def _width(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> int:
    """How many columns of the page a table takes that nothing is cut of."""
    texts = [[head.removeprefix(">") for head in heads]]
    texts += [[cell if isinstance(cell, str) else str(cell[0]) for cell in row] for row in rows]
    widest = [max(cell_len(row[at]) for row in texts) for at in range(len(heads))]
    return sum(widest) + _GAP * (len(heads) - 1)


def _columns(page: Page, total: Spent) -> list[_Column]:
    """What there is to say of."""
    least = ">=" if not page.surface.unicode else "≥"
    wanted: list[tuple[str, object, Callable[[Spent], Cell]]] = [
        ("calls", True, lambda row: words.number(row.calls)),
        ("tokens in", True, lambda row: _tokens(row, row.input_tokens)),
        ("cached", total.cached_input_tokens, lambda row: _tokens(row, row.cached_input_tokens)),
        ("out", True, lambda row: _tokens(row, row.output_tokens)),
        ("cost", True, lambda row: _cost(row, least)),
        ("unpriced", total.unpriced_calls, lambda row: _count(page, row.unpriced_calls)),
        ("lost", total.lost_calls, lambda row: _count(page, row.lost_calls)),
    ]
    return [(head, figure) for head, shown, figure in wanted if shown]


def _cost(row: Spent, least: str) -> Cell:
    """What is known of the cost: `$0` only where that is so."""
    if row.calls == row.lost_calls + row.unpriced_calls:
        return ("unknown", "yellow")
    known = words.money(row.cost_usd)
    return f"{least} {known}" if row.unpriced_calls else known


def _tokens(row: Spent, count: int) -> Cell:
    if row.calls == row.lost_calls + row.unmetered_calls:
        return ("unknown", "yellow")
    return words.number(count)


def _count(page: Page, count: int) -> Cell:
    return (words.number(count), "yellow") if count else (page.signs.none, "dim")


def _named(page: Page, row: Spent, dimension: Dimension, value: str | int) -> tuple[str, str]:
    if not value:
        unjudged = _UNJUDGED.get(row.purpose or "sample") if dimension == "judge" else None
        return (unjudged or page.signs.none, "dim")
    return (f"v{value}" if dimension == "version" else page.cut(str(value), _LONGEST_NAME), "")


def _unknown(page: Page, total: Spent) -> None:
    """What the table cannot hold, in sentences."""
    told = []
    if total.unpriced_calls:
        calls = words.many(total.unpriced_calls, "call")
        told.append(f"the price of {calls} is not known: the cost is without them")
    if total.lost_calls:
        calls = words.many(total.lost_calls, "call")
        told.append(f"{calls} brought no answer and may be billed: {_at_risk(total)}")
    if total.unmetered_calls:
        calls = words.many(total.unmetered_calls, "answer")
        told.append(f"{calls} did not say how many tokens were used: the tokens are without them")
    if told:
        page.blank()
    for each in told:
        page.item(("?", "yellow"), each, indent=0)


def _at_risk(total: Spent) -> str:
    bounded = total.lost_calls - total.unbounded_calls
    if not bounded:
        return "nobody knows for how much"
    most = f"for {words.money(total.at_risk_usd)} at most"
    if not total.unbounded_calls:
        return f"{most}, beside the cost above"
    return f"{most}, and of {total.unbounded_calls:,} of them nobody knows for how much"


def spending_json(spending: Spending) -> str:
    """The same as one JSON object. Sums are of what is known, with a count of what is not."""
    used = dict.fromkeys(row.purpose for row in spending.rows)
    totals = {
        PURPOSES[purpose or "sample"]: _value(
            _sum(row for row in spending.rows if row.purpose == purpose)
        )
        for purpose in used
    }
    value = {
        "schema": SCHEMA,
        "by": list(spending.by),
        "since": spending.since,
        "name": spending.name,
        "rows": [
            {
                **dict(zip(spending.by, row.key, strict=True)),
                "purpose": row.purpose,
                **_value(row),
            }
            for row in spending.rows
        ],
        "totals": {**totals, "all": _value(_sum(spending.rows))},
        "unaccounted_responses": spending.unaccounted,
    }
    return encode(value)


def _value(row: Spent) -> dict[str, Any]:
    return {
        "calls": row.calls,
        "tokens": {
            "input": row.input_tokens,
            "output": row.output_tokens,
            "cached_input": row.cached_input_tokens,
        },
        "unmetered_calls": row.unmetered_calls,
        "cost_usd": row.cost_usd,
        "unpriced_calls": row.unpriced_calls,
        "lost_calls": row.lost_calls,
        "at_risk_usd": row.at_risk_usd,
        "unbounded_calls": row.unbounded_calls,
    }


def _sum(rows: Iterable[Spent]) -> Spent:
    summed = list(rows)
    nothing = Spent()
    sums = {
        name: sum((getattr(row, name) for row in summed), getattr(nothing, name))
        for name in _SUMMED
    }
    return Spent(**sums)


_SUMMED = tuple(name for name in Spent.__struct_fields__ if name not in {"key", "purpose"})
