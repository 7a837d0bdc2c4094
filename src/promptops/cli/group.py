"""The group of all commands, which imports the one that is asked for and no other."""

from __future__ import annotations

import inspect
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from promptops.cli import discovery
from promptops.cli.parameters import PlainParameters
from promptops.errors import InputError, did_you_mean

HELP_OPTIONS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class OneCommand(PlainParameters, TyperCommand):
    """One command."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind `Usage:`; what must be given needs no braces around it."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class LazyGroup(PlainParameters, TyperGroup):
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
