"""What a prompt is compared with when nobody says, and what is meant when somebody does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from promptops.documents.lfs import LfsPointerError
from promptops.documents.tree import Tree
from promptops.errors import HistoryError, Location
from promptops.history.lineage import ABSENT, Lineage, State
from promptops.history.log import changes_between, last_commit
from promptops.history.parted import DEEPEN, NAME_ONE, parted
from promptops.history.pull_request import Target, target
from promptops.history.repository import Repository
from promptops.history.versions import Version, from_birth, history_of
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import LoadedPrompt, load_prompt, prompt_path

_NUMBER = re.compile(r"v([1-9][0-9]{0,8})\Z")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The version that a prompt is compared with."""

    version: Version
    loaded: LoadedPrompt
    how: str
    """Why this one, for a person: "the version before"."""


def baseline(
    repository: Repository | None,
    name: str,
    working: Tree,
    against: str | None,
    environ: Mapping[str, str],
) -> Baseline | None:
    """The version to compare the working tree's prompt with; None when it is the first there is.

    In this order: `against` (`v3`, the author's number; or a branch, tag or commit); in a pull
    request (seen in `environ`) the merge base with the target branch, even where the prompt means
    the same there; HEAD, where the working tree means something else; the last version that meant
    something else.

    Raises:
        InputError: the working tree's prompt cannot be read.
        HistoryError: what was asked for is not there, or the clone does not reach back to it.
    """
    if against is not None:
        return named(repository, name, working, against)
    loaded = load_prompt(working, name)
    if repository is None or repository.head is None:
        return None
    merging = target(environ)
    if merging is not None:
        return _merge_base(repository, name, working, merging)
    listed, _ = history_of(repository, name, working)
    return _previous(repository, name, listed, loaded)


def pasts(
    repository: Repository, name: str, working: Tree, environ: Mapping[str, str]
) -> list[list[Version]]:
    """The committed versions that a number has to fit, newest first: HEAD's own.

    In a pull request in front of them those of the commit where it left its target: its own
    commits may become one.

    Raises:
        InputError: the working tree's prompt cannot be read.
        HistoryError: git cannot answer, or the clone does not reach back to an earlier version.
    """
    loaded = load_prompt(working, name)
    listed, lineage = history_of(repository, name, working)
    committed = [version for version in listed if not version.dirty]
    merging = target(environ)
    if repository.head is None:
        return []
    if merging is None:
        _previous(repository, name, listed, loaded)
        return [committed]
    commit, _ = parted(repository, repository.head, merging)
    found = _placed(repository, lineage, name, commit)
    there = [from_birth(birth) for birth in found[0].births(found[1])] if found else []
    return [_with_own(committed[:1], there, loaded.digest), committed]


def _with_own(newest: list[Version], there: list[Version], digest: str) -> list[Version]:
    """A past in which a meaning that was committed since has all its numbers."""
    own = [version for version in newest if version.digest == digest]
    if not own or not there or there[0].digest != digest:
        return own + there
    return [replace(there[0], numbers=(*there[0].numbers, *own[0].numbers)), *there[1:]]


def named(repository: Repository | None, name: str, working: Tree, wanted: str) -> Baseline:
    """The committed version of a prompt that `v3`, a branch, a tag or a commit names.

    `v3` is the newest committed version with the author's number 3; where there is none, a tag or
    branch of that name.  A prompt that was renamed since is found under its old name.

    Raises:
        HistoryError: there is no such version, or it cannot be read.
    """
    if repository is None:
        raise HistoryError(
            f"there is no git repository to find {wanted!r} in",
            hint="git init, and commit the prompt, to have versions to compare",
        )
    if repository.head is None:
        raise HistoryError(
            f"there is no commit yet to find {wanted!r} in",
            hint="commit the prompt first: its versions come out of the commits",
        )
    listed, lineage = history_of(repository, name, working)
    number = _NUMBER.match(wanted)
    if number:
        version = _numbered(listed, int(number[1]))
        if version is not None and version.loaded is not None:
            return Baseline(version, version.loaded, wanted)
        if repository.lookup(wanted) is None:
            raise _no_number(repository, name, wanted, listed)
    commit = repository.resolve(wanted)
    how = commit[:12] if wanted == commit else f"{wanted} ({commit[:12]})"
    found = _at(repository, lineage, name, commit, how)
    if found is None:
        hint = f"see: promptops log {name}"
        raise HistoryError(
            f"the prompt {name!r} does not exist at {wanted!r} ({commit[:12]})", hint=hint
        )
    return found


