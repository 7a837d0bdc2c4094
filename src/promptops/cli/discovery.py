"""Which commands there are: the files of `cli/commands`, read and not imported."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import io
import pkgutil
import tokenize
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from promptops.cli import commands

_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.INDENT}


@cache
def command_names() -> tuple[str, ...]:
    """The names, as people type them, sorted."""
    found = pkgutil.iter_modules(commands.__path__)
    return tuple(sorted(each.name.replace("_", "-") for each in found if each.name[0] != "_"))


def summary(name: str) -> str:
    """The first line of what a command's file says about itself."""
    words = description(name).strip()
    return words.splitlines()[0] if words else ""


def description(name: str) -> str:
    """The docstring of a command's file. It is imported only where no source is to be had."""
    module = _module_name(name)
    spec = importlib.util.find_spec(module)
    get_source = getattr(spec.loader if spec else None, "get_source", None)
    source = get_source(module) if get_source else None
    if source is None:
        return importlib.import_module(module).__doc__ or ""
    return _docstring(source)


def load(name: str) -> tuple[ModuleType, Callable[..., Any]]:
    """Import one command: its module and its function."""
    module = importlib.import_module(_module_name(name))
    return module, module.command


def _module_name(name: str) -> str:
    return f"{commands.__name__}.{name.replace('-', '_')}"


def _docstring(source: str) -> str:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            value = ast.literal_eval(token.string)
            return value if isinstance(value, str) else ""
        if token.type not in _SKIPPED:
            break
    return ""
