"""Templates over a case, for expected values: `"{{ expected }}"`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from promptops.errors import InputError, Location, did_you_mean
from promptops.prompts.templates.meter import Meter
from promptops.prompts.templates.rewriting import free_names
from promptops.prompts.templates.running import Patience, Text, compiled, parsed, run
from promptops.prompts.templates.sandbox import Sandbox

_NAME = re.compile(r"\s*\{\{-?\s*([A-Za-z]\w*)\s*-?\}\}\s*\Z")
_CONSTANTS = frozenset(("true", "false", "none", "True", "False", "None", "not"))


class Expression:
    """A template over the columns of a case, compiled once.

    A text that is one `{{ … }}` and nothing else gives the value itself (a number, a list); any
    other gives text.  Values are data: what they hold is never rendered again.

    Raises:
        InputError: its syntax is wrong; at `location`, where that is given.
    """

    def __init__(self, text: str, *, location: Location | None = None) -> None:
        place = location or Location("expression")
        self._text = Text("expression", text, lambda _line, _column: place)
        self._texts = {"expression": self._text}
        self._location = location
        name = _NAME.match(text)
        self._name = name[1] if name and name[1] not in _CONSTANTS else None
        self.names = frozenset((self._name,)) if self._name else frozenset[str]()
        """The columns that it reads."""
        self._template = None
        self._single = False
        self._patience = Patience(location)
        if self._name is None and not self._text.plain:
            sandbox = Sandbox({})
            meter = Meter()
            tree = parsed(sandbox, self._texts, self._text, meter)
            self._single = _is_single(tree)
            self.names = frozenset(free_names(tree)) - frozenset(sandbox.globals)
            self._template = compiled(sandbox, self._texts, self._text, tree, meter)

    def evaluate(self, columns: Mapping[str, Any]) -> Any:
        """What it comes to for a case.

        Raises:
            InputError: it names a column that the case lacks, or fails on its values.
        """
        for name in self.names:
            if name not in columns:
                raise InputError(
                    f"the case has no column {name!r}",
                    location=self._location,
                    hint=did_you_mean(name, columns),
                )
        if self._name is not None:
            return columns[self._name]
        if self._template is None:
            return self._text.source
        meter = Meter(capturing=self._single)
        with self._patience:
            text = run(self._template, columns, self._texts, self._text, meter)
        return meter.captured[0] if self._single else text


def _is_single(tree: nodes.Template) -> bool:
    """Whether the template is one printed expression, with nothing around it but white space."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return False
    printed = [
        node
        for node in tree.body[0].nodes
        if not (isinstance(node, nodes.TemplateData) and not node.data.strip())
    ]
    return len(printed) == 1 and not isinstance(printed[0], nodes.TemplateData)
