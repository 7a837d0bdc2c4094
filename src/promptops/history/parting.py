"""The commit that a whole change is compared with: where it parted from what it will be part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from promptops.errors import HistoryError
from promptops.history import processes
from promptops.history.occasion import Occasion, occasion
from promptops.history.parted import DEEPEN, merge_base
from promptops.history.pull_request import Target
from promptops.history.repository import Repository

NAME_IT = "name what this is to be compared with: --base REV"
_REMOTE, _LOCAL = "refs/remotes/", "refs/heads/"
_DEFAULTS = (
    *(f"{_REMOTE}origin/{name}" for name in ("HEAD", "main", "master")),
    *(f"{_LOCAL}{name}" for name in ("main", "master")),
)


@dataclass(frozen=True, slots=True)
class Parting:
    """Both ends of a change."""

    commit: str | None
    """What it is compared with, in full; None where everything is new."""
    how: str
    """Why that one, for a person: `the merge base with main`."""
    head: str | None
    """The commit that people know the change by; None before the first. A service may have checked
    out another one: a merge of it that it made for this build."""


def parting(repository: Repository, wanted: str | None, environ: Mapping[str, str]) -> Parting:
    """Where the change at hand begins.

    In this order: the merge base with `wanted`; what the build service says (`environ`); the merge
    base with the default branch.

    Raises:
        InputError: GitHub's event file cannot be read.
        HistoryError: what is meant is not there, or the clone does not reach back to it.
    """
    head = repository.head
    if head is None:
        if wanted is not None:
            repository.resolve(wanted)
        return Parting(None, "there is no commit yet: everything is new", None)
    if wanted is not None:
        tip = repository.resolve(wanted)
        return _merging(repository, head, tip, wanted)
    return _told(repository, head, occasion(environ))


def _told(repository: Repository, head: str, told: Occasion | None) -> Parting:
    if told is None:
        return _at_desk(repository, head, "")
    if told.kind == "request":
        return _of_request(repository, head, told)
    if told.kind == "queue":
        return replace(_outright(repository, head, told), head=told.head or head)
    if told.kind == "push":
        return _of_push(repository, head, told)
    return _at_desk(repository, head, told.target.branch)


def _merging(repository: Repository, head: str, tip: str, name: str) -> Parting:
    commit = merge_base(repository, head, tip, name, NAME_IT)
    return Parting(commit, f"the merge base with {name}", head)


def _of_request(repository: Repository, head: str, told: Occasion) -> Parting:
    """A pull request, checked out by itself or as the service's own merge of it."""
    branch = told.target.branch or "the target branch"
    known = told.head or head
    parents = _parents(repository, head)
    if told.head and head != told.head and told.head in parents[1:]:
        # All that this merge changes beside its first parent is the pull request's own.
        if repository.lookup(parents[0]) is None:
            raise _too_shallow(f"the commit of {branch} that this pull request was merged into")
        return Parting(parents[0], f"what it would be merged into: {branch}", known)
    if told.head and head != told.head:
        _check_holds(repository, head, told.head)
    if told.target.base and (commit := repository.lookup(told.target.base)):
        return Parting(commit, f"the merge base with {branch}", known)
    refs = [f"{_REMOTE}origin/{told.target.branch}", f"{_LOCAL}{told.target.branch}"]
    refs = [told.target.tip, *refs] if _is_merged_for(told.target) else [*refs, told.target.tip]
    for ref in filter(None, refs):
        tip = repository.lookup(ref)
        if tip is not None:
            return replace(_merging(repository, head, tip, branch), head=known)
    raise HistoryError(
        f"{branch!r}, which this pull request is for ({told.target.variable}), "
        "is not in this clone",
        hint=f"{DEEPEN}, or git fetch origin {told.target.branch}",
    )


def _is_merged_for(target: Target) -> bool:
    """Whether the tip is the one that the service merged itself, and not one that it was once."""
    return bool(target.tip) and target.variable != "GITHUB_EVENT_PATH"


def _check_holds(repository: Repository, head: str, asked: str) -> None:
    """Raise where what is checked out is not the pull request: it would pass unseen."""
    if repository.lookup(asked) is None and repository.is_shallow:
        raise _too_shallow(f"the pull request's commit {asked[:12]}")
    if repository.lookup(asked) is None or repository.merge_base(head, asked) != asked:
        raise HistoryError(
            f"what is checked out ({head[:12]}) is not the pull request's commit {asked[:12]}",
            hint="run on pull_request, and check out what it asks about; "
            "pull_request_target checks out the target branch",
        )


def _outright(repository: Repository, head: str, told: Occasion) -> Parting:
    """The service names the commit itself."""
    before, branch = told.target.base, told.target.branch
    known = repository.lookup(before) if before else None
    if known is None:
        raise _too_shallow(f"the commit {before[:12]} of {branch}, which comes before")
    return Parting(known, f"what it would be merged into: {branch}", head)


def _of_push(repository: Repository, head: str, told: Occasion) -> Parting:
    branch, before = told.target.branch, told.target.base
    known = repository.lookup(before) if before else None
    if known is not None:
        commit = merge_base(repository, head, known, before[:12], NAME_IT)
        return Parting(commit, "what was there before this push", head)
    if not before and told.created and branch and branch == told.default:
        return Parting(None, f"the first push of {branch}: everything is new", head)
    if before and repository.is_shallow:
        raise _too_shallow(f"the commit {before[:12]}, which was there before this push")
    if before and (not told.default or branch == told.default):
        raise HistoryError(
            f"the commit {before[:12]}, which was there before ({told.target.variable}), "
            "is not in this clone",
            hint=NAME_IT,
        )
    return _at_desk(repository, head, told.default)


def _at_desk(repository: Repository, head: str, default: str) -> Parting:
    """The merge base with the default branch, as this clone knows it."""
    named = (f"{_REMOTE}origin/{default}", f"{_LOCAL}{default}") if default else ()
    for ref in (*named, *_DEFAULTS):
        tip = repository.lookup(ref)
        if tip is not None:
            name = ref.removeprefix(_REMOTE).removeprefix(_LOCAL)
            return _merging(repository, head, tip, name)
    known = ", ".join(ref.removeprefix(_REMOTE).removeprefix(_LOCAL) for ref in _DEFAULTS)
    raise HistoryError(
        f"nothing says what this is to be compared with: there is none of {known}", hint=NAME_IT
    )


def _too_shallow(what: str) -> HistoryError:
    return HistoryError(f"this clone does not hold {what}", hint=DEEPEN)


def _parents(repository: Repository, commit: str) -> list[str]:
    """As the commit itself says: also those that a shallow clone left out."""
    _, out = processes.run(repository.top, "cat-file", "commit", commit)
    head = out.partition(b"\n\n")[0].decode("utf-8", "replace").splitlines()
    return [line.removeprefix("parent ") for line in head if line.startswith("parent ")]
