"""A folder with the same results in every format there is, for a build to keep."""

from __future__ import annotations

import os
from pathlib import Path

from promptops.cli.output import emit, note
from promptops.errors import InputError, StoreError
from promptops.reports import discovery
from promptops.reports.surface import Surface
from promptops.values.results import Results

NAMES = {
    "json": "gate.json",
    "markdown": "report.md",
    "html": "report.html",
    "junit": "junit.xml",
    "csv": "cases.csv",
    "terminal": "report.txt",
}
"""Any other format `x` becomes `report.x`."""


def make_folder(folder: Path) -> None:
    """Make the folder where it is not there; before anything is spent.

    Raises:
        InputError: it cannot be made, or may not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--report-dir {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"--report-dir {folder}: may not be written to")


def write_report_files(results: Results, folder: Path) -> list[Path]:
    """Write every format; answers the files.

    Raises:
        InputError: one of them cannot be written to.
        NoVerdictError: writing failed halfway (a full disk).
    """
    written = []
    for name in discovery.formats():
        place = folder / NAMES.get(name, f"report.{name}")
        emit(rendered(name, results, Surface()), place, machine=name != "terminal")
        written.append(place)
    return written


def rendered(format_: str, results: Results, surface: Surface) -> str:
    """The results in a format; without what is behind them where the store cannot tell it."""
    render = discovery.find(format_)
    try:
        return render(results, surface)
    except StoreError as error:
        note(f"what is behind the reports is left out: {error}")
        return render(Results(results.reports, results.gate), surface)
