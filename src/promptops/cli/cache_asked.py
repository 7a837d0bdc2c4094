"""What was asked for of `promptops cache`, and the store that it is asked of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from promptops.cli.output import emit
from promptops.cli.project import Project
from promptops.errors import InputError
from promptops.store.database import FILE, FOLDER


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    action: str
    file: Path | None = None
    older_than: str | None = None
    unreachable: bool = False
    dry_run: bool = False
    yes: bool = False
    repair: bool = False
    prompts: tuple[str, ...] = ()
    as_json: bool = False
    output: Path | None = None

    def show(self, text: Callable[[], str], value: Callable[[], str]) -> None:
        """Print a page or a JSON object."""
        emit(value() if self.as_json else text(), self.output, machine=self.as_json)


def check_together(asked: Asked) -> None:
    """Hold that options and a file go with the action.

    Raises:
        InputError: one does not, or a file is wanted.
    """
    for action, options in _OPTIONS.items():
        for option, given in options.items():
            if action != asked.action and given(asked):
                raise InputError(f"{option} goes with `promptops cache {action}` alone")
    takes_file = asked.action in {"export", "import"}
    if takes_file and asked.file is None:
        raise InputError(f"promptops cache {asked.action}: name a file")
    if asked.file is not None and not takes_file:
        raise InputError(f"promptops cache {asked.action} takes no file: {asked.file}")


_OPTIONS: dict[str, dict[str, Callable[[Asked], object]]] = {
    "prune": {
        "--older-than": lambda asked: asked.older_than is not None,
        "--unreachable": lambda asked: asked.unreachable,
        "--dry-run": lambda asked: asked.dry_run,
        "--yes": lambda asked: asked.yes,
    },
    "verify": {"--repair": lambda asked: asked.repair},
    "export": {"--prompt": lambda asked: asked.prompts},
}


def has_store(project: Project) -> bool:
    """Whether anything was ever kept here."""
    return (project.root / FOLDER / FILE).exists()
