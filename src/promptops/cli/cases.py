"""One case of a dataset, or variables given by hand, for a prompt to be rendered with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.project import Project
from promptops.datasets.loading import open_dataset
from promptops.documents.strict_json import strict_json
from promptops.engine.suite import Suite, load_suite, locate_dataset, suite_names
from promptops.errors import InputError, did_you_mean
from promptops.prompts.loading import LoadedPrompt

SuiteOption = Annotated[
    str | None, typer.Option(help="The suite to find the case in.", show_default=False)
]
DatasetOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The file to find the case in.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which variables a person asked for on the command line."""

    case_id: str | None = None
    suite: str | None = None
    dataset: Path | None = None
    variables: Sequence[str] = ()
    """`name=value`, over the case's own columns."""


def columns_for(project: Project, loaded: LoadedPrompt, wanted: Wanted) -> dict[str, Any]:
    """The columns of the wanted case, with the variables given by hand over them.

    Raises:
        InputError: no such case, suite, dataset or variable, or more than one could be meant.
    """
    columns: dict[str, Any] = {}
    if wanted.case_id is not None:
        place, display = _dataset(project, loaded.name, wanted)
        with open_dataset(place, display=display) as dataset:
            columns |= dataset.case(dataset.index_of(wanted.case_id)).columns
    elif wanted.suite or wanted.dataset:
        raise InputError("a dataset has many cases", hint="name one with --case ID")
    return columns | _variables(loaded, wanted.variables)


def _dataset(project: Project, prompt: str, wanted: Wanted) -> tuple[Path, str]:
    """The place of the dataset, and its name in messages."""
    if wanted.dataset is not None:
        return wanted.dataset.resolve(), str(wanted.dataset)
    suite = load_suite(project.tree, wanted.suite) if wanted.suite else _suite(project, prompt)
    return locate_dataset(suite, project.tree), suite.dataset_path


def _suite(project: Project, prompt: str) -> Suite:
    """The suite of a prompt: the only one there is, or the one with the prompt's name."""
    found: dict[str, Suite] = {}
    for name in suite_names(project.tree):
        try:
            suite = load_suite(project.tree, name)
        except InputError:  # `lint` tells of it; another suite may serve
            continue
        if suite.file.prompt == prompt:
            found[name] = suite
    if len(found) == 1:
        return next(iter(found.values()))
    if prompt in found:
        return found[prompt]
    if not found:
        raise InputError(
            f"no suite evaluates {prompt!r}, so there is no dataset to find the case in",
            hint="name the file with --dataset, or give variables with --var name=value",
        )
    raise InputError(
        f"several suites evaluate {prompt!r}: {', '.join(found)}", hint="choose one with --suite"
    )


def _variables(loaded: LoadedPrompt, words: Sequence[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InputError(f"--var {word} has no value", hint=f"--var {word}=…")
        schema = loaded.prompt.inputs.get(name)
        if schema is None:
            raise InputError(
                f"--var {name}: the prompt {loaded.name!r} has no such input",
                hint=did_you_mean(name, loaded.prompt.inputs) or "it declares no inputs",
            )
        columns[name] = text if _takes_text(schema) else _value(name, text)
    return columns


def _takes_text(schema: dict[str, Any]) -> bool:
    kind = schema.get("type", "string")
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _value(name: str, text: str) -> Any:
    try:
        return strict_json(text)
    except ValueError as error:
        raise InputError(
            f"--var {name}: not a JSON value ({error})",
            hint="the prompt wants no plain text here: a number, true, a [list] or a {mapping}",
        ) from None
