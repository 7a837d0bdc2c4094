"""Which dataset formats there are: one module under `formats/` each, named after its extension."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, cast

from promptops.datasets import formats
from promptops.errors import InputError, Location, MissingExtraError, did_you_mean


class Format(Protocol):
    """A module that reads one kind of file."""

    def rows(self, place: Path, display: str) -> Iterator[tuple[int, Any]]:
        """Yield `(line, value)` for each row; line from 1, or 0 where the format has no lines.

        Raises:
            InputError: what is wrong in the file, with its place.
        """
        ...


def format_names() -> list[str]:
    """The extensions that can be read, without the dot, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(formats.__path__))


def format_of(display: str) -> Format:
    """The format of a file, by the extension of its name in any case of letters.

    Raises:
        InputError: no format has that extension.
        MissingExtraError: the format's optional dependency is not installed.
    """
    extension = Path(display).suffix.lower().removeprefix(".")
    names = format_names()
    if extension not in names:
        what = f"{'.' + extension!r} is" if extension else "a name without extension is"
        raise InputError(
            f"{what} no dataset format",
            location=Location(display),
            hint=did_you_mean(extension, names),
        )
    try:
        module = importlib.import_module(f"{formats.__name__}.{extension}")
    except ImportError as error:
        if error.name and error.name.startswith("promptops"):
            raise
        raise MissingExtraError(f"reading .{extension} datasets", extension) from None
    return cast("Format", module)
