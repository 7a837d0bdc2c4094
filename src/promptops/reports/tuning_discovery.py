"""Formats of what came of trying a judge in other words: each is a file in `tunings/`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import cast

import promptops.reports.tunings
from promptops.errors import InputError, did_you_mean
from promptops.reports.surface import Surface
from promptops.values.tuning import TuneReport

RenderTuning = Callable[[TuneReport, Surface], str]


def tuning_formats() -> list[str]:
    """The names that `judge tune --format` takes, the one for people first. Imports none."""
    package = promptops.reports.tunings
    found = [each.name for each in pkgutil.iter_modules(package.__path__) if not each.ispkg]
    return sorted(found, key=lambda name: (name != "terminal", name))


def find_tuning(name: str) -> RenderTuning:
    """The function that renders what came of trying a judge.

    Raises:
        InputError: there is no such format, or it shows no trials.
    """
    known = tuning_formats()
    if name not in known:
        raise InputError(
            f"judge tune has no format {name!r}",
            hint=did_you_mean(name, known),
        )
    module = importlib.import_module(f"{promptops.reports.tunings.__name__}.{name}")
    return cast("RenderTuning", module.render)
