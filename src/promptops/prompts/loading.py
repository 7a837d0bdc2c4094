"""Prompt files into typed prompts. Cheap: no template is parsed and nothing is compiled here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from promptops.documents.decoding import decode
from promptops.documents.tree import Tree
from promptops.documents.yaml_reader import Document, Path, read_yaml
from promptops.errors import InputError, Location, did_you_mean
from promptops.prompts.attachments import HINT, attached, problem_of_literal
from promptops.prompts.includes import FOLDER, gather
from promptops.prompts.meaning import digest
from promptops.prompts.places import place
from promptops.prompts.prompt import Prompt, PromptMessage, template_texts
from promptops.prompts.refused import CONNECTION, ELSEWHERE
from promptops.prompts.templates.tags import OPEN

SUFFIX = ".yaml"

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_RESERVED = frozenset(
    (
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
        "loop",
        "self",
        "super",
        "caller",
        "varargs",
        "kwargs",
        "range",
        "dict",
        "namespace",
        "cycler",
        "joiner",
    )
)


@dataclass(frozen=True, slots=True)
class LoadedPrompt:
    """A prompt with what its file says and what it reaches."""

    name: str
    path: str
    prompt: Prompt
    includes: dict[str, str]
    """Path below `prompts/` to text, of every file the templates reach."""
    document: Document
    digest: str
    source: str
    """The file's text, for the places of errors."""

    def locate(self, path: Path, line: int = 1, column: int = 0) -> Location:
        """The place in the file of a line and column (from 1) of the text at `path`."""
        return place(self.document, self.source, path, line, column)


def prompt_path(name: str) -> str:
    """The path of a prompt's file from the root of the project."""
    return f"{FOLDER}/{name}{SUFFIX}"


def prompt_names(tree: Tree) -> list[str]:
    """The names of all prompts, sorted. Files without the suffix are material for includes."""
    return sorted(
        path.removeprefix(f"{FOLDER}/").removesuffix(SUFFIX)
        for path in tree.list(FOLDER)
        if path.endswith(SUFFIX)
    )


def load_prompt(tree: Tree, name: str) -> LoadedPrompt:
    """Read a prompt by its name, such as `judges/faithful`.

    Raises:
        InputError: there is no such prompt, or its file is wrong.
    """
    text = tree.read(prompt_path(name))
    if text is None:
        raise InputError(f"no prompt {name!r} ({prompt_path(name)})", hint=_nearest(tree, name))
    return parse_prompt(text, name, tree)


def parse_prompt(text: str, name: str, tree: Tree) -> LoadedPrompt:
    """Understand the text of a prompt's file; its includes are read from `tree`.

    Templates are not compiled: `rendering.Renderer` does that, and `lint.lint` reports on them.

    Raises:
        InputError: with file, line and column.
    """
    path = prompt_path(name)
    document = read_yaml(text, path)
    if not isinstance(document.value, dict):
        raise InputError(
            "a prompt file holds a mapping",
            location=document.locate(()),
            hint="start with `version: 1`, `model: …` and `messages: …`",
        )
    _check_params(document)
    prompt = decode(document, Prompt)
    _check_inputs(document, prompt)
    for index, message in enumerate(prompt.messages):
        _check_message(document, index, message)
    for at, said in attached(prompt.messages):
        problem = None if OPEN.search(said) else problem_of_literal(said)
        if problem:
            raise InputError(problem, location=document.locate(at), hint=HINT)

    def where(at: Path, line: int, column: int) -> Location:
        return place(document, text, at, line, column)

    includes = gather(tree, template_texts(prompt.messages), where)
    return LoadedPrompt(name, path, prompt, includes, document, digest(prompt, includes), text)


def _check_params(document: Document) -> None:
    params = document.value.get("params")
    if not isinstance(params, dict):
        return
    _check_names(document, params, ("params",))
    body = params.get("extra_body")
    if isinstance(body, dict):
        _check_names(document, body, ("params", "extra_body"))


def _check_names(document: Document, names: dict[str, Any], at: Path) -> None:
    for key in names:
        if key in CONNECTION:
            raise InputError(
                f"{key!r} is a connection setting; a prompt cannot set it",
                location=document.locate((*at, key)),
                hint="connections and keys come from the environment: no file may redirect them",
            )
        if key in ELSEWHERE:
            raise InputError(
                f"{key!r} does not belong in {at[-1]}",
                location=document.locate((*at, key)),
                hint=ELSEWHERE[key],
            )


def _check_inputs(document: Document, prompt: Prompt) -> None:
    for name in prompt.inputs:
        if not _VARIABLE.match(name) or name in _RESERVED:
            raise InputError(
                f"{name!r} cannot be the name of a variable",
                location=document.locate(("inputs", name)),
                hint="use letters, digits and _, a letter first, and none of Jinja2's own words",
            )


def _check_message(document: Document, index: int, message: PromptMessage) -> None:
    problem = _message_problem(message)
    if problem:
        raise InputError(problem, location=document.locate(("messages", index)))
    if not isinstance(message.content, list):
        return
    for part_index, part in enumerate(message.content):
        if not isinstance(part.get("type"), str):
            raise InputError(
                "a part of a message needs a `type`",
                location=document.locate(("messages", index, "content", part_index)),
                hint="such as {type: text, text: …} or {type: image_url, image_url: {url: …}}",
            )


def _message_problem(message: PromptMessage) -> str | None:
    if message.role == "tool" and not message.tool_call_id:
        return "a tool message needs `tool_call_id`"
    if message.tool_call_id and message.role != "tool":
        return f"`tool_call_id` belongs to tool messages, not to {message.role} ones"
    if message.tool_calls and message.role != "assistant":
        return f"`tool_calls` belong to assistant messages, not to {message.role} ones"
    if message.content is None and not message.tool_calls:
        return "a message needs `content`"
    return None


def _nearest(tree: Tree, name: str) -> str | None:
    if tree.read(f"{FOLDER}/{name}.yml") is not None:
        return f"rename {FOLDER}/{name}.yml to {prompt_path(name)}"
    names = prompt_names(tree)
    return did_you_mean(name, names) or f"there are no prompts yet: write {prompt_path(name)}"
