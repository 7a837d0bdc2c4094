"""Formats of a trend, found by the name of their file in `trends/`, as those of reports are."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import cast

import promptops.reports.trends
from promptops.errors import InputError, did_you_mean
from promptops.reports.surface import Surface
from promptops.values.trend import Trend

RenderTrend = Callable[[Trend, Surface], str]


def trend_formats() -> list[str]:
    """The names that `--trend` takes, the one for people first. Imports none of them."""
    package = promptops.reports.trends
    found = [each.name for each in pkgutil.iter_modules(package.__path__) if not each.ispkg]
    return sorted(found, key=lambda name: (name != "terminal", name))


def find_trend(name: str) -> RenderTrend:
    """The function that renders trends in a format.

    Raises:
        InputError: there is no such format, or it shows no trends.
    """
    known = trend_formats()
    if name not in known:
        raise InputError(
            f"--trend has no format {name!r}",
            hint=did_you_mean(name, known) or f"it has {', '.join(known)}",
        )
    module = importlib.import_module(f"{promptops.reports.trends.__name__}.{name}")
    return cast("RenderTrend", module.render)
