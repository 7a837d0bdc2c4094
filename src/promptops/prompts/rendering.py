"""Prompts into requests: exactly what would be sent for a case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from jinja2 import Template, nodes

from promptops.documents.yaml_reader import Path
from promptops.errors import InputError, InputErrors, Location, did_you_mean
from promptops.prompts.attachments import HINT, attached, problem_of_value
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.prompt import template_texts
from promptops.prompts.templates.meter import Meter
from promptops.prompts.templates.rewriting import bound_names, free_names
from promptops.prompts.templates.running import Patience, Text, compiled, compiled_file, parsed, run
from promptops.prompts.templates.sandbox import Sandbox
from promptops.values.request import Message, Request


class Renderer:
    """A prompt whose templates are compiled; renders any number of cases.

    Raises:
        InputError: a template is wrong, or reads a variable that `inputs` does not declare.
    """

    def __init__(self, loaded: LoadedPrompt) -> None:
        self.loaded = loaded
        prompt = loaded.prompt
        self._sandbox = Sandbox(loaded.includes)
        files = {name: _file(name, text) for name, text in loaded.includes.items()}
        messages = {
            path: _message(loaded, path, text) for path, text in template_texts(prompt.messages)
        }
        self._texts = files | {text.name: text for text in messages.values()}
        meter = Meter()
        trees = {
            text.name: parsed(self._sandbox, self._texts, text, meter)
            for text in self._texts.values()
            if not text.plain
        }
        self.used = self._check_names(trees)
        """The declared inputs that some template reads."""
        for text in files.values():
            compiled_file(self._sandbox, self._texts, text, meter)
        self._templates: dict[Path, tuple[Text, Template]] = {
            path: (text, compiled(self._sandbox, self._texts, text, trees[text.name], meter))
            for path, text in messages.items()
            if text.name in trees
        }
        self._attached = [path for path, _ in attached(prompt.messages) if path in self._templates]
        self._params = msgspec.to_builtins(prompt.params)
        self._schema = prompt.output.schema if prompt.output else None
        self._patience = Patience(Location(loaded.path))

    def render(self, columns: Mapping[str, Any], *, model: str | None = None) -> Request:
        """The request for a case's columns, of which templates see the declared inputs alone.

        `model` stands in for the prompt's own.  An input that the case lacks takes the `default` of
        its schema.

        Raises:
            InputError: a declared input is missing, a template fails on these values, or makes an
                address to fetch out of them.
        """
        prompt = self.loaded.prompt
        rendered = self._texts_for(self._visible(columns))
        messages = tuple(
            Message(
                role=message.role,
                content=_filled(message.content, ("messages", index, "content"), rendered),
                name=message.name,
                tool_calls=_filled(message.tool_calls, ("messages", index, "tool_calls"), rendered),
                tool_call_id=message.tool_call_id,
            )
            for index, message in enumerate(prompt.messages)
        )
        return Request(
            model=model or prompt.model,
            messages=messages,
            params=self._params,
            tools=tuple(prompt.tools),
            output_schema=self._schema,
        )

    def _texts_for(self, visible: Mapping[str, Any]) -> dict[Path, str]:
        """What each template comes to."""
        meter = Meter()
        with self._patience:
            rendered = {
                path: run(template, visible, self._texts, text, meter)
                for path, (text, template) in self._templates.items()
            }
        for path in self._attached:
            if problem := problem_of_value(rendered[path], path):
                raise InputError(problem, location=self.loaded.locate(path), hint=HINT)
        return rendered

    def _visible(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        visible = {}
        for name, schema in self.loaded.prompt.inputs.items():
            if name in columns:
                visible[name] = columns[name]
            elif "default" in schema:
                visible[name] = schema["default"]
            else:
                raise InputError(
                    f"the case has no {name!r}, which {self.loaded.path} declares under inputs",
                    hint=did_you_mean(name, columns),
                )
        return visible

    def _check_names(self, trees: Mapping[str, nodes.Template]) -> frozenset[str]:
        """The inputs that are read; an error for each name that is read and is none."""
        inputs = set(self.loaded.prompt.inputs)
        # A file sees what the texts that include it set, so what any of them sets is known in all.
        known = inputs | set(self._sandbox.globals)
        shared = {name for tree in trees.values() for name in bound_names(tree)}
        used: set[str] = set()
        errors = []
        for text_name, tree in trees.items():
            for name, line in free_names(tree).items():
                used.add(name)
                elsewhere = text_name in self.loaded.includes and name in shared
                if name not in known and not elsewhere:
                    errors.append(self._undeclared(name, self._texts[text_name].at(line, name)))
        if len(errors) > 1:
            raise InputErrors(errors)
        if errors:
            raise errors[0]
        return frozenset(used & inputs)

    def _undeclared(self, name: str, location: Location) -> InputError:
        hint = did_you_mean(name, self.loaded.prompt.inputs)
        if hint is None or not hint.startswith("did"):
            hint = f"declare it: `inputs: {{{name}: {{type: string}}}}`"
        return InputError(f"{name!r} is not declared under inputs", location=location, hint=hint)


def _message(loaded: LoadedPrompt, path: Path, source: str) -> Text:
    name = f"{loaded.path}#{'/'.join(map(str, path))}"
    return Text(name, source, lambda line, column: loaded.locate(path, line, column))


def _file(name: str, source: str) -> Text:
    return Text(name, source, partial(Location, f"{FOLDER}/{name}"))


def _filled(value: Any, at: Path, rendered: Mapping[Path, str]) -> Any:
    """The value with each text that is a template replaced by what it came to."""
    if isinstance(value, str):
        return rendered.get(at, value)
    if isinstance(value, list):
        return [_filled(item, (*at, index), rendered) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _filled(item, (*at, key), rendered) for key, item in value.items()}
    return value
