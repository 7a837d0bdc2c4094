"""What earlier runs found, for commands that show it beside something else."""

from __future__ import annotations

import importlib

from promptops.cli.project import Project
from promptops.values.report import Report

STORE = ".promptops"


def runs_of(project: Project, prompt: str) -> list[Report]:
    """Reports of the newest runs of a prompt, newest first; none where nothing was evaluated."""
    if not (project.root / STORE).is_dir():
        return []
    reports: list[Report] = importlib.import_module("promptops.cli.stored_runs").read(
        project.root, prompt
    )
    return reports


def quality_of(project: Project, prompt: str, before: str, after: str) -> Report | None:
    """The newest run that compared exactly these two meanings (digests), if there is one."""
    for report in runs_of(project, prompt):
        baseline = report.baseline
        if baseline and (baseline.digest, report.candidate.digest) == (before, after):
            return report
    return None
