"""A folder with the same results in every format there is, for a build to keep."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from promptops.cli.output import emit, note
from promptops.errors import InputError, StoreError
from promptops.reports import discovery
from promptops.reports.surface import Surface
from promptops.values.results import Results, nothing_kept

NAMES = {
    "json": "gate.json",
    "markdown": "report.md",
    "html": "report.html",
    "junit": "junit.xml",
    "csv": "cases.csv",
    "terminal": "report.txt",
}
"""Any other format `x` becomes `report.x`."""


def make_folder(folder: Path, root: Path) -> None:
    """Make the folder where it is not there; before anything is spent.

    `root` is the project's: a link within it may have come with the change, and is not followed.

    Raises:
        InputError: it cannot be made, may not be written to, or a link of the project leads there.
    """
    whole = Path(os.path.abspath(folder))  # noqa: PTH100  # links are to be seen, not followed
    for each in (whole, *whole.parents):
        if each.is_relative_to(root) and each.is_symlink():
            raise InputError(
                f"--report-dir {folder} passes through the symbolic link {each.name}",
                hint="name the folder itself; links of a project are never followed",
            )
    if whole.exists() and not whole.is_dir():
        raise InputError(
            f"--report-dir {folder} is a file", hint="name a folder; it is made where it is not"
        )
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
        if place.is_symlink():
            place.unlink()  # what it leads to may lie anywhere
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
        return render(replace(results, details=nothing_kept), surface)
