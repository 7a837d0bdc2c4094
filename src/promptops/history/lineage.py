"""What a prompt meant at every commit that touched the prompts, and where each meaning was born."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from promptops.documents.tree import Tree
from promptops.errors import HistoryError, PromptopsError
from promptops.history.log import Change, Commit, changes_between, commits
from promptops.history.repository import Repository
from promptops.history.revision_tree import Entry, RevisionTree
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import SUFFIX, LoadedPrompt, parse_prompt

_OPTIONAL = re.compile(r"ignore\s+missing")

Includes = dict[str, Entry | None]


def name_of(path: str) -> str:
    """The prompt that a file holds."""
    return path.removeprefix(f"{FOLDER}/").removesuffix(SUFFIX)


@dataclass(frozen=True, slots=True)
class State:
    """What a prompt is at one place of history: a meaning, broken, or absent (neither)."""

    loaded: LoadedPrompt | None = None
    broken: PromptopsError | None = None

    @property
    def key(self) -> str | None:
        """Equal where nothing changed: the digest, "" when broken, None when absent."""
        if self.loaded is not None:
            return self.loaded.digest
        return None if self.broken is None else ""


ABSENT = State()


def state_in(tree: Tree, path: str) -> State:
    """What the prompt in a file is, in a tree.

    Raises:
        HistoryError: git could not answer. What is wrong with the file itself is part of the state.
    """
    try:
        text = tree.read(path)
        return ABSENT if text is None else State(parse_prompt(text, name_of(path), tree))
    except HistoryError:
        raise
    except PromptopsError as error:
        return State(broken=error)


@dataclass(frozen=True, slots=True)
class Birth:
    """A commit at which a meaning appeared."""

    commit: Commit
    path: str
    state: State
    """As it was said last: a number that was wrong at first may have been mended since."""
    numbers: tuple[int, ...] = ()
    """Every number that was committed for this meaning, in turn; none where it is broken."""

    def said(self, state: State) -> Birth:
        """With a later state of the same meaning."""
        if state.loaded is None or state.loaded.prompt.version == self.numbers[-1]:
            return self
        return replace(self, state=state, numbers=(*self.numbers, state.loaded.prompt.version))


class Lineage:
    """The history of one prompt, back from a commit, through renames and merges."""

    def __init__(self, repository: Repository, start: str, path: str) -> None:
        """Reads the whole history. `start` is a full hash; `path` the prompt's file there."""
        self._repository = repository
        self._commits = {commit.hash: commit for commit in commits(repository, start, FOLDER)}
        self._known: dict[tuple[str, Entry], tuple[Includes, State]] = {}
        self.paths = self._follow(path)
        """The prompt's file at each commit that touched the prompts, newest first."""
        self._states = self._read()

    @property
    def top(self) -> str | None:
        """The newest commit that touched the prompts; None when none did."""
        return next(iter(self._commits), None)

    def state(self, commit: str) -> State:
        """What the prompt was at a commit that is in `paths`."""
        return self._states[commit]

    def births(self, start: str | None = None) -> list[Birth]:
        """Where each meaning first appeared, newest first; neighbours always differ.

        From `start`, a commit that is in `paths`, or from the top.

        A merge that kept one parent's meaning is followed through that parent alone, so the
        commits of a merged branch stand for themselves; a merge that made a meaning of its own is
        a birth, and all its parents are followed, the first one's line first.
        """
        kept: list[Birth] = []
        birth_of: dict[str, int] = {}
        for hash_ in reversed(list(self._walk(start or self.top))):
            state = self._states[hash_]
            if state.key is None:
                continue
            parent = next(iter(self._parents(hash_)), None)
            if parent is not None and self._states[parent].key == state.key:
                birth_of[hash_] = birth_of[parent]
            elif kept and kept[-1].state.key == state.key:
                birth_of[hash_] = len(kept) - 1
            else:
                birth_of[hash_] = len(kept)
                numbers = (state.loaded.prompt.version,) if state.loaded else ()
                kept.append(Birth(self._commits[hash_], self.paths[hash_], state, numbers))
            kept[birth_of[hash_]] = kept[birth_of[hash_]].said(state)
        return kept[::-1]

    def _follow(self, path: str) -> dict[str, str]:
        paths: dict[str, str] = {}
        for commit in self._commits.values():
            current = paths.setdefault(commit.hash, path)
            changes = commit.changes
            for parent in commit.parents:
                if len(commit.parents) > 1:
                    changes = self._changes_of_merge(commit, parent, current)
                paths.setdefault(parent, _before(changes, current))
        return paths

    def _changes_of_merge(self, commit: Commit, parent: str, path: str) -> list[Change]:
        if self._repository.tree(parent).entry(path) is not None:
            return []
        return changes_between(self._repository, parent, commit.hash, FOLDER)

    def _read(self) -> dict[str, State]:
        states: dict[str, State] = {}
        for commit in reversed(self._commits.values()):
            parents = [parent for parent in commit.parents if parent in states]
            before = states[parents[0]] if len(parents) == 1 else None
            if before is None or self._concerns(commit, before):
                tree = self._repository.tree(commit.hash)
                states[commit.hash] = self._state(tree, self.paths[commit.hash])
            else:
                states[commit.hash] = before
        return states

    def _concerns(self, commit: Commit, before: State) -> bool:
        """Whether a commit can have changed what the prompt means."""
        if before.broken is not None or _open_ended(before):
            return True
        files = {self.paths[commit.hash], *_include_paths(before)}
        return any(change.path in files or change.source in files for change in commit.changes)

    def _state(self, tree: RevisionTree, path: str) -> State:
        entry = tree.entry(path)
        if entry is None:
            return state_in(tree, path)
        known = self._known.get((path, entry))
        if known is not None and _entries(tree, known[0]) == known[0]:
            return known[1]
        state = state_in(tree, path)
        if state.loaded is not None and not _open_ended(state):
            self._known[path, entry] = _entries(tree, _include_paths(state)), state
        return state

    def _parents(self, hash_: str) -> list[str]:
        """The parents to follow: the first with the same meaning where there is one, else all."""
        parents = [parent for parent in self._commits[hash_].parents if parent in self._states]
        key = self._states[hash_].key
        same = [parent for parent in parents if self._states[parent].key == key]
        return same[:1] or parents

    def _walk(self, top: str | None) -> Iterator[str]:
        """Every commit that is followed, children before parents, a first parent's line first."""
        if top is None:
            return
        waiting: dict[str, int] = {top: 0}
        pending = [top]
        while pending:  # count the children of all that can be reached
            for parent in self._parents(pending.pop()):
                if parent not in waiting:
                    pending.append(parent)
                waiting[parent] = waiting.get(parent, 0) + 1
        pending = [top]
        while pending:
            hash_ = pending.pop()
            yield hash_
            for parent in reversed(self._parents(hash_)):
                waiting[parent] -= 1
                if not waiting[parent]:
                    pending.append(parent)


def _before(changes: list[Change], path: str) -> str:
    return next((change.source for change in changes if change.path == path), path)


def _open_ended(state: State) -> bool:
    """Whether a file that is not there yet could enter the meaning."""
    if state.loaded is None:
        return False
    texts = (state.loaded.source, *state.loaded.includes.values())
    return any(_OPTIONAL.search(text) for text in texts)


def _include_paths(state: State) -> list[str]:
    return [f"{FOLDER}/{name}" for name in (state.loaded.includes if state.loaded else ())]


def _entries(tree: RevisionTree, paths: Iterable[str]) -> Includes:
    return {path: tree.entry(path) for path in paths}
