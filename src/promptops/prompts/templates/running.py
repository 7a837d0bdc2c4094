"""Compiling and running templates; every failure is an error that names file, line and column."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import jinja2
from jinja2 import Template, TemplateSyntaxError, UndefinedError, nodes

from promptops.errors import InputError, Location, did_you_mean
from promptops.prompts.templates.meter import Meter, Metered, TemplateError
from promptops.prompts.templates.sandbox import Sandbox
from promptops.prompts.templates.tags import OPEN

MAX_WASTED_SECONDS = 1.0
"""Processor time that one prompt, or one expression, may take over runs that fail."""

_MISSING = re.compile(r"No (filter|test) named '([^']*)'")
_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    RuntimeError,
    jinja2.TemplateError,
    TemplateError,
)


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a template, and where its lines stand."""

    name: str
    source: str
    locate: Callable[[int, int], Location]
    """Line and column (from 1; 0 unknown) to the place in a file."""

    @property
    def plain(self) -> bool:
        """Whether it has no tag at all, so that it stands for itself."""
        return OPEN.search(self.source) is None

    @property
    def first_tag(self) -> int:
        """The line of the first tag, from 1; 1 where there is none."""
        tag = OPEN.search(self.source)
        return self.source.count("\n", 0, tag.start()) + 1 if tag else 1

    def at(self, line: int, word: str | None = None) -> Location:
        """The place of a line, with the column of a word in it where the word is there once."""
        lines = self.source.split("\n")
        column = 0
        if word and 0 < line <= len(lines):
            found = list(re.finditer(rf"\b{re.escape(word)}\b", lines[line - 1]))
            column = found[0].start() + 1 if len(found) == 1 else 0
        return self.locate(line, column)


@contextmanager
def failing_as_input(texts: Mapping[str, Text], text: Text) -> Iterator[None]:
    """What goes wrong in a template becomes an `InputError` at the line where it did.

    `texts` are all that may be running, by name; `text` is the one that was begun with.
    """
    try:
        yield
    except _FAULTS as error:
        name, line = _where(error, text.name, text.first_tag)
        raise _explained(error, texts.get(name, text), line) from None


def parsed(sandbox: Sandbox, texts: Mapping[str, Text], text: Text, meter: Meter) -> nodes.Template:
    """The syntax tree of a text; `meter` is shared by all texts of a prompt."""
    with failing_as_input(texts, text), Metered(meter):
        return sandbox.parse(text.source, text.name)


def compiled(
    sandbox: Sandbox, texts: Mapping[str, Text], text: Text, tree: nodes.Template, meter: Meter
) -> Template:
    """A template from a tree that `parsed` gave."""
    with failing_as_input(texts, text), Metered(meter):
        meter.step()
        return sandbox.template(tree, text.name)


def compiled_file(
    sandbox: Sandbox, texts: Mapping[str, Text], text: Text, meter: Meter
) -> Template:
    """The template of a file that others name; the sandbox keeps it for them."""
    with failing_as_input(texts, text), Metered(meter):
        return sandbox.get_template(text.name)


class Patience:
    """A context in which a template is run; one that failed for too long is not tried again.

    Raises:
        InputError: on entering, once the runs before took more than `MAX_WASTED_SECONDS` in vain.
    """

    def __init__(self, location: Location | None) -> None:
        self._location = location
        self._wasted_seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        if self._wasted_seconds > MAX_WASTED_SECONDS:
            raise InputError(
                "not rendered: it took too long in vain for the cases before",
                location=self._location,
            )
        self._began = time.thread_time()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._wasted_seconds += time.thread_time() - self._began


def run(
    template: Template,
    columns: Mapping[str, Any],
    texts: Mapping[str, Text],
    text: Text,
    meter: Meter,
) -> str:
    """The text that a template comes to.

    Raises:
        InputError: it failed, or asked for more than `meter` allows.
    """
    with failing_as_input(texts, text), Metered(meter):
        context = template.new_context(dict(columns))
        return template.environment.concat(template.root_render_func(context))


def _where(error: BaseException, name: str, first: int) -> tuple[str, int]:
    """The template and line in which an error arose; `first` where no line is known."""
    if isinstance(error, TemplateSyntaxError):
        return error.name or name, error.lineno
    line = first
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            name = template.name or name
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return name, line


def _explained(error: BaseException, text: Text, line: int) -> InputError:
    hint: str | None = None
    word: str | None = None
    if isinstance(error, TemplateError):
        message, hint = error.message, error.hint
    elif isinstance(error, RecursionError | MemoryError | SyntaxError):
        message, hint = "the template is nested too deeply", "split it, or compute less in it"
    elif isinstance(error, TemplateSyntaxError):
        message, word = _syntax(error)
        hint = _known(error)
    elif isinstance(error, UndefinedError):
        message = error.message or "a value is undefined"
    elif isinstance(error, jinja2.TemplateNotFound):
        message = f"no file prompts/{error.name}"
    elif isinstance(error, KeyError):
        message = f"no key {error}"
    else:
        message = str(error).partition("; use sys.")[0] or type(error).__name__
    word = word or _quoted(message)
    return InputError(f"template: {message[:500]}", location=text.at(line, word), hint=hint)


def _syntax(error: TemplateSyntaxError) -> tuple[str, str | None]:
    message = (error.message or "wrong syntax").rstrip(".")
    return message[:1].lower() + message[1:], _quoted(message)


def _quoted(message: str) -> str | None:
    found = re.search(r"'(\w+)'", message)
    return found[1] if found else None


def _known(error: TemplateSyntaxError) -> str | None:
    found = _MISSING.search(error.message or "")
    if not found:
        return None
    known = Sandbox.known_filters() if found[1] == "filter" else Sandbox.known_tests()
    return did_you_mean(found[2], known)
