"""What is wrong with a prompt: its file, its templates, and its number beside its history."""

from __future__ import annotations

import os

from promptops.cli.project import Project
from promptops.cli.suite_lint import as_findings
from promptops.errors import HistoryError, InputError, Location
from promptops.history.baseline import pasts
from promptops.history.repository import Repository
from promptops.history.versions import Version
from promptops.prompts.lint import Finding, lint
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.prompts.version_law import Meaning, version_findings


def lint_prompt(project: Project, name: str, repository: Repository | None) -> list[Finding]:
    """Everything wrong with one prompt, each with its place."""
    try:
        loaded = load_prompt(project.tree, name)
    except InputError as error:
        return as_findings(error)
    findings = lint(loaded)
    if repository is None:
        return findings
    try:
        return findings + _version(project, loaded, repository)
    except HistoryError as error:
        where = error.location or Location(loaded.path)
        message = f"the version cannot be compared with its history: {error.message}"
        return [*findings, Finding("warning", message, where, error.hint)]


def _version(project: Project, loaded: LoadedPrompt, repository: Repository) -> list[Finding]:
    """The law of the number, held against each past that it may fit; one of them is enough."""
    found: list[Finding] = []
    for at, past in enumerate(pasts(repository, loaded.name, project.tree, os.environ)):
        findings = version_findings(_meanings(past), loaded)
        if not any(finding.level == "error" for finding in findings):
            return findings
        found = found if at else findings
    return found


def _meanings(past: list[Version]) -> list[Meaning]:
    return [Meaning(each.loaded, each.numbers) for each in past if each.loaded]
