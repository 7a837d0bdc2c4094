"""Results as JUnit's XML, which GitLab, Jenkins and many others show beside a change."""

from __future__ import annotations

from promptops.reports.junit.elements import document
from promptops.reports.junit.entries import gate_suite, suites
from promptops.reports.surface import Surface
from promptops.values.results import Results


def render(results: Results, surface: Surface) -> str:
    """One suite per report, and one for the gate where one asked.

    There is a failure or an error in it exactly where the exit code is not 0.  The surface changes
    nothing: other tools read this.
    """
    del surface
    found = suites(results)
    if results.gate is not None:
        found.insert(0, gate_suite(results.gate, results.reports))
    return document(found)
