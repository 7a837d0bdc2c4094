"""The versions of a prompt: every meaning it had, out of git, and the one not committed yet."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from promptops.documents.tree import Tree
from promptops.errors import HistoryError, InputError, PromptopsError
from promptops.history.lineage import (
    ABSENT,
    Birth,
    Lineage,
    State,
    state_in,
)
from promptops.history.repository import Repository
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import SUFFIX, LoadedPrompt, prompt_path

_ALIKE = 0.5
"""Git's own threshold for calling a removed and an added file a rename."""

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999; a commit may claim to be later."""


@dataclass(frozen=True, slots=True)
class Version:
    """A prompt's meaning at a point of history."""

    number: int
    """The author's number, as it was said last; 0 when the file is broken."""
    digest: str
    """64 hex digits; "" when the file is broken."""
    commit: str | None
    """Full hash of the commit at which the meaning appeared; None when not committed."""
    author: str
    date: str
    """When it was authored, `2026-05-01T09:30:00Z`; "" when not committed."""
    change: str
    subject: str
    """The first line of the commit's message; "" when not committed."""
    dirty: bool
    path: str
    """The prompt's file at that point, from the root of the project."""
    loaded: LoadedPrompt | None
    """None when the file is broken."""
    broken: PromptopsError | None = None
    """Why the file of that point cannot be read as a prompt."""
    numbers: tuple[int, ...] = ()
    """All numbers that were committed for it; more than one where it was renumbered."""

    @property
    def label(self) -> str:
        """How to name it to a person: `v2 (abc123456789)`, `v3 (uncommitted)`."""
        where = self.commit[:12] if self.commit else "uncommitted"
        return f"v{self.number} ({where})" if self.number else f"unreadable ({where})"


def versions(repository: Repository | None, name: str, working: Tree) -> list[Version]:
    """The versions of a prompt, newest first; neighbours always differ in meaning.

    One for each commit at which the digest changed; an included file's change counts like the
    prompt's own.  Renames are followed.  A merge that kept the meaning of one parent is seen
    through: the merged branch's own commits are listed, with their authors and dates, in the
    merge's place.  A merge whose meaning is no parent's is a version, and the lines of all its
    parents follow, the first parent's first.  A revert is a version again.  A commit at which the
    file cannot be read as a prompt is listed with `broken` set and no number, digest or content.

    In front stands the working tree's version, marked dirty, where it means something else than
    HEAD's.  Without a repository it is the only one.  In a shallow clone the oldest may be older
    than it says.

    Raises:
        HistoryError: git cannot answer.
    """
    return history_of(repository, name, working)[0]


def history_of(
    repository: Repository | None, name: str, working: Tree
) -> tuple[list[Version], Lineage | None]:
    """The `versions`, and the lineage they come from (None before the first commit)."""
    current = state_in(working, prompt_path(name))
    head = repository.head if repository else None
    if repository is None or head is None:
        return _uncommitted(current, ABSENT, name), None
    path = path_at_head(repository, head, name, working)
    lineage = Lineage(repository, head, path)
    committed = state_in(repository.tree(head), path)
    listed = [from_birth(birth) for birth in lineage.births()]
    return _uncommitted(current, committed, name) + listed, lineage


def _uncommitted(current: State, committed: State, name: str) -> list[Version]:
    if current.key is None or current.key == committed.key:
        return []
    return [_version(current, prompt_path(name))]


def from_birth(birth: Birth) -> Version:
    """The version that appeared with a commit."""
    commit = birth.commit
    moment = datetime.fromtimestamp(min(max(commit.seconds, 0), _LAST_SECOND), UTC)
    version = _version(
        birth.state,
        birth.path,
        commit=commit.hash,
        author=commit.author,
        date=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        subject=commit.subject,
    )
    return replace(version, numbers=birth.numbers)


def _version(
    state: State,
    path: str,
    *,
    commit: str | None = None,
    author: str = "",
    date: str = "",
    subject: str = "",
) -> Version:
    prompt = state.loaded.prompt if state.loaded else None
    return Version(
        number=prompt.version if prompt else 0,
        digest=state.loaded.digest if state.loaded else "",
        commit=commit,
        author=author,
        date=date,
        change=prompt.change if prompt else "",
        subject=subject,
        dirty=commit is None,
        path=path,
        loaded=state.loaded,
        broken=state.broken,
    )


def path_at_head(repository: Repository, head: str, name: str, working: Tree) -> str:
    """The prompt's file at HEAD: another one where it was renamed and that is not committed yet."""
    path = prompt_path(name)
    tree = repository.tree(head)
    if tree.entry(path) is not None:
        return path
    text = _text(working, path)
    if text is None:
        return path
    here = set(working.list(FOLDER))
    gone = [old for old in tree.list(FOLDER) if old.endswith(SUFFIX) and old not in here]
    likeness = {old: _likeness(_text(tree, old), text) for old in gone}
    best = max(likeness, key=likeness.__getitem__, default=path)
    return best if likeness.get(best, 0.0) >= _ALIKE else path


def _text(tree: Tree, path: str) -> str | None:
    try:
        return tree.read(path)
    except HistoryError:
        raise
    except InputError:
        return None


def _likeness(old: str | None, new: str) -> float:
    if old is None:
        return 0.0
    return difflib.SequenceMatcher(None, old.splitlines(), new.splitlines()).ratio()
