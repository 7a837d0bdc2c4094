"""What a build service says of the change that this process runs for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from promptops.errors import InputError
from promptops.history.pull_request import Target, target

MOST_BYTES = 32 * 1024 * 1024
"""Of an event file; GitHub sends no event larger than 25 MB."""

_HEADS = "refs/heads/"
_NOTHING = "0"
"""A commit that there is not is a hash of zeros."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One change, as the service tells it."""

    kind: Literal["request", "queue", "push", "other"]
    """A pull request, a merge queue's turn, a push, or anything else, such as a timer."""
    target: Target
    """What it is for; of a push its own branch, and of anything else the default one."""
    head: str = ""
    """The commit that is asked about; "" where the service does not tell it."""
    default: str = ""
    """The repository's default branch; "" where the service does not tell it."""
    created: bool = False
    """The push made its branch, so that nothing was there before."""


def occasion(environ: Mapping[str, str]) -> Occasion | None:
    """What the service says, or None at a desk and where it says nothing.

    Raises:
        InputError: GitHub's event file cannot be read.
    """
    path = environ.get("GITHUB_EVENT_PATH", "")
    if path and environ.get("GITHUB_ACTIONS") == "true":
        event = _event(path)
        if event is not None:
            return _github(event)
    merging = target(environ)
    if merging is not None:
        head = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "")
        return Occasion("request", merging, head)
    return _pushed(environ)


def build_url(environ: Mapping[str, str]) -> str:
    """Where this run of the build can be looked at; "" where nobody says."""
    run = environ.get("GITHUB_RUN_ID", "")
    server, name = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    if run and server and name:
        return f"{server}/{name}/actions/runs/{run}"
    known = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "BUILD_URL")
    return next((environ[each] for each in known if environ.get(each)), "")


def _event(path: str) -> dict[str, Any] | None:
    """The event as it is written in a file; None where there is no such file."""
    place = Path(path)
    try:
        if os.path.getsize(place) > MOST_BYTES:  # noqa: PTH202 - a name from the environment
            raise InputError(f"GITHUB_EVENT_PATH: larger than {MOST_BYTES // 1024 // 1024} MB")
        found = json.loads(place.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"GITHUB_EVENT_PATH: {path} cannot be read as an event: {error}",
            hint="name what this is to be compared with: --base REV",
        ) from None
    return found if isinstance(found, dict) else None


def _github(event: dict[str, Any]) -> Occasion:
    default = _text(event, "repository", "default_branch")
    name = "GITHUB_EVENT_PATH"
    if "pull_request" in event:
        branch = _text(event, "pull_request", "base", "ref")
        # The target's tip when the event was made; the target may have moved since.
        tip = _text(event, "pull_request", "base", "sha")
        head = _text(event, "pull_request", "head", "sha")
        return Occasion("request", Target(branch, "", name, tip), head, default)
    if "merge_group" in event:
        branch = _text(event, "merge_group", "base_ref").removeprefix(_HEADS)
        before = _text(event, "merge_group", "base_sha")
        head = _text(event, "merge_group", "head_sha")
        return Occasion("queue", Target(branch, before, name), head, default)
    before = _text(event, "before")
    if before and "ref" in event:
        branch, made = _text(event, "ref").removeprefix(_HEADS), event.get("created") is True
        told = Target(branch, before.strip(_NOTHING) and before, name)
        return Occasion("push", told, default=default, created=made)
    return Occasion("other", Target(default, "", name), default=default)


def _pushed(environ: Mapping[str, str]) -> Occasion | None:
    """A push as GitLab and Jenkins tell it."""
    default = environ.get("CI_DEFAULT_BRANCH", "")
    names = ("CI_COMMIT_BEFORE_SHA", "GIT_PREVIOUS_SUCCESSFUL_COMMIT")
    for name in names:
        before = environ.get(name, "")
        if before.strip(_NOTHING):
            branch = environ.get("CI_COMMIT_BRANCH", "") or environ.get("BRANCH_NAME", "")
            return Occasion("push", Target(branch, before, name), default=default)
    return Occasion("other", Target(default, "", "CI_DEFAULT_BRANCH")) if default else None


def _text(event: Any, *path: str) -> str:
    """A text within an event; "" where there is none, or something else."""
    for step in path:
        event = event.get(step) if isinstance(event, dict) else None
    return event if isinstance(event, str) else ""
