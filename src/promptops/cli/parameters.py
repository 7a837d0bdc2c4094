"""How a parameter of a command is shown in its help, and how its value is taken.

typer shows Python's types (`<int range>`) and converts with pydantic, whose import takes as long
as all of `list` and whose messages are about types.  Here a parameter shows a plain word, and a
number, a path or one of a few words is made on the spot.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from promptops.cli.output import emit
from promptops.errors import InputError


class PlainParameters:
    """A typer command whose parameters are plain ones."""

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if "process_value" not in vars(parameter):
                _show_plainly(parameter)
                wanted = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
                parameter.process_value = _sparing(parameter, wanted)
        return parameters


def _show_plainly(parameter: Any) -> None:
    if parameter.name == "help":
        parameter.callback = _show_help
    lowest, highest = getattr(parameter, "min", None), getattr(parameter, "max", None)
    numbers = None if highest is None else f"{lowest} to {highest}"
    parameter._get_number_range_help_str = lambda: numbers  # noqa: SLF001  # typer's own seam
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
        parameter.metavar = name.removesuffix("...").strip("[]")
        parameter.display_type_rich = lambda ctx: ""  # noqa: ARG005
    elif not parameter.is_flag and parameter.metavar is None:
        number = parameter.type_descriptor.annotation in {int, float}
        parameter.metavar = "N" if number else parameter.name.upper()


def _show_help(ctx: Any, parameter: Any, asked: bool) -> None:  # noqa: ARG001  # as click calls it
    if asked and not ctx.resilient_parsing:
        emit(ctx.get_help())
        ctx.exit()


def _sparing(parameter: Any, wanted: Any) -> Callable[[Any, Any], Any]:
    """What is missing, or is made here, goes past typer's conversion; all else through it."""
    convert = parameter.process_value

    def process_value(ctx: Any, value: Any) -> Any:
        if isinstance(value, str):
            value = _made(parameter, value, wanted)
        missing = value is None or value == ()
        if parameter.required if missing else not _is(value, wanted):
            return convert(ctx, value)
        return parameter.callback(ctx, parameter, value) if parameter.callback else value

    return process_value


def _made(parameter: Any, text: str, wanted: Any) -> Any:
    """The number, path or word that a text stands for; else the text as it is."""
    if not isinstance(wanted, type):
        return text
    if issubclass(wanted, Path):
        return wanted(text)
    if issubclass(wanted, StrEnum):
        return _word(parameter, text, wanted)
    return _number(parameter, text) if wanted is int else text


def _word(parameter: Any, text: str, words: type[StrEnum]) -> StrEnum:
    try:
        return words(text)
    except ValueError:
        raise InputError(f"{_named(parameter)}: {text!r} is none of {', '.join(words)}") from None


def _number(parameter: Any, text: str) -> int:
    """A whole number within what the parameter allows."""
    try:
        number = int(text) if text.isascii() and "_" not in text else None
    except ValueError:  # no number, or one of thousands of digits
        number = None
    if number is None:
        raise InputError(f"{_named(parameter)}: {text!r} is not a whole number")
    lowest, highest = parameter.min, parameter.max
    if (lowest is not None and number < lowest) or (highest is not None and number > highest):
        allowed = f"{lowest} or more" if highest is None else f"from {lowest} to {highest}"
        raise InputError(f"{_named(parameter)}: must be {allowed}, not {number}")
    return number


def _named(parameter: Any) -> str:
    """As it is typed: the long form of an option, the name of an argument."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    return str(max(parameter.opts, key=len))


def _is(value: Any, wanted: Any) -> bool:
    if wanted == list[str]:
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
    return isinstance(wanted, type) and isinstance(value, wanted)
