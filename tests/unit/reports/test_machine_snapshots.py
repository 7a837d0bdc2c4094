"""Files for other tools, kept as they were: `UPDATE_SNAPSHOTS=1 pytest …` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptops.reports.discovery import find
from promptops.reports.surface import Surface
from tests.example_details import results_of
from tests.examples import every_example
from tests.gate_examples import every_gate

FOLDER = Path(__file__).parent / "snapshots_machine"
EXAMPLES = every_example()
REPORTS = {
    name: results_of(EXAMPLES[name])
    for name in (
        "improved",
        "regressed",
        "dearer",
        "inconclusive",
        "invalid",
        "first_version",
        "stopped",
        "two_models",
        "none",
    )
}
GATES = {
    f"gate_{name}": every_gate()[name]
    for name in ("regression", "judged_anew", "removed", "uncovered", "supplied")
}
SHOWN = {
    "junit": (".xml", {**REPORTS, **GATES}),
    "csv": (".csv", {**REPORTS, "gate_supplied": GATES["gate_supplied"]}),
    "json": (".json", {name: GATES[name] for name in ("gate_removed", "gate_uncovered")}),
}
KEPT = [(format_, name) for format_, (_, results) in SHOWN.items() for name in results]


@pytest.mark.parametrize(("format_", "name"), KEPT)
def test_files_for_other_tools_are_as_they_were(format_, name):
    ending, results = SHOWN[format_]
    # Without what some tools do to the ends of lines; test_csv.py holds those.
    text = find(format_)(results[name], Surface()).removeprefix("\ufeff").replace("\r\n", "\n")
    file = FOLDER / f"{name}{ending}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_bytes().decode("utf-8")


def test_no_snapshot_is_left_over():
    kept = {f"{name}{SHOWN[format_][0]}" for format_, name in KEPT}
    assert {file.name for file in FOLDER.iterdir()} == kept
