"""List the prompts and suites of this project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    note,
    surface,
)
from promptops.cli.project import Project, find_project
from promptops.documents.tree import Tree
from promptops.engine.suite import load_suite, suite_names
from promptops.errors import HistoryError, InputError
from promptops.history.repository import Repository
from promptops.prompts.loading import load_prompt, prompt_names
from promptops.reports.encoding import encode
from promptops.reports.listings import PROMPTS_SCHEMA, PromptLine, render_prompts
from promptops.reports.page import Cell, Page
from promptops.reports.surface import Surface


def command(*, format_: FormatOption = Format.TERMINAL, output: OutputOption = None) -> None:
    check_output(output)
    project = find_project()
    suites = [_suite(project.tree, name) for name in suite_names(project.tree)]
    prompts = _prompts(project, suites)
    if format_ is Format.JSON:
        value = {"schema": PROMPTS_SCHEMA, "prompts": prompts, "suites": suites}
        emit(encode(value), output, machine=True)
    else:
        shown = surface(output)
        emit(render_prompts(prompts, shown) + _suites_text(suites, shown), output)


def _prompts(project: Project, suites: list[dict[str, Any]]) -> list[PromptLine]:
    committed = _committed(project)
    lines = []
    for name in prompt_names(project.tree):
        used = tuple(suite["name"] for suite in suites if suite.get("prompt") == name)
        try:
            loaded = load_prompt(project.tree, name)
        except InputError as error:
            lines.append(PromptLine(name, 0, "", suites=used, broken=str(error)))
            continue
        prompt = loaded.prompt
        lines.append(
            PromptLine(
                name,
                prompt.version,
                loaded.digest,
                dirty=committed is not None and committed.get(name) != loaded.digest,
                description=prompt.description,
                suites=used,
                model=prompt.model,
            )
        )
    return lines


def _committed(project: Project) -> dict[str, str] | None:
    """Digests of the prompts at HEAD; None where nothing is committed, or git cannot say."""
    try:
        with_git = Repository.find(project.root)
        if with_git is None:
            return None
        with with_git as repository:
            head = repository.head
            return None if head is None else _digests(repository.tree(head), project.tree)
    except HistoryError as error:
        note(f"what is committed is left out: {error}")
        return None


def _digests(tree: Tree, working: Tree) -> dict[str, str]:
    digests = {}
    for name in prompt_names(working):
        try:
            digests[name] = load_prompt(tree, name).digest
        except HistoryError:
            raise
        except InputError:  # not there yet, or broken there: it differs from a prompt that reads
            continue
    return digests


def _suite(tree: Tree, name: str) -> dict[str, Any]:
    try:
        suite = load_suite(tree, name)
    except InputError as error:
        return {"name": name, "broken": str(error)}
    return {
        "name": name,
        "path": suite.path,
        "prompt": suite.file.prompt,
        "dataset": suite.file.dataset,
        "samples": suite.file.samples,
        "scorers": list(suite.file.scorers),
        "description": suite.file.description,
    }


def _suites_text(suites: Sequence[dict[str, Any]], shown: Surface) -> str:
    if not suites:
        return ""
    page = Page(shown)
    head = ("suite", "prompt", "dataset", ">samples", "scorers")
    page.table(head, [_suite_row(each) for each in suites], indent=0, flexible=4)
    return "\n" + page.text()


def _suite_row(each: dict[str, Any]) -> list[Cell]:
    name = (each["name"], "bold")
    if "broken" in each:
        return [name, "", "", "", (f"cannot be read: {each['broken']}", "red")]
    scorers = ", ".join(each["scorers"])
    return [name, each["prompt"], each["dataset"], str(each["samples"]), scorers]
