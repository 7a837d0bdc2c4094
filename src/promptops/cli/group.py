"""The group of all commands, which imports the one that is asked for and no other."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from promptops.cli import discovery
from promptops.errors import InputError, did_you_mean

HELP_OPTIONS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Unconverted:
    """Takes values that are what they should be as they are.

    typer converts every value with pydantic, whose import takes as long as all of `list`.  What is
    left out, and text where text, a path or one of a few words is wanted, needs none of it; all
    else goes through typer.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            wanted = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
            if wanted is not None and "process_value" not in vars(parameter):
                parameter.process_value = _sparing(parameter, wanted)
        return parameters


def _sparing(parameter: Any, wanted: Any) -> Callable[[Any, Any], Any]:
    convert = parameter.process_value

    def process_value(ctx: Any, value: Any) -> Any:
        value = _made(value, wanted)
        missing = value is None or value == ()
        if parameter.required if missing else not _is(value, wanted):
            return convert(ctx, value)
        return parameter.callback(ctx, parameter, value) if parameter.callback else value

    return process_value


def _made(value: Any, wanted: Any) -> Any:
    """The path or word of a `StrEnum` that a text stands for; else the value as it is."""
    made = isinstance(wanted, type) and issubclass(wanted, (Path, StrEnum))
    if made and isinstance(value, str):
        with suppress(ValueError):  # typer says what the words are
            return wanted(value)
    return value


def _is(value: Any, wanted: Any) -> bool:
    if wanted == list[str]:
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
    return isinstance(wanted, type) and isinstance(value, wanted)


class OneCommand(_Unconverted, TyperCommand):
    """One command."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind `Usage:`; what must be given needs no braces around it."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class LazyGroup(_Unconverted, TyperGroup):
    """Commands by file name. Listing them reads their files; running one imports it alone."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(discovery.command_names())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in discovery.command_names():
            return None
        module, function = discovery.load(cmd_name)
        app = typer.Typer(
            add_completion=False, rich_markup_mode=None, context_settings=HELP_OPTIONS
        )
        words = inspect.cleandoc(module.__doc__ or discovery.description(cmd_name))
        app.command(cmd_name, cls=OneCommand, help=words)(function)
        return typer.main.get_command(app)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name not in discovery.command_names() and not name.startswith("-"):
            raise InputError(
                f"no such command: {name}", hint=did_you_mean(name, discovery.command_names())
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [(name, discovery.summary(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
