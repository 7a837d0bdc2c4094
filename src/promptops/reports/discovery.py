"""Report formats, found by the name of their file.

A format is a module beside this one with `render(reports, surface) -> str`.  A new one is one new
file: `markdown.py` becomes `--format markdown`.  Only the format that is asked for is imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

from promptops.errors import InputError, did_you_mean
from promptops.reports.surface import Surface
from promptops.values.report import Report

Render = Callable[[list[Report], Surface], str]

_OTHER_MODULES = frozenset(
    {
        "difference_parts",
        "differences",
        "discovery",
        "listings",
        "page",
        "safe_text",
        "schema",
        "surface",
        "symbols",
        "versions",
        "word_difference",
        "words",
    }
)
"""What stands beside the formats and is none. A contract test holds that all the others are."""


def formats() -> list[str]:
    """The names that `--format` takes, sorted. Imports none of them."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    names = (module.name for module in found if not module.ispkg)
    return sorted(name.replace("_", "-") for name in names if name not in _OTHER_MODULES)


def find(name: str) -> Render:
    """The function that renders reports in a format.

    Raises:
        InputError: there is no such format.
    """
    known = formats()
    if name not in known:
        raise InputError(f"there is no report format {name!r}", hint=did_you_mean(name, known))
    module = importlib.import_module(f"promptops.reports.{name.replace('-', '_')}")
    return cast("Render", module.render)
