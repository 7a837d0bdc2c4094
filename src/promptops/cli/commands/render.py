"""Render a prompt with one case: exactly what would be sent, with its token count.

Variables come from a case of the prompt's dataset (`--case ID`), from the command line
(`--var name=value`), or from both; those of the command line win.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import msgspec
import typer

from promptops.cli.cases import DatasetOption, SuiteOption, Wanted, columns_for
from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import find_project
from promptops.cli.rendered import request_for
from promptops.cli.revisions import AtOption, NameArgument, prompt_at
from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Page
from promptops.reports.prompt_parts import write_fields, write_json, write_messages


def command(
    name: NameArgument,
    *,
    case: Annotated[
        str | None, typer.Option(metavar="ID", help="A case's id.", show_default=False)
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="A variable; JSON unless it is text.", show_default=False
        ),
    ] = None,
    at: AtOption = None,
    suite: SuiteOption = None,
    dataset: DatasetOption = None,
    model: Annotated[
        str | None, typer.Option(help="For another model.", show_default=False)
    ] = None,
    tokens: Annotated[bool, typer.Option(help="Count the tokens.")] = True,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    project = find_project()
    revision = prompt_at(project, name, at)
    columns = columns_for(project, revision.loaded, Wanted(case, suite, dataset, var or ()))
    request = request_for(revision.loaded, columns, model=model)
    count = importlib.import_module("promptops.cli.tokens").count(request) if tokens else None
    value = {
        "name": name,
        "version": revision.loaded.prompt.version,
        "digest": revision.loaded.digest,
        "commit": revision.commit,
        "case": case,
        "input_tokens": count,
        "request": msgspec.to_builtins(request),
    }
    if format_ is Format.JSON:
        emit(encode(value), output, machine=True)
    else:
        emit(_text(Page(surface(output)), revision.label, value), output)


def _text(page: Page, label: str, value: dict[str, Any]) -> str:
    request, count = value["request"], value["input_tokens"]
    case = f"  case {value['case']}" if value["case"] else ""
    page.line((f"{value['name']}  ", "bold"), label, (case, "dim"))
    fields = {"model": request["model"], "params": request.get("params", {})}
    write_fields(page, fields | {"tokens": None if count is None else words.number(count)})
    write_messages(page, request["messages"])
    if request.get("output_schema"):
        write_json(page, "output schema", request["output_schema"])
    if request.get("tools"):
        write_json(page, "tools", request["tools"])
    return page.text()
