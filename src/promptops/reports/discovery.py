"""Report formats, found by the name of their file.

A format is a module in `formats/` with `render(results, surface) -> str`.  A new one is one new
file: `markdown.py` becomes `--format markdown`.  Only the format that is asked for is imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import cast

import promptops.reports.formats
from promptops.errors import InputError, did_you_mean
from promptops.reports.surface import Surface
from promptops.values.results import Results

Render = Callable[[Results, Surface], str]


def formats() -> list[str]:
    """The names that `--format` takes, the one for people first. Imports none of them."""
    found = pkgutil.iter_modules(promptops.reports.formats.__path__)
    names = [module.name.replace("_", "-") for module in found if not module.ispkg]
    return sorted(names, key=lambda name: (name != "terminal", name))


def find(name: str) -> Render:
    """The function that renders reports in a format.

    Raises:
        InputError: there is no such format.
    """
    known = formats()
    if name not in known:
        raise InputError(f"there is no report format {name!r}", hint=did_you_mean(name, known))
    module = importlib.import_module(f"promptops.reports.formats.{name.replace('-', '_')}")
    return cast("Render", module.render)
