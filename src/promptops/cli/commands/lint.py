"""Check prompts and suites; a version must grow exactly when its meaning changes.

Nothing is asked of any model. Errors end in exit code 2; warnings alone do not.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import Project, find_project
from promptops.cli.prompt_lint import lint_prompt
from promptops.cli.suite_lint import lint_suite
from promptops.engine.suite import suite_names
from promptops.errors import ExitCode, InputError, Location, did_you_mean
from promptops.history.repository import Repository
from promptops.prompts.lint import Finding
from promptops.prompts.loading import prompt_names
from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.surface import Surface

SCHEMA = "promptops.lint/1"


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Prompts and suites; all of them by default.",
            show_default=False,
        ),
    ] = None,
    *,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> int:
    check_output(output)
    project = find_project()
    prompts, suites = _chosen(project, names or [])
    findings = sorted(_unique(_findings(project, prompts, suites)), key=_place)
    errors = sum(finding.level == "error" for finding in findings)
    if format_ is Format.JSON:
        found = [_value(finding) for finding in findings]
        value = {"schema": SCHEMA, "findings": found, "prompts": prompts, "suites": suites}
        emit(encode(value), output, machine=True)
    else:
        checked = f"{words.many(len(prompts), 'prompt')}, {words.many(len(suites), 'suite')}"
        emit(_text(findings, checked, surface(output)), output)
    return int(ExitCode.INPUT if errors else ExitCode.OK)


def _chosen(project: Project, names: Sequence[str]) -> tuple[list[str], list[str]]:
    prompts, suites = prompt_names(project.tree), suite_names(project.tree)
    for name in names:
        if name not in prompts and name not in suites:
            raise InputError(
                f"there is no prompt or suite {name!r}",
                hint=did_you_mean(name, {*prompts, *suites})
                or "`promptops init` writes a first one",
            )
    if not names:
        return prompts, suites
    return [each for each in prompts if each in names], [each for each in suites if each in names]


def _findings(project: Project, prompts: list[str], suites: list[str]) -> Iterator[Finding]:
    with ExitStack() as held:
        repository = Repository.find(project.root) if prompts else None
        if repository is not None:
            held.callback(repository.close)
        for name in prompts:
            yield from lint_prompt(project, name, repository)
    for name in suites:
        yield from lint_suite(project, name)


def _unique(findings: Iterator[Finding]) -> list[Finding]:
    """Two suites on one dataset find the same faults in it."""
    return list({repr(finding): finding for finding in findings}.values())


def _place(finding: Finding) -> tuple[str, int, int]:
    where = finding.location or Location("")
    return where.path, where.line, where.column


def _text(findings: Sequence[Finding], checked: str, shown: Surface) -> str:
    """The page is laid out only where there is something on it: a clean run stays quick."""
    if not findings:
        return f"{checked}: all right"
    page = importlib.import_module("promptops.cli.findings")
    return str(page.text(findings, checked, shown))


def _value(finding: Finding) -> dict[str, object]:
    where = finding.location or Location("")
    return {
        "severity": finding.level,
        "message": finding.message,
        "path": where.path,
        "line": where.line,
        "column": where.column or int(where.line > 0),
        "hint": finding.hint,
    }
