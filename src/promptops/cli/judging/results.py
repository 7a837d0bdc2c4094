"""What is known of those who judged, for a report: labels, measured trust, what may be asked.

All of it is read from the files at hand, and imported, only by a format that shows it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from promptops.cli.output import note
from promptops.documents.tree import Tree
from promptops.errors import InputError, InputErrors
from promptops.reports.judged_results import AnyLabel, JudgedResults, Question
from promptops.values.details import Details
from promptops.values.report import Report
from promptops.values.results import Results
from promptops.values.trust import TrustReport


def judged_results(results: Results, tree: Tree, trust: Tree | None = None) -> JudgedResults:
    """The results, with what the project at hand knows of their judges.

    `trust` has the files of measured trust, where they are not those of `tree`.
    """
    known = _Known(tree, trust or tree, results.details)
    return JudgedResults(
        results.reports,
        results.gate,
        results.details,
        known.questions,
        known.labels,
        known.measured,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    tree: Tree
    trust: Tree
    details: Callable[[str], Details | None]
    read: dict[str, list[AnyLabel]] = field(default_factory=dict)
    """Suite to its labels: several formats, and parts of them, want the same ones."""

    def questions(self, report: Report) -> list[Question]:
        """What people may be asked; nothing where no judge is to be measured by them."""
        if not any(each.judge for each in report.metrics) and not self.labels(report):
            return []
        return list(_asking().questions(report, self.tree, self.details(report.run)))

    def labels(self, report: Report) -> list[AnyLabel]:
        """What people said of answers of the suite; said aloud where that cannot be read."""
        if report.suite not in self.read:
            self.read[report.suite] = _labels(self.tree, report.suite)
        return self.read[report.suite]

    def measured(self, report: Report) -> list[TrustReport]:
        """What was measured of each judge on this suite."""
        if not any(each.judge for each in report.metrics):
            return []
        return list(_asking().measured(report, self.tree, self.trust))


def _labels(tree: Tree, suite: str) -> list[AnyLabel]:
    try:
        return list(importlib.import_module("promptops.labels.files").read_labels(tree, suite).all)
    except (InputError, InputErrors) as error:
        note(f"without people's labels: {error}")
        return []


def _asking() -> Any:
    """Suites, prompts and scorers: a page wants them, and a line of text does not."""
    return importlib.import_module("promptops.cli.judging.questions")
