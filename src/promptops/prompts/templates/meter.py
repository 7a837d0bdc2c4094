"""What a template may use: steps, memory, time, output. Everything it makes is measured here.

No signal, thread or process is needed: a template can only make values through the operations of
the sandbox, each of which refuses a result that could be too large and pays for what it made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from jinja2 import Undefined

MAX_STEPS = 250_000
MAX_DEPTH = 60
"""Macros, blocks and loops that call themselves."""
MAX_NESTING = 64
"""Lists and mappings inside one another."""
MAX_TEXT = 8_000_000
"""Characters of one text, and of one rendered message."""
MAX_VALUE_BYTES = 33_000_000
MAX_TOTAL_BYTES = 160_000_000
"""All that one rendering makes, kept or not."""
MAX_INTEGER_BITS = 4096
MAX_ARGUMENT = 100_000
"""Whole numbers handed to filters, methods and `range`."""
MAX_TOKENS = 30_000
"""Of template code in all texts of a prompt."""
MAX_CPU_SECONDS = 1.5

SCALARS = (str, int, float, bool, type(None))


class TemplateError(Exception):
    """A template asked for more than it may have, or for what it may not have."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def too_large(what: str = "the value") -> TemplateError:
    """The error for a value that would not fit."""
    return TemplateError(
        f"{what} would be too large",
        f"a template makes texts of up to {MAX_TEXT:,} characters, and values of that order",
    )


class Meter:
    """What one rendering has used so far."""

    __slots__ = (
        "captured",
        "capturing",
        "depth",
        "left_bytes",
        "left_steps",
        "left_tokens",
        "started",
        "wall_limit",
    )

    def __init__(self, *, capturing: bool = False) -> None:
        self.left_steps = MAX_STEPS
        self.left_bytes = MAX_TOTAL_BYTES
        self.left_tokens = MAX_TOKENS
        self.depth = 0
        self.started = time.thread_time()
        self.wall_limit = time.monotonic() + MAX_CPU_SECONDS
        self.capturing = capturing
        self.captured: list[Any] = []
        """Values that were to be printed, where they are wanted and not their text."""

    def step(self) -> None:
        """Pay for one operation."""
        self.left_steps -= 1
        if self.left_steps < 0:
            raise TemplateError(
                f"the template takes more than {MAX_STEPS:,} steps", "loop over less"
            )
        if time.monotonic() > self.wall_limit:
            self._late()

    def _late(self) -> None:
        # A busy machine is not the template's fault: what counts is the time this thread computed.
        left = MAX_CPU_SECONDS - (time.thread_time() - self.started)
        if left <= 0:
            raise TemplateError(
                f"the template computes for more than {MAX_CPU_SECONDS:g} seconds", "do less in it"
            )
        self.wall_limit = time.monotonic() + left

    def pay(self, size: int) -> None:
        """Pay for a value of `size` bytes."""
        self.left_bytes -= size
        if size > MAX_VALUE_BYTES:
            raise too_large()
        if self.left_bytes < 0:
            raise TemplateError(
                f"the template makes more than {MAX_TOTAL_BYTES // 1_000_000} MB of values",
                "build large texts by printing them piece by piece",
            )

    def made(self, value: Any) -> Any:
        """Pay for a value that a template made; answers it.

        Raises:
            TemplateError: it is too large, too deep, or of a kind that templates do not have.
        """
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise too_large("the text")
            self.pay(text_bytes(value))
        elif isinstance(value, int):
            if value.bit_length() > MAX_INTEGER_BITS:
                raise too_large("the number")
        elif isinstance(value, complex):
            raise TemplateError("the result is not a real number")
        elif isinstance(value, (list, tuple, dict)):
            self.pay(value_bytes(value))
        return value


_CURRENT: ContextVar[Meter | None] = ContextVar("promptops_template_meter", default=None)


class Metered:
    """Within this block, templates are charged to `meter`."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def __enter__(self) -> Meter:
        self._token = _CURRENT.set(self.meter)
        return self.meter

    def __exit__(self, *exception: object) -> None:
        _CURRENT.reset(self._token)


def meter() -> Meter:
    """The meter of the rendering that is under way."""
    current = _CURRENT.get()
    if current is None:
        raise TemplateError("a template ran outside of its meter")
    return current


def text_bytes(text: str) -> int:
    """An upper bound on the memory of a text."""
    return 80 + (len(text) if text.isascii() else 4 * len(text))


def value_bytes(value: Any) -> int:
    """An upper bound on the memory of a value, with shared parts counted each time they are met.

    Raises:
        TemplateError: it passes the limit for one value, or is nested too deep.
    """
    total = _own_bytes(value)
    level = [value]
    for _ in range(MAX_NESTING + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                total += sum(map(_own_bytes, item))
                inner: Iterable[Any] = item.values()
            elif isinstance(item, (list, tuple)):
                inner = item
            else:
                continue
            for each in inner:
                kind = type(each)
                if kind is int or kind is float:
                    total += 64
                    continue
                total += _own_bytes(each)
                if kind is not str:
                    below.append(each)
            if total > MAX_VALUE_BYTES:
                raise too_large()
        level = below
        if not level:
            return total
    raise TemplateError(f"a value is nested more than {MAX_NESTING} deep")


def _own_bytes(value: Any) -> int:
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, (list, tuple)):
        return 80 + 16 * len(value)
    if isinstance(value, dict):
        return 256 + 112 * len(value)
    return 64


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """The items one by one, each paid for with a step."""
    current = meter()
    for item in items:
        current.step()
        yield item


def text_of(value: Any) -> str:
    """The text that a template prints for a value.

    Raises:
        TemplateError: it is too large, or no value that has a text (a macro, a method).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises, and names what is undefined
    if isinstance(value, SCALARS):
        meter().made(value)
        return str(value)
    if isinstance(value, (list, tuple, dict)):
        size = value_bytes(value)
        check_data(value)
        meter().pay(4 * size)
        return str(value)
    raise TemplateError(
        f"{_kind(value)} cannot be printed",
        "call it, or if data has a key of that name write data['key']",
    )


def check_data(value: Any) -> None:
    """Refuse what is not plain data inside a value whose size is known to be bounded.

    Raises:
        TemplateError: it holds a macro, a namespace or the like.
    """
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, Undefined):
            str(item)
        elif not isinstance(item, SCALARS):
            raise TemplateError(f"{_kind(item)} inside a value cannot be printed")


def _kind(value: Any) -> str:
    name = type(value).__name__.lower()
    return "a method" if "method" in name or "function" in name else f"a {name}"


def joined(parts: Iterable[str]) -> str:
    """The parts as one text; pays for it before it is made."""
    total = 0
    texts: list[str] = []
    for part in parts:
        total += len(part)
        if total > MAX_TEXT:
            raise too_large("the text")
        texts.append(part)
    # the widest character decides how all are kept; joining measures that exactly
    meter().pay(16 * len(texts))
    text = "".join(texts)
    meter().pay(text_bytes(text))
    return text