def state_at(repository: Repository, name: str, working: Tree, commit: str) -> State:
    """What the working tree's prompt was at a commit (a full hash), by the name it had there.

    Raises:
        HistoryError: git cannot answer.
    """
    lineage = history_of(repository, name, working)[1]
    found = _placed(repository, lineage, name, commit)
    return ABSENT if found is None else found[0].state(found[1])


def _numbered(listed: list[Version], number: int) -> Version | None:
    """The newest committed version of this number; else one that had it before it was mended."""
    committed = [version for version in listed if not version.dirty]
    now = (version for version in committed if version.number == number)
    once = (version for version in committed if number in version.numbers)
    return next(now, None) or next(once, None)


def _no_number(
    repository: Repository, name: str, wanted: str, listed: list[Version]
) -> HistoryError:
    numbers = sorted({version.number for version in listed if version.loaded and version.commit})
    known = ", ".join(f"v{number}" for number in numbers) or "none is committed"
    hint = f"known: {known}"
    if repository.is_shallow:
        hint += f"; this clone is shallow, for older ones: {DEEPEN}"
    return HistoryError(f"the prompt {name!r} has no version {wanted}", hint=hint)


def _merge_base(
    repository: Repository, name: str, working: Tree, merging: Target
) -> Baseline | None:
    head = repository.head
    assert head is not None
    commit, branch = parted(repository, head, merging)
    lineage = history_of(repository, name, working)[1]
    found = _at(repository, lineage, name, commit, f"the merge base {commit[:12]} with {branch}")
    if found is None or found.loaded.digest != load_prompt(working, name).digest:
        return found
    return Baseline(found.version, found.loaded, f"{found.how}; the prompt means the same there")


def _previous(
    repository: Repository, name: str, listed: list[Version], loaded: LoadedPrompt
) -> Baseline | None:
    unreadable: Version | None = None
    for version in listed:
        if version.dirty or version.digest == loaded.digest:
            continue
        if isinstance(version.broken, LfsPointerError):
            raise version.broken
        if version.loaded is not None:
            how = (
                "the last commit, the file having changed"
                if listed[0].dirty
                else "the version before"
            )
            if unreadable:
                how = f"the last version before, past one that is {unreadable.label}"
            return Baseline(version, version.loaded, how)
        unreadable = unreadable or version
    if repository.is_shallow:
        raise HistoryError(
            f"the clone is too shallow to hold the version of {name!r} before this one",
            hint=DEEPEN,
        )
    if unreadable is not None and unreadable.broken is not None:
        raise HistoryError(
            f"no earlier version of {name!r} can be read: {unreadable.broken.message}",
            location=unreadable.broken.location,
            hint=NAME_ONE,
        )
    return None


def _at(
    repository: Repository, lineage: Lineage | None, name: str, commit: str, how: str
) -> Baseline | None:
    """The prompt at a commit, under the name that it had there; None where there is none."""
    found = _placed(repository, lineage, name, commit)
    if found is None:
        return None
    lineage, place = found
    state = lineage.state(place)
    if state.broken is not None:
        raise HistoryError(
            f"the prompt at {how} cannot be read: {state.broken.message}",
            location=state.broken.location or Location(lineage.paths[place]),
            hint=state.broken.hint or NAME_ONE,
        ) from state.broken
    if state.loaded is None:
        return None
    return Baseline(from_birth(lineage.births(place)[0]), state.loaded, how)


def _placed(
    repository: Repository, lineage: Lineage | None, name: str, commit: str
) -> tuple[Lineage, str] | None:
    """The commit that last touched the prompts, as seen from another, and a lineage with it."""
    place = last_commit(repository, commit, FOLDER)
    if place is None:
        return None
    known, path = lineage.paths.get(place) if lineage else None, prompt_path(name)
    # Without a path it is another branch, or one that was not taken. With another path it was
    # renamed since; where its name was taken then, that prompt is the one of this name.
    taken = known != path and repository.tree(commit).entry(path) is not None
    if lineage is None or known is None or taken:
        lineage = Lineage(repository, commit, _path_at(repository, lineage, name, commit))
    return lineage, place


def _path_at(repository: Repository, lineage: Lineage | None, name: str, commit: str) -> str:
    """The file that became this prompt, at a commit that is not in its own history."""
    known: list[str] = [prompt_path(name), *(lineage.paths.values() if lineage else ())]
    tree = repository.tree(commit)
    for path in dict.fromkeys(known):
        if tree.entry(path) is not None:
            return path
    head = repository.head
    assert head is not None
    changes = changes_between(repository, commit, head, FOLDER)
    for change in changes:
        if change.path in known:
            return change.source
    return known[0]
