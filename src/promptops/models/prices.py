"""What a token of a model costs, by the price list that litellm carries; litellm is not imported.

Importing it takes seconds, and a price is wanted before anything is asked.  The list is a file of
the installed package; it is read at most once in a process, and only when a price is asked for.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from promptops.models.discovery import provider_names
from promptops.models.endpoints import provider_of
from promptops.models.price_entry import Price, read_entry, stated_entry
from promptops.values.price import StatedPrice

FILES = ("model_prices_and_context_window_backup.json", "model_prices_and_context_window.json")

_RELATIVES = {
    "azure_ai": ("azure", "openai"),
    "bedrock": ("bedrock",),
    "bedrock_converse": ("bedrock",),
    "fireworks_ai": ("fireworks_ai",),
    "vertex_ai": ("vertex_ai",),
}
"""Provider to the beginnings of the names under which the list may hold its models besides."""
_NUMBERED = frozenset({"vertex_ai", "gemini", "databricks"})
_NUMBER = re.compile(r"-\d+$")
_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_TUNED = re.compile(r"(:[^:]*){3}$")


FREE = Price(0.0, 0.0)


def price(model: str, stated: Mapping[str, StatedPrice] | None = None) -> Price | None:
    """The price of a model string; None where it is unknown, which is never taken for nothing.

    `stated` holds what a suite says that models cost, by their whole strings; it goes before the
    list, which then still says how long an input and an answer may be.  A model that runs inside
    this process is free.  Others are looked up as litellm does it: under the whole string, then
    without its provider, then without a date or a version at the end; an entry of another provider
    does not count.  Where prices rise with the length of the input, those of the shortest are the
    plain ones; prices by the second, the letter or the picture alone are unknown here.
    """
    listed = _listed(model)
    own = stated.get(model) if stated else None
    if own is None:
        return listed
    found = read_entry(stated_entry(own))
    if found is None or listed is None:
        return found
    return replace(
        found,
        max_input_tokens=listed.max_input_tokens,
        max_output_tokens=listed.max_output_tokens,
    )


@cache
def _listed(model: str) -> Price | None:
    provider = provider_of(model)
    if provider in provider_names():
        return FREE
    for name in _names(model, provider):
        entry = _entry(name)
        if entry is not None and ("/" not in model or _serves(provider, entry)):
            return read_entry(entry, name)
    return None


def _names(model: str, provider: str) -> Iterator[str]:
    """Under which names the list may hold a model, the surest first."""
    prefix, slash, rest = model.partition("/")
    bare = rest if slash else model
    stem = _stem(bare, provider)
    for name in dict.fromkeys((bare, stem)):
        if slash:
            yield f"{prefix}/{name}"
        yield name


def _stem(name: str, provider: str) -> str:
    """A name without the end that tells one release of a model from another."""
    if provider in _NUMBERED:
        return _NUMBER.sub("", name)
    return _TUNED.sub("", name) if "ft:" in name else _DATE.sub("", name)


def _entry(name: str) -> Mapping[str, Any] | None:
    entries, by_lower_case = _list()
    found = entries.get(name) or entries.get(by_lower_case.get(name.lower(), ""))
    return found if isinstance(found, dict) else None


def _serves(provider: str, entry: Mapping[str, Any]) -> bool:
    """Whether an entry of the list is one of this provider."""
    named = entry.get("litellm_provider")
    if named is None or named == provider:
        return True
    return str(named).startswith(_RELATIVES.get(provider, (f"{provider}\0",)))


@cache
def _list() -> tuple[dict[str, Any], dict[str, str]]:
    """The list, and each of its names by its lower case; nothing where there is none to read."""
    for place in _places():
        try:
            entries = msgspec.json.decode(place.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(entries, dict):
            return entries, {name.lower(): name for name in entries}
    return {}, {}


def _places() -> Iterator[Path]:
    """Where the list may be; finding the package does not import it."""
    try:
        found = importlib.util.find_spec("litellm")
    except (ImportError, ValueError):
        return
    for folder in (found.submodule_search_locations or []) if found else []:
        yield from (Path(folder) / name for name in FILES)
