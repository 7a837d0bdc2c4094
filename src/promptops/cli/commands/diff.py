"""Show what differs between two versions of a prompt, in meaning and as sent.

A and B are versions (`v2`) or revisions (`main`, `HEAD~3`). Without B, A is compared with the file
on disk; without both, the newest version is compared with the one before it.
"""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from promptops.cli.cases import DatasetOption, SuiteOption, Wanted, columns_for
from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    note,
    surface,
)
from promptops.cli.past_runs import quality_of
from promptops.cli.project import Project, find_project
from promptops.cli.revisions import NameArgument, Revision, history_of, on_disk, prompt_at
from promptops.errors import HistoryError
from promptops.prompts.meaning import canonical_meaning
from promptops.prompts.prompt import PromptMessage
from promptops.reports.differences import (
    Difference,
    PromptView,
    difference_json,
    render_difference,
)
from promptops.values.request import Message, Request


def command(
    name: NameArgument,
    a: Annotated[
        str | None, typer.Argument(metavar="[A]", help="The older side.", show_default=False)
    ] = None,
    b: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The newer side.", show_default=False)
    ] = None,
    *,
    case: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Also as sent for this case.", show_default=False),
    ] = None,
    suite: SuiteOption = None,
    dataset: DatasetOption = None,
    tokens: Annotated[bool, typer.Option(help="Count the tokens of what is sent.")] = True,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    project = find_project()
    before, after = _sides(project, name, a, b)
    wanted = Wanted(case, suite, dataset)
    difference = Difference(
        name,
        _view(project, before, wanted, tokens),
        _view(project, after, wanted, tokens),
        case,
        quality_of(project, name, before.loaded, after.loaded),
    )
    if format_ is Format.JSON:
        emit(difference_json(difference), output, machine=True)
    else:
        emit(render_difference(difference, surface(output)), output)


def _sides(project: Project, name: str, a: str | None, b: str | None) -> tuple[Revision, Revision]:
    if a is not None:
        return prompt_at(project, name, a), prompt_at(project, name, b)
    newest = on_disk(project, name)
    history = history_of(project, name)
    for version in history.versions:
        if version.broken:
            note(f"{version.label} is left out: {version.broken.message}")
        elif version.loaded and version.digest != newest.loaded.digest:
            return Revision(version.loaded, version.label, version.commit), newest
        elif not version.dirty:
            newest = Revision(newest.loaded, version.label, version.commit)
    hint = "change its text, or name a revision: promptops diff NAME REV"
    if history.is_shallow:
        hint = "this clone is shallow; for older ones: git fetch --unshallow"
    raise HistoryError(f"{name!r} has one version only: {newest.label}", hint=hint)


def _view(project: Project, revision: Revision, wanted: Wanted, tokens: bool) -> PromptView:
    loaded, prompt = revision.loaded, revision.loaded.prompt
    request: Request | None = None
    if wanted.case_id is not None or wanted.suite or wanted.dataset:
        columns = columns_for(project, loaded, wanted)
        rendering = importlib.import_module("promptops.cli.rendered")
        request = rendering.request_for(loaded, columns)
    count = importlib.import_module("promptops.cli.tokens").count if request and tokens else None
    return PromptView(
        label=revision.label,
        name=loaded.name,
        digest=loaded.digest,
        model=prompt.model,
        messages=[_template(each) for each in prompt.messages],
        params=canonical_meaning(prompt, loaded.includes)["params"],
        inputs=prompt.inputs,
        output=prompt.output.schema if prompt.output else None,
        tools=prompt.tools,
        includes=loaded.includes,
        change=prompt.change,
        rendered=request.messages if request else None,
        tokens=count(request) if count else None,
    )


def _template(message: PromptMessage) -> Message:
    return Message(
        message.role, message.content, message.name, message.tool_calls, message.tool_call_id
    )
