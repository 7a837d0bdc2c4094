"""What is wrong with a prompt: its file, its templates, and its number beside its history."""

from __future__ import annotations

import os

from promptops.cli.project import Project
from promptops.cli.suite_lint import as_findings
from promptops.errors import HistoryError, InputError, Location
from promptops.history.baseline import baseline
from promptops.history.repository import Repository
from promptops.prompts.lint import Finding, lint
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.prompts.version_law import version_findings


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
    """The law of the number, against the baseline and against HEAD."""
    before = baseline(repository, loaded.name, project.tree, None, os.environ)
    findings = version_findings(before.loaded, loaded) if before else []
    head = _at_head(loaded.name, repository)
    if head is None or head.digest != loaded.digest:
        return findings
    if before and head.prompt.version <= before.loaded.prompt.version:
        return findings  # the number was wrong when it was committed, and may be mended
    return findings or version_findings(head, loaded)


def _at_head(name: str, repository: Repository) -> LoadedPrompt | None:
    """The prompt as it is committed; None where it is not, or cannot be read there."""
    if repository.head is None:
        return None
    try:
        return load_prompt(repository.tree(repository.head), name)
    except HistoryError:
        raise
    except InputError:
        return None
