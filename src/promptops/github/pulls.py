"""Which pull request a run was made for, by GitHub's word alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promptops.errors import InputError, NoVerdictError
from promptops.github.api import GitHub
from promptops.github.events import PullRequest, Repository, WorkflowRun

_SHORT = 7


@dataclass(frozen=True, slots=True)
class Superseded:
    """There is nobody left to tell: why, in words."""

    why: str


def pull_of_run(github: GitHub, run: WorkflowRun) -> PullRequest | Superseded:
    """The open pull request whose last commit the run was made for.

    The event names none for a fork, and the list by commit is empty for one; so the open pull
    requests of the head's branch are asked for, and the commit is compared.

    Raises:
        NoVerdictError: several have this very head, or GitHub cannot be asked.
    """
    known = {each.number: each for each in _candidates(github, run)}
    opened = [each for each in known.values() if each.state == "open"]
    here = [each for each in opened if each.head.sha == run.head_sha]
    if len(here) > 1:
        numbers = ", ".join(f"#{each.number}" for each in sorted(here, key=lambda one: one.number))
        raise NoVerdictError(
            f"{numbers} have the same head, and nothing tells which of them run {run.id} was for",
            hint="promptops comment --pull-request N  says it",
        )
    if here:
        return here[0]
    if opened:
        return superseded(opened[0], run.head_sha)
    return Superseded(f"no open pull request has the head {run.head_sha[:_SHORT]}")


def pull(github: GitHub, number: int) -> PullRequest:
    """One pull request by its number.

    Raises:
        InputError: there is none.
        NoVerdictError: GitHub cannot be asked.
    """
    if number < 1:
        raise InputError(f"--pull-request {number}: numbers begin with 1")
    return github.get(f"/pulls/{number}", PullRequest)


def superseded(request: PullRequest, sha: str) -> Superseded:
    """In words: this pull request is not at that commit any more."""
    if request.state != "open":
        return Superseded(f"#{request.number} is closed")
    moved = f"#{request.number} has moved on from {sha[:_SHORT]} to {request.head.sha[:_SHORT]}"
    return Superseded(moved)


def _candidates(github: GitHub, run: WorkflowRun) -> Iterator[PullRequest]:
    """Pull requests into this repository out of the run's own branch."""
    head, branch = run.head_repository, run.head_branch
    found = False
    if head is not None and branch:
        label = f"{head.owner}:{branch}"
        for page in github.pages("/pulls", list[PullRequest], state="open", head=label):
            for each in page:
                if _is_of(each, github.repository, run):
                    found = True
                    yield each
    if not found:
        for page in github.pages(f"/commits/{run.head_sha}/pulls", list[PullRequest]):
            yield from (each for each in page if _is_of(each, github.repository, run))


def _is_of(request: PullRequest, repository: str, run: WorkflowRun) -> bool:
    base = request.base.repo
    if base is None or base.full_name.lower() != repository.lower():
        return False
    if _name(request.head.repo) != _name(run.head_repository):
        return False
    return run.head_branch is None or request.head.ref == run.head_branch


def _name(repository: Repository | None) -> str | None:
    """Names tell no capitals apart; of a fork that is gone there is none, and none is another's."""
    return None if repository is None else repository.full_name.lower()
