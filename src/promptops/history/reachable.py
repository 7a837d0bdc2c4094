"""Every meaning that a branch, a tag, the stash or the HEAD of a worktree leads to."""

from __future__ import annotations

from collections.abc import Iterator

from promptops.history import processes
from promptops.history.lineage import state_in
from promptops.history.repository import Repository
from promptops.history.revision_tree import Entry, RevisionTree
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import SUFFIX, LoadedPrompt

_Known = dict[tuple[str, Entry], list[tuple[dict[str, Entry | None], str]]]
"""A file's path and content to the includes it was read with, and the digest that came of it."""


def committed_digests(repository: Repository) -> Iterator[str]:
    """The digest of every meaning that any prompt had in any commit; several times, perhaps.

    Raises:
        HistoryError: git fails.
    """
    known: _Known = {}
    for commit in _commits(repository):
        tree = repository.tree(commit)
        for path in tree.list(FOLDER):
            if path.endswith(SUFFIX):
                yield from _digest(tree, path, known)


def _commits(repository: Repository) -> list[str]:
    """Every commit, from whatever ref, that touched the prompts; merged-away lines too."""
    _, out = processes.run(
        repository.top,
        *("log", "--all", "--full-history", "--no-show-signature", "--format=%H"),
        *("--end-of-options", "--", repository.prefix + FOLDER),
    )
    return out.decode().split()


def _digest(tree: RevisionTree, path: str, known: _Known) -> Iterator[str]:
    """The digest of one file at one commit; nothing where it is no prompt."""
    entry = tree.entry(path)
    if entry is None:
        return
    readings = known.setdefault((path, entry), [])
    for includes, digest in readings:
        if all(tree.entry(each) == then for each, then in includes.items()):
            yield digest
            return
    state = state_in(tree, path)
    if state.loaded is None:
        return
    yield state.loaded.digest
    if not _open_ended(state.loaded):
        paths = [f"{FOLDER}/{each}" for each in state.loaded.includes]
        readings.append(({each: tree.entry(each) for each in paths}, state.loaded.digest))


def _open_ended(loaded: LoadedPrompt) -> bool:
    """Whether a file that is not there (`ignore missing`) could change what it means."""
    return any("missing" in text for text in (loaded.source, *loaded.includes.values()))
