"""What earlier runs found, for commands that show it beside something else."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import cast

from promptops.cli.project import Project
from promptops.prompts.loading import LoadedPrompt
from promptops.values.report import Report

STORE = ".promptops"


def scores_of(project: Project, name: str, versions: Sequence[LoadedPrompt]) -> dict[str, Report]:
    """For each version the run that tells its score: digest to report, without its cases.

    Runs are found by digest, so a renamed prompt keeps them.  Only those of all cases, on the
    version's own model, count.  Of these comes first what is valid, has as many samples as its
    suite asks for, and compared two versions; then the newest.
    """
    stored = _stored(project)
    if stored is None:
        return {}
    return cast("dict[str, Report]", stored.scores_of(project, name, versions))


def quality_of(
    project: Project, name: str, before: LoadedPrompt, after: LoadedPrompt
) -> Report | None:
    """The run that compared exactly these two versions and counts as in `scores_of`, if any."""
    stored = _stored(project)
    if stored is None or before.digest == after.digest:
        return None
    return cast("Report | None", stored.quality_of(project, name, before, after))


def _stored(project: Project) -> ModuleType | None:
    """The reader of the store; None, and nothing imported or made, where there is no store."""
    if not (project.root / STORE).is_dir():
        return None
    return importlib.import_module("promptops.cli.stored_runs")
