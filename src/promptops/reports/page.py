"""A page of text for a terminal, written into a string.

Every word that is put on a page passes through `visible`, so nothing that a model, a dataset or a
repository says can act, whichever section shows it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from promptops.reports.safe_text import inert_lines, visible
from promptops.reports.surface import Surface
from promptops.reports.symbols import symbols

Part = str | tuple[str, str]
"""Text, or text and its style."""

Cell = Part | list[Part]

_NARROWEST_COLUMN = 12
_LEAST_COLUMN = 4


class Page:
    """Lines, paragraphs and tables as wide as a surface."""

    def __init__(self, surface: Surface, *, longest: int | None = None) -> None:
        """`longest` is how many columns any one text may take; None for as many as it has."""
        self.surface = surface
        self._longest = longest
        self.signs = symbols(unicode=surface.unicode)
        self.width = surface.columns
        self._paper = io.StringIO()
        self._console = Console(
            file=self._paper,
            width=self.width,
            force_terminal=surface.color,
            color_system="standard" if surface.color else None,
            no_color=not surface.color,
            force_jupyter=False,
            force_interactive=False,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            _environ={},  # the surface alone decides, whatever COLUMNS or NO_COLOR say
        )

    def text(self) -> str:
        """The page as written so far; it ends with one line break."""
        lines = [line.rstrip(" ") for line in self._paper.getvalue().splitlines()]
        text = inert_lines("\n".join(lines).strip("\n") + "\n")
        if self.surface.unicode:
            return text
        return text.replace("…", "~").encode("ascii", "backslashreplace").decode("ascii")

    def blank(self) -> None:
        """An empty line."""
        self._paper.write("\n")

    def paragraph(self, *parts: Part, indent: int = 0) -> None:
        """Text that wraps, every line of it indented."""
        self._console.print(Padding(self.write(*parts), (0, 0, 0, indent)))

    def item(self, mark: Part, *parts: Part, indent: int = 2) -> None:
        """A paragraph that hangs beside its mark."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(self.write(mark), self.write(*parts))
        self._console.print(Padding(grid, (0, 0, 0, indent)))

    def command(self, lead: Part, command: Part, *, indent: int = 0) -> None:
        """Words, and a command line to copy, which is not broken: it may have a line to itself."""
        width = self.write(command).cell_len
        if indent + self.write(lead, command).cell_len <= self.width:
            self.paragraph(lead, command, indent=indent)
            return
        self.paragraph(lead, indent=indent)
        # What is wider than the page, which no command of ours is, breaks like any other text.
        self.paragraph(command, indent=min(indent, max(0, self.width - width)))

    def line(self, *parts: Part, indent: int = 0) -> None:
        """Exactly one line, cut where the page ends."""
        text = self.write(*parts)
        text.truncate(self.width - indent, overflow="ellipsis")
        self._console.print(Padding(text, (0, 0, 0, indent)), no_wrap=True)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        indent: int = 2,
        gap: int = 2,
        flexible: int | None = None,
        wrap: bool = False,
    ) -> None:
        """A table without lines.

        `columns` are headers, each with `>` before it where numbers stand in it.  When the page is
        too narrow the column at `flexible` is cut, or wrapped under `wrap`; the others are kept.
        """
        written = [[self._cell(cell) for cell in row] for row in rows]
        heads = [self.write((head.removeprefix(">"), "dim")) for head in columns]
        widths = [
            max((row[at].cell_len for row in [*written, heads]), default=0)
            for at in range(len(columns))
        ]
        self._fit(widths, self.width - indent - gap * (len(columns) - 1), flexible)
        grid = Table.grid(padding=(0, gap, 0, 0))
        for at, head in enumerate(columns):
            wraps = wrap and at == flexible
            grid.add_column(
                justify="right" if head.startswith(">") else "left",
                no_wrap=not wraps,
                overflow="fold" if wraps else "ellipsis",
                width=widths[at],
            )
        headed = any(head.strip(">") for head in columns)
        for row in [heads, *written] if headed else written:
            for at, text in enumerate(row):
                if not (wrap and at == flexible):
                    text.truncate(widths[at], overflow="ellipsis")
            grid.add_row(*row)
        self._console.print(Padding(grid, (0, 0, 0, indent)))

    def _fit(self, widths: list[int], room: int, flexible: int | None) -> None:
        """Make widths fit: the flexible one gives way first, then the widest of all."""
        excess = sum(widths) - room
        if excess > 0 and flexible is not None:
            given = min(excess, max(0, widths[flexible] - _NARROWEST_COLUMN))
            widths[flexible] -= given
            excess -= given
        for _ in range(max(0, excess)):
            # What a row is about stands first, and is cut last.
            first = 0 if flexible == 0 or max(widths[1:], default=0) <= _LEAST_COLUMN else 1
            widths[max(range(first, len(widths)), key=widths.__getitem__)] -= 1

    def beside(self, left: Cell, right: Cell, *, indent: int = 4) -> None:
        """Two texts side by side, each in half of the page."""
        bar = f" {self.signs.bar} "
        half = (self.width - indent - cell_len(bar)) // 2
        texts = [self._cell(left), self._cell(right)]
        wrapped = [text.wrap(self._console, half, overflow="fold") for text in texts]
        for at in range(max(len(lines) for lines in wrapped)):
            halves = [lines[at] if at < len(lines) else Text() for lines in wrapped]
            halves[0].truncate(half, pad=True)
            line = Text.assemble(" " * indent, halves[0], (bar, "dim"), halves[1])
            self._console.print(line, no_wrap=True, overflow="ignore", crop=False)

    def rule(self, *, indent: int = 0) -> None:
        """A faint line across the page."""
        self.paragraph((self.signs.rule * (self.width - indent), "dim"), indent=indent)

    def cut(self, text: str, most: int) -> str:
        """Text of at most so many columns, ended by a sign where it was cut.

        A column is at least one character or its code, so what is far behind is never looked at.
        """
        shown = visible(text[: most + 1], unicode=self.surface.unicode)
        if len(text) <= most and cell_len(shown) <= most:
            return text
        more = self.signs.more
        return set_cell_size(shown, most - cell_len(more)).rstrip() + more

    def write(self, *parts: Part) -> Text:
        """Parts as one text, made safe."""
        text = Text(overflow="fold")
        for part in parts:
            words, style = (part, "") if isinstance(part, str) else part
            if self._longest and len(words) > self._longest:
                words = self.cut(words, self._longest)
            text.append(visible(words, unicode=self.surface.unicode), style=style or None)
        return text

    def _cell(self, cell: Cell) -> Text:
        return self.write(*cell) if isinstance(cell, list) else self.write(cell)
