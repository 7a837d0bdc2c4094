"""Names and their values, one after the other, where there is no room for a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from promptops.reports.page import Cell, Page, Part

_GAP = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and a value; a value alone where the name is empty."""

    name: str
    value: str
    style: str = ""
    """Of the value."""

    @property
    def parts(self) -> list[Part]:
        """As a page writes it."""
        value: Part = (self.value, self.style)
        return [(f"{self.name} ", "dim"), value] if self.name else [value]

    @property
    def width(self) -> int:
        """In columns."""
        return cell_len(self.name) + bool(self.name) + cell_len(self.value)


def text_of(cell: Cell) -> str:
    """What a cell says, without its styles."""
    parts = cell if isinstance(cell, list) else [cell]
    return "".join(each if isinstance(each, str) else each[0] for each in parts)


def part(cell: Cell) -> tuple[str, str]:
    """A cell of one part as text and style."""
    return (cell, "") if isinstance(cell, str) else (str(cell[0]), str(cell[1]))


def in_a_row(page: Page, pairs: Sequence[Pair], *, indent: int = 0) -> None:
    """As many on a line as fit, further lines indented; none breaks that fits on a line."""
    row: list[Part] = []
    wide = indent
    for each in pairs:
        if row and wide + _GAP + each.width > page.width:
            page.paragraph(*row, indent=indent)
            row, indent = [], max(indent, _GAP)
        if row:
            row.append(" " * _GAP)
        wide = (wide + _GAP if row else indent) + each.width
        row += each.parts
    page.paragraph(*row, indent=indent)
