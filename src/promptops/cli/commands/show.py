"""Show what a prompt means: version, model, parameters, messages, includes."""

from __future__ import annotations

from typing import Any

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import find_project
from promptops.cli.revisions import AtOption, NameArgument, Revision, prompt_at
from promptops.prompts.meaning import canonical_meaning
from promptops.reports.encoding import encode
from promptops.reports.page import Page
from promptops.reports.prompt_parts import write_fields, write_json, write_messages


def command(
    name: NameArgument,
    *,
    at: AtOption = None,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    revision = prompt_at(find_project(), name, at)
    if format_ is Format.JSON:
        emit(encode(_value(revision)), output, machine=True)
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
