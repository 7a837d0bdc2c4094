"""A prompt rendered with checked variables; imports the template engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.errors import InputError
from promptops.judges.filling import Filling
from promptops.prompts.inputs import InputChecker
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.rendering import Renderer
from promptops.values.request import Request


def request_for(
    loaded: LoadedPrompt, columns: Mapping[str, Any], *, model: str | None = None
) -> Request:
    """Exactly what would be sent.

    Raises:
        InputError: a template is wrong, or the columns do not fit the prompt's inputs.
    """
    renderer = Renderer(loaded)
    filling = Filling(loaded)
    columns = filling.columns(columns)
    problem = InputChecker(loaded.prompt.inputs).check(columns)
    if problem:
        raise InputError(
            f"the variables do not fit the inputs of {loaded.name!r}: {problem}",
            location=loaded.document.locate(("inputs",)),
            hint="name a case with --case ID, or give variables with --var name=value",
        )
    return filling.request(renderer.render(columns, model=model))
