"""Show what a prompt means: version, model, parameters, messages, includes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.paper import write_fields, write_json, write_messages
from promptops.cli.project import find_project
from promptops.cli.revisions import Revision, prompt_at
from promptops.cli.structured import emit_json
from promptops.prompts.meaning import canonical_meaning
from promptops.reports.page import Page


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The prompt.", show_default=False)],
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="REV|vN", help="As of a version or revision.", show_default=False),
    ] = None,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    revision = prompt_at(find_project(), name, at)
    if format_ is Format.JSON:
        emit_json(_value(revision), output)
    else:
        emit(_text(Page(surface(output)), revision), output)


def _value(revision: Revision) -> dict[str, Any]:
    loaded = revision.loaded
    return {
        "name": loaded.name,
        "path": loaded.path,
        "version": loaded.prompt.version,
        "digest": loaded.digest,
        "commit": revision.commit,
        "description": loaded.prompt.description,
        "change": loaded.prompt.change,
        **canonical_meaning(loaded.prompt, loaded.includes),
    }


def _text(page: Page, revision: Revision) -> str:
    value = _value(revision)
    page.line((f"{value['name']}  ", "bold"), revision.label)
    write_fields(
        page,
        {
            "about": value["description"],
            "change": value["change"],
            "file": value["path"],
            "digest": value["digest"],
            "model": value["model"],
            "params": value["params"],
            "inputs": value["inputs"],
        },
    )
    write_messages(page, value["messages"])
    for title in ("output", "tools"):
        if value[title]:
            write_json(page, "output schema" if title == "output" else title, value[title])
    for path, text in value["includes"].items():
        write_messages(page, [{"role": f"include {path}", "content": text}])
    return page.text()
