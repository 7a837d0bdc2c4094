"""What may not be lost: versions that are on disk or in a commit, and runs that may go on."""

from __future__ import annotations

from promptops.cli.begun_runs import inputs_of
from promptops.cli.project import Project
from promptops.errors import HistoryError, InputError
from promptops.history.reachable import committed_digests
from promptops.history.repository import Repository
from promptops.prompts.loading import load_prompt, prompt_names
from promptops.store.begun import Begun, BegunRun
from promptops.store.pruning import Reach, Unfinished


def reach_of(project: Project) -> Reach:
    """The versions of every prompt, judges among them.

    A version is reachable where a file of the working tree means it, or where a file did in any
    commit that a branch, a tag, the stash or the HEAD of a worktree leads to.

    Raises:
        HistoryError: git cannot say: there is no repository, the clone is cut off, git fails.
    """
    repository = Repository.find(project.root)
    if repository is None:
        raise HistoryError(
            "there is no git repository, so nothing says which versions are out of reach",
            hint="choose by age: --older-than 30d",
        )
    with repository:
        if repository.is_shallow:
            raise HistoryError(
                "this clone is shallow: versions that it does not hold may be in use elsewhere",
                hint="git fetch --unshallow, or choose by age: --older-than 30d",
            )
        committed = set(committed_digests(repository))
    digests, unreadable = _on_disk(project)
    return Reach(frozenset(committed | digests), frozenset(unreadable))


def unfinished_runs(begun: Begun) -> list[Unfinished]:
    """The runs that were begun and have not come to their end."""
    return [_unfinished(each) for each in begun.unfinished()]


def _unfinished(run: BegunRun) -> Unfinished:
    inputs = inputs_of(run)
    if inputs is None:  # then all of its suite is needed
        return Unfinished(run.run, run.suite, alive=run.alive)
    sides = [side for side in (inputs.candidate, inputs.baseline) if side]
    digests = tuple(side.digest for side in sides)
    return Unfinished(run.run, run.suite, inputs.prompt, digests, run.alive)


def _on_disk(project: Project) -> tuple[set[str], set[str]]:
    """Digests of the files on disk, and the names of prompts whose files cannot be read."""
    digests: set[str] = set()
    unreadable: set[str] = set()
    for name in prompt_names(project.tree):
        try:
            digests.add(load_prompt(project.tree, name).digest)
        except InputError:  # `lint` tells of it; what the file meant a moment ago is not lost
            unreadable.add(name)
    return digests, unreadable
