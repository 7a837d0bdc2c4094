"""Every case as a row of a table, for a spreadsheet: to sort, to filter, to read side by side."""

from __future__ import annotations

from promptops.reports.case_table import case_table
from promptops.reports.spreadsheet import written
from promptops.reports.surface import Surface
from promptops.values.results import Results


def render(results: Results, surface: Surface) -> str:
    """One row a case, of every suite and model; RFC 4180, so lines end in CR LF.

    The table is wide, with a pair of columns per scorer: people read and filter cases, and a row
    per scorer would say every answer several times.  The surface changes nothing.
    """
    del surface
    return written(case_table(results))
