"""Formats of what is known of a judge, found by the name of their file in `trusts/`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import cast

import promptops.reports.trusts
from promptops.errors import InputError, did_you_mean
from promptops.reports.surface import Surface
from promptops.values.trust import TrustReport

RenderTrust = Callable[[Sequence[TrustReport], Surface], str]


def trust_formats() -> list[str]:
    """The names that `judge check --format` takes, the one for people first. Imports none."""
    package = promptops.reports.trusts
    found = [each.name for each in pkgutil.iter_modules(package.__path__) if not each.ispkg]
    return sorted(found, key=lambda name: (name != "terminal", name))


def find_trust(name: str) -> RenderTrust:
    """The function that renders reports on judges in a format.

    Raises:
        InputError: there is no such format, or it shows no judges.
    """
    known = trust_formats()
    if name not in known:
        raise InputError(
            f"judge check has no format {name!r}",
            hint=did_you_mean(name, known),
        )
    module = importlib.import_module(f"{promptops.reports.trusts.__name__}.{name}")
    return cast("RenderTrust", module.render)
