"""List the prompts and suites of this project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import Project, find_project
from promptops.cli.revisions import uncommitted
from promptops.documents.tree import Tree
from promptops.engine.suite import load_suite, suite_names
from promptops.errors import InputError
from promptops.prompts.loading import load_prompt, prompt_names
from promptops.reports.encoding import encode
from promptops.reports.listings import PROMPTS_SCHEMA, PromptLine, render_prompts
from promptops.reports.page import Cell, Page
from promptops.reports.surface import Surface

_JUDGES = frozenset({"judge", "pairwise"})


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
    lines = []
    for name in prompt_names(project.tree):
        used = tuple(suite["name"] for suite in suites if suite.get("prompt") == name)
        judging = tuple(suite["name"] for suite in suites if name in suite.get("judges", ()))
        line = PromptLine(name, 0, "", suites=used, judges_in=judging)
        try:
            loaded = load_prompt(project.tree, name)
        except InputError as error:
            lines.append(replace(line, broken=str(error)))
            continue
        prompt = loaded.prompt
        lines.append(
            replace(
                line,
                version=prompt.version,
                digest=loaded.digest,
                description=prompt.description,
                model=prompt.model,
            )
        )
    dirty = uncommitted(project, {line.name: line.digest for line in lines if not line.broken})
    return [replace(line, dirty=line.name in dirty) for line in lines]


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
        "judges": sorted(
            {prompt for each in suite.file.scorers.values() for prompt in _asked(each)}
        ),
        "description": suite.file.description,
    }


def _asked(scorer: dict[str, Any]) -> Iterator[str]:
    """The prompt that a scorer asks with, where it is a judge."""
    if scorer.get("type") in _JUDGES and isinstance(scorer.get("prompt"), str):
        yield scorer["prompt"]


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
