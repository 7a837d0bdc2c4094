"""The commits that touched a folder, with the files that each changed: one `git log`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from promptops.history import processes
from promptops.history.repository import Repository

_DIFF = ("--raw", "--no-abbrev", "-z", "-M", "-l1000", "--no-relative")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color")
_FORMAT = "--format=tformat:%H%x1f%P%x1f%at%x1f%an%x1f%s"


@dataclass(frozen=True, slots=True)
class Change:
    """One file that a commit changed; `source` is its path before, which a rename makes another."""

    source: str
    path: str


@dataclass(slots=True)
class Commit:
    """One commit that touched the folder."""

    hash: str
    parents: list[str]
    """The nearest ancestors that touched the folder too; several for a merge that changed it."""
    seconds: int
    """When it was authored, in seconds since 1970, UTC."""
    author: str
    subject: str
    changes: list[Change] = field(default_factory=list)
    """Paths from the root of the project. Empty for a merge."""


def commits(repository: Repository, start: str, folder: str) -> list[Commit]:
    """The commits from `start` (a full hash) back that changed a project folder, children first.

    Git's own simplification applies: a merge that took the folder whole from one parent is left
    out, and only that parent's line is followed.
    """
    found: list[Commit] = []
    tokens = _tokens(_log(repository, start, folder))
    for token in tokens:
        if token.startswith(":"):
            found[-1].changes.append(_change(token, tokens, repository.prefix))
        elif token:
            hash_, parents, seconds, author, subject = token.split("\x1f", 4)
            found.append(Commit(hash_, parents.split(), int(seconds or 0), author, subject))
    return found


def last_commit(repository: Repository, start: str, folder: str) -> str | None:
    """The commit that `commits` would answer first, or None."""
    header = next(_tokens(_log(repository, start, folder, "--max-count=1")))
    return header.partition("\x1f")[0] or None


def _log(repository: Repository, start: str, folder: str, *options: str) -> bytes:
    return processes.run(
        repository.top,
        "log",
        *("--no-show-signature", "--no-decorate", "--no-notes", "--no-mailmap", "--encoding=UTF-8"),
        *("--topo-order", "--parents", _FORMAT, *_PLAIN, *_DIFF, *options),
        *("--end-of-options", start, "--", repository.prefix + folder),
    )[1]


def changes_between(repository: Repository, old: str, new: str, folder: str) -> list[Change]:
    """The files below a folder of the project that differ between two commits, renames found."""
    _, out = processes.run(
        repository.top,
        *("diff-tree", "-r", *_PLAIN, *_DIFF, "--end-of-options", old, new),
        *("--", repository.prefix + folder),
    )
    tokens = _tokens(out)
    return [_change(token, tokens, repository.prefix) for token in tokens if token]


def _tokens(out: bytes) -> Iterator[str]:
    text = out.decode("utf-8", "surrogateescape")
    return (token.removeprefix("\n") for token in text.split("\0"))


def _change(token: str, tokens: Iterator[str], prefix: str) -> Change:
    status = token.rpartition(" ")[2]
    source = next(tokens).removeprefix(prefix)
    path = next(tokens).removeprefix(prefix) if status[0] in "RC" else source
    return Change(source, path)
