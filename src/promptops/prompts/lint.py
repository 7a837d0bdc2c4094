"""What is wrong with a prompt, or likely to be, without a case and without a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from promptops.errors import InputError, InputErrors, Location
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.output import OutputChecker
from promptops.prompts.rendering import Renderer
from promptops.prompts.schemas import Schema, SchemaError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend."""

    level: Literal["error", "warning"]
    message: str
    location: Location | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        how = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.level}: {self.message}{how}"


def lint(loaded: LoadedPrompt) -> list[Finding]:
    """Everything that can be said of a loaded prompt, in the order of its file.

    Errors are what would stop an evaluation; warnings are what its author probably did not mean.
    """
    found = [*_templates(loaded), *_schemas(loaded), *_tools(loaded), *_manners(loaded)]
    return sorted(found, key=lambda each: each.location.line if each.location else 0)


def _templates(loaded: LoadedPrompt) -> Iterator[Finding]:
    try:
        renderer = Renderer(loaded)
    except InputErrors as errors:
        yield from (_error(error) for error in errors.errors if isinstance(error, InputError))
        return
    except InputError as error:
        yield _error(error)
        return
    for name in loaded.prompt.inputs:
        if name not in renderer.used:
            yield Finding(
                "warning",
                f"no template uses the input {name!r}",
                loaded.document.locate(("inputs", name)),
                "remove it, or use it",
            )


def _schemas(loaded: LoadedPrompt) -> Iterator[Finding]:
    for name, schema in loaded.prompt.inputs.items():
        at = loaded.document.locate(("inputs", name))
        try:
            compiled = Schema(schema)
        except SchemaError as error:
            yield Finding("error", f"the schema of input {name!r}: {error}", at)
            continue
        if "default" in schema and (problem := compiled.problem(schema["default"])):
            at = loaded.document.locate(("inputs", name, "default"))
            yield Finding("error", f"the default of input {name!r}: {problem}", at)
    output = loaded.prompt.output
    if output is not None:
        try:
            OutputChecker(output.schema, location=loaded.document.locate(("output", "schema")))
        except InputError as error:
            yield _error(error)


def _tools(loaded: LoadedPrompt) -> Iterator[Finding]:
    names: set[str] = set()
    for index, tool in enumerate(loaded.prompt.tools):
        at = loaded.document.locate(("tools", index))
        function: Any = tool.get("function")
        if tool.get("type") != "function":
            continue  # a provider's own tool; its shape is the provider's
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str) or not name:
            yield Finding("error", "a tool of type function needs `function: {name: …}`", at)
            continue
        if name in names:
            yield Finding("error", f"two tools are named {name!r}", at)
        names.add(name)
        try:
            Schema(function.get("parameters") or {})
        except SchemaError as error:
            yield Finding("error", f"the parameters of tool {name!r}: {error}", at)


def _manners(loaded: LoadedPrompt) -> Iterator[Finding]:
    prompt = loaded.prompt
    if prompt.version > 1 and not prompt.change.strip():
        yield Finding(
            "warning",
            f"version {prompt.version} does not say why it exists",
            loaded.document.locate(("version",)),
            "add `change: …`; it appears in log, diff and the pull request",
        )
    if "/" not in prompt.model:
        yield Finding(
            "warning",
            f"the model {prompt.model!r} does not name its provider",
            loaded.document.locate(("model",)),
            f"write it as provider/{prompt.model}",
        )


def _error(error: InputError) -> Finding:
    return Finding("error", error.message, error.location, error.hint)
