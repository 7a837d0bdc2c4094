"""Comment what a gate came to on its pull request, once, and update it in place.

In a workflow under `workflow_run` it takes the reports that the run left, finds the pull request by
its commit, and writes the comment itself; nothing of the pull request is checked out or run.
Elsewhere, --pull-request and --file say what to comment on and with what.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from promptops.cli.commenting import (
    Outcome,
    comment_of,
    comment_of_run,
    comment_without_report,
    order_of,
    read_gate,
)
from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    note,
)
from promptops.errors import InputError, PromptopsError
from promptops.github import comments, pulls
from promptops.github.api import GitHub
from promptops.github.artifact import NAME, gate_of_run
from promptops.github.comments import Order
from promptops.github.events import Event, PullRequest, WorkflowRun, read_event, repository_of
from promptops.models.redaction import Redactor
from promptops.reports.encoding import encode
from promptops.reports.markdown.marker import MARKER


def command(
    *,
    pull_request: Annotated[
        int | None,
        typer.Option("--pull-request", metavar="N", min=1, help="Its number.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            help="A gate.json of one's own, in place of an artifact.",
            show_default=False,
        ),
    ] = None,
    artifact: Annotated[
        str, typer.Option("--artifact", metavar="NAME", help="The artifact with the reports.")
    ] = NAME,
    author: Annotated[
        str,
        typer.Option("--author", metavar="LOGIN", help="Whose comments are one's own."),
    ] = comments.AUTHOR,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the comment; write nothing.")
    ] = False,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    if file is not None:
        done = _of_file(file, pull_request, author, dry_run=dry_run)
    else:
        done = _of_run(artifact, pull_request, author, dry_run=dry_run)
    if isinstance(done, Outcome):
        machine = format_ is Format.JSON
        emit(encode(done.value()) if machine else done.line(), output, machine=machine)
    else:
        emit(done, output, machine=True)


def _of_file(file: Path, number: int | None, author: str, *, dry_run: bool) -> Outcome | str:
    """A file of one's own: of this very build, which may be believed."""
    body = comment_of(read_gate(file))
    if dry_run:
        return body
    event = None if number is not None else read_event()
    if event is not None and event.pull_request is None:
        raise InputError(
            "the event is not of a pull request", hint="promptops comment --pull-request N --file …"
        )
    with GitHub.of(repository_of(os.environ, event)) as github:
        asked = event.pull_request if event else None
        request = pulls.pull(github, asked.number if asked else number or 0)
        if asked is not None and request.head.sha != asked.head.sha:
            return Outcome(request, pulls.superseded(request, asked.head.sha))
        return _put(github, request, body, author, None)


def _of_run(artifact: str, number: int | None, author: str, *, dry_run: bool) -> Outcome | str:
    """The reports that the run of a pull request left: nothing in them is believed."""
    event = read_event()
    run = _run_of(event)
    with GitHub.of(repository_of(os.environ, event)) as github:
        found = _meant(github, run, number)
        if isinstance(found, pulls.Superseded):
            return Outcome(None, found)
        try:
            body = comment_of_run(gate_of_run(github, run.id, artifact), run)
        except PromptopsError as error:
            if not dry_run:
                _take_back(github, found, run, author, error.message)
            raise
        if dry_run:
            note(f"for #{found.number}")
            return body
        now = pulls.pull(github, found.number)  # the download took its time
        if now.state != "open" or now.head.sha != run.head_sha:
            return Outcome(now, pulls.superseded(now, run.head_sha))
        return _put(github, now, body, author, order_of(run))


def _take_back(
    github: GitHub, request: PullRequest, run: WorkflowRun, author: str, why: str
) -> None:
    """Where an older commit was commented on: say there that this one has no report.

    That there is none is the error that counts; one from saying so is not told besides.
    """
    with suppress(PromptopsError):
        now = pulls.pull(github, request.number)
        if now.state == "open" and now.head.sha == run.head_sha:
            body = comment_without_report(run, why)
            _put(github, now, body, author, order_of(run), create=False)


def _run_of(event: Event) -> WorkflowRun:
    run = event.workflow_run
    if run is None:
        raise InputError(
            "the event is not of a workflow run",
            hint="run this under  on: workflow_run,  or name a --file",
        )
    if run.event != "pull_request":
        raise InputError(
            f"run {run.id} was for {run.event!r}, not for a pull request",
            hint="if: github.event.workflow_run.event == 'pull_request'",
        )
    return run


def _meant(github: GitHub, run: WorkflowRun, number: int | None) -> PullRequest | pulls.Superseded:
    """The pull request of a run; one that is named has to have its head all the same."""
    if number is None:
        return pulls.pull_of_run(github, run)
    request = pulls.pull(github, number)
    if request.state == "open" and request.head.sha == run.head_sha:
        return request
    return pulls.superseded(request, run.head_sha)


def _put(
    github: GitHub,
    request: PullRequest,
    body: str,
    author: str,
    order: Order | None,
    *,
    create: bool = True,
) -> Outcome:
    shown = Redactor(os.environ).exact(body)
    put = comments.put(
        github,
        request.number,
        shown,
        marker=MARKER,
        author=author,
        order=order,
        create=create,
    )
    return Outcome(request, put)
