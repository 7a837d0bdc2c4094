"""The event that a workflow runs for, as the runner lays it down in a file.

GitHub itself writes that file. Names of branches and repositories in it are people's own all the
same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from promptops.errors import InputError

LONGEST = 26_000_000
"""Bytes of an event: GitHub sends none above 25 MB."""

REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}\Z", re.ASCII)
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]{1,1000}\Z", re.ASCII)

Sha = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{40}([0-9a-f]{24})?\Z")]


class Repository(msgspec.Struct, frozen=True):
    """A repository, by its full name: `owner/name`."""

    full_name: str

    @property
    def owner(self) -> str:
        """The account that it belongs to."""
        return self.full_name.partition("/")[0]


class WorkflowRun(msgspec.Struct, frozen=True):
    """The run of another workflow that has come to its end."""

    id: int
    event: str
    """What that one ran for: `pull_request`, …"""
    head_sha: Sha
    """The last commit of the pull request, in full; not the merge that was checked out."""
    html_url: str = ""
    head_branch: str | None = None
    head_repository: Repository | None = None
    """None where a fork is gone."""
    run_number: int = 0
    run_attempt: int = 1

    @property
    def url(self) -> str:
        """Where people look at it; "" where that is no plain address."""
        return self.html_url if _PLAIN_URL.match(self.html_url) else ""


class Branch(msgspec.Struct, frozen=True):
    """One end of a pull request."""

    ref: str
    sha: Sha
    repo: Repository | None = None
    """None where it is gone."""


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request, as far as finding one needs."""

    number: int
    state: str
    """`open` or `closed`; merged ones are closed."""
    head: Branch
    base: Branch
    html_url: str = ""


class Event(msgspec.Struct, frozen=True):
    """An event; what it is not about is None."""

    repository: Repository
    workflow_run: WorkflowRun | None = None
    pull_request: PullRequest | None = None


def read_event(environ: Mapping[str, str] = os.environ) -> Event:
    """The event that `GITHUB_EVENT_PATH` names.

    Raises:
        InputError: there is none, it cannot be read, it is of another kind than a workflow's or a
            pull request's, or it belongs to another repository than `GITHUB_REPOSITORY`.
    """
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        raise InputError(
            "GITHUB_EVENT_PATH is not set: there is no event to read",
            hint="outside of GitHub's workflows: "
            "promptops comment --pull-request N --file gate.json",
        )
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise InputError(f"cannot read the event {path}: {error.strerror}") from None
    if len(data) > LONGEST:
        raise InputError(f"the event {path} is larger than GitHub's limit of 25 MB")
    try:
        event = msgspec.json.decode(data, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the event {path} is no event of GitHub's: {error}") from None
    named = environ.get("GITHUB_REPOSITORY", "")
    if named and event.repository.full_name.lower() != named.lower():
        raise InputError(
            f"the event is of {event.repository.full_name}, while GITHUB_REPOSITORY is {named}"
        )
    return event


def repository_of(environ: Mapping[str, str], event: Event | None = None) -> str:
    """The repository that is meant, as `owner/name`.

    Raises:
        InputError: nothing names it, or the name is none.
    """
    name = event.repository.full_name if event else environ.get("GITHUB_REPOSITORY", "")
    if not name:
        raise InputError(
            "GITHUB_REPOSITORY is not set", hint="the repository's full name: owner/name"
        )
    if not REPOSITORY.match(name) or ".." in name:
        raise InputError(f"GITHUB_REPOSITORY: {name!r} is not owner/name")
    return name
