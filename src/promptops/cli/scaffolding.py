"""A first project in somebody's own repository: what is missing is written, the rest kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec

from promptops.cli import scaffold as package
from promptops.cli.project import find_project
from promptops.cli.schemas import SchemaKind, json_schema
from promptops.errors import InputError

IGNORED = ".promptops/"
_PLACES = {
    "prompts/name-city.yaml": "prompt.yaml",
    "evals/name-city.yaml": "suite.yaml",
    "evals/name-city.cases.yaml": "cases.yaml",
}
_EDITOR_SCHEMAS = (SchemaKind.PROMPT, SchemaKind.SUITE, SchemaKind.DATASET)


@dataclass(frozen=True, slots=True)
class Written:
    """One file of the scaffold, and what became of it."""

    path: str
    what: str
    """`wrote`, `extended` or `kept`."""

    @property
    def new(self) -> bool:
        return self.what != "kept"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """All files, and the git repository around them, if there is one."""

    files: list[Written]
    repository: Path | None


def scaffold(folder: Path) -> Scaffold:
    """Write what is missing below `folder`, which is made if need be.

    Raises:
        InputError: the folder lies inside another project, is a file, may not be written, or a path
            in it is a symbolic link.
    """
    root = Path(os.path.realpath(folder))
    _refuse_nested(root)
    repository = _repository(root)
    files: list[Written] = []
    try:
        root.mkdir(parents=True, exist_ok=True)
        for path, template in _PLACES.items():
            files.append(_write(root, path, _template(template)))
        files += [_write(root, f"schemas/{kind}.json", _schema(kind)) for kind in _EDITOR_SCHEMAS]
        files.append(_workflow(root, repository or root))
        files.append(_ignore(root))
    except OSError as error:
        raise InputError(f"cannot write {error.filename or root}: {error.strerror}") from None
    return Scaffold(files, repository)


def _refuse_nested(root: Path) -> None:
    try:
        around = find_project(root).root
    except InputError:
        return
    if around != root:
        raise InputError(
            f"{root} lies inside the project {around}", hint=f"promptops init {around}"
        )


def _repository(root: Path) -> Path | None:
    return next((each for each in (root, *root.parents) if (each / ".git").exists()), None)


def _template(name: str) -> str:
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _schema(kind: SchemaKind) -> str:
    return msgspec.json.format(msgspec.json.encode(json_schema(kind)), indent=2).decode() + "\n"


def _workflow(root: Path, repository: Path) -> Written:
    """Build servers look for workflows at the root of the repository only."""
    below = root.relative_to(repository).as_posix()
    text = _template("workflow.yml").replace("@HERE@", below)
    name = "promptops" if below == "." else f"promptops-{below.replace('/', '-')}"
    text = text.replace("@BELOW@", "" if below == "." else f"{below}/")
    path = f".github/workflows/{name}.yml"
    done = _write(repository, path, text)
    return Written(os.path.relpath(repository / path, root), done.what)


def _ignore(root: Path) -> Written:
    """Responses are kept below `.promptops/`, which is nobody else's business."""
    place = _place(root, ".gitignore")
    if not place.exists():
        return _write(root, ".gitignore", f"{IGNORED}\n")
    text = place.read_text(encoding="utf-8", errors="surrogateescape")
    names = {line.strip().strip("/") for line in text.splitlines()}
    if IGNORED.strip("/") in names:
        return Written(".gitignore", "kept")
    gap = "" if not text or text.endswith("\n") else "\n"
    with place.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{gap}{IGNORED}\n")
    return Written(".gitignore", "extended")


def _write(root: Path, path: str, text: str) -> Written:
    place = _place(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return Written(path, "kept")
    return Written(path, "wrote")


def _place(root: Path, path: str) -> Path:
    """A path below the root that passes through no symbolic link."""
    place = root
    for part in path.split("/"):
        place = place / part
        if place.is_symlink():
            raise InputError(
                f"{place} is a symbolic link", hint="put a folder or file there; links are refused"
            )
    return place
