"""The files that a prompt's templates name, read from the same tree at the same revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from promptops.documents.tree import Tree, inside
from promptops.documents.yaml_reader import Path
from promptops.errors import HistoryError, InputError, Location, did_you_mean
from promptops.prompts.templates.tags import Reference, references

FOLDER = "prompts"
MAX_FILES = 200
MAX_CHARACTERS = 4_000_000

Locate = Callable[[int, int], Location]
"""Line and column of a template, from 1, to its place in a file."""


@dataclass(slots=True)
class _Gathering:
    tree: Tree
    found: dict[str, str] = field(default_factory=dict)
    files: int = 0
    characters: int = 0

    def follow(self, text: str, locate: Locate, trail: tuple[str, ...]) -> None:
        for reference in references(text):
            where = _locator(text, reference, locate)
            name = _checked(reference, where)
            if name in trail:
                cycle = " → ".join((*trail[trail.index(name) :], name))
                raise InputError(
                    f"{reference.tag} goes round in a circle: {cycle}", location=where()
                )
            if name in self.found:
                continue
            included = self.read(name, where, optional=reference.optional)
            if included is None:
                continue
            self.follow(included, _in_file(name), (*trail, name))
            self.found[name] = included

    def read(self, name: str, where: Callable[[], Location], *, optional: bool) -> str | None:
        path = f"{FOLDER}/{name}"
        try:
            text = self.tree.read(path)
        except HistoryError:  # git cannot answer: that says nothing of this file
            raise
        except InputError as error:
            raise InputError(
                f"cannot include {name!r}: {error.message}", location=where(), hint=error.hint
            ) from None
        if text is None:
            if optional:
                return None
            raise InputError(f"no file {path}", location=where(), hint=_nearest(self.tree, name))
        self.files += 1
        self.characters += len(text)
        if self.files > MAX_FILES or self.characters > MAX_CHARACTERS:
            raise InputError(
                f"includes more than {MAX_FILES} files or {MAX_CHARACTERS:,} characters",
                location=where(),
            )
        return text


def gather(
    tree: Tree, texts: Iterable[tuple[Path, str]], place: Callable[[Path, int, int], Location]
) -> dict[str, str]:
    """Name (its path below `prompts/`) to text, of every file the templates reach, at any depth.

    `place` gives the location of a line and column of the template at a path, once there is an
    error to report.

    Raises:
        InputError: a name that is not plain quoted text, leaves `prompts/`, is missing, or reaches
            itself.
    """
    gathering = _Gathering(tree)
    for path, text in texts:
        gathering.follow(text, partial(place, path), ())
    return dict(sorted(gathering.found.items()))


def _checked(reference: Reference, where: Callable[[], Location]) -> str:
    if reference.name is None:
        raise InputError(
            f"{reference.tag} must name its file with one plain quoted text",
            location=where(),
            hint=f"write {{% {reference.tag} 'shared/tone.txt' … %}}, and choose with {{% if %}}",
        )
    if reference.detached:
        raise InputError(
            "'without context' is not supported: every file sees the prompt's inputs",
            location=where(),
            hint="leave it out",
        )
    try:
        pure = inside(reference.name)
    except InputError:
        raise InputError(
            f"{reference.name!r} is not inside {FOLDER}/",
            location=where(),
            hint=f"write the path from {FOLDER}/, without '..'",
        ) from None
    if pure.as_posix() != reference.name:
        raise InputError(f"write {reference.name!r} as {pure.as_posix()!r}", location=where())
    return reference.name


def _locator(text: str, reference: Reference, locate: Locate) -> Callable[[], Location]:
    def where() -> Location:
        before = text[: reference.offset]
        return locate(before.count("\n") + 1, reference.offset - before.rfind("\n"))

    return where


def _in_file(name: str) -> Locate:
    return lambda line, column: Location(f"{FOLDER}/{name}", line, column)


def _nearest(tree: Tree, name: str) -> str | None:
    below = (path.removeprefix(f"{FOLDER}/") for path in tree.list(FOLDER))
    return did_you_mean(name, below)
