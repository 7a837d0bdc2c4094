"""1 when the answer is one JSON value that fits a JSON Schema; else 0.

The schema is written here, or is the `output.schema` of the prompt under test.  Nothing may stand
around the JSON, no key twice.  References to other documents are refused.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from promptops.errors import InputError
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.output import OutputChecker
from promptops.scorers.comparing.text import encodable
from promptops.scorers.scorer import OptionError, Project, ScorerOptions, Subject
from promptops.values.score import Score, Scored, Unscorable

MAX_EXPLANATION = 500


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    schema: Annotated[
        dict[str, Any] | None,
        Meta(description="A JSON Schema; left out, it is the output schema of the prompt."),
    ] = None


def prepare(options: Options) -> OutputChecker | None:
    return None if options.schema is None else _checker(options.schema, "schema")


def attach(
    options: Options, _services: Project, prompt: LoadedPrompt | None
) -> OutputChecker | None:
    if options.schema is not None:
        return _checker(options.schema, "schema")
    if prompt is None:
        return None
    if prompt.prompt.output is None:
        raise OptionError(
            f"neither this scorer nor the prompt {prompt.name} has a schema",
            option="type",
            hint="write  schema: {…}  here, or  output: {schema: {…}}  in the prompt",
        )
    return _checker(prompt.prompt.output.schema, "type")


def score(_options: Options, subject: Subject) -> Scored:
    checker: OutputChecker | None = subject.prepared
    if checker is None:
        if subject.request.output_schema is None:
            return Unscorable("neither the scorer nor the prompt has a schema")
        checker = _checker(subject.request.output_schema, "schema")
    try:
        subject.value()
    except ValueError as error:
        return Score(0.0, "not_json", str(error))
    problem = checker.check(subject.text).problem
    if problem is None:
        return Score(1.0, "fits")
    return Score(0.0, "bad_schema", encodable(problem)[:MAX_EXPLANATION])


def _checker(schema: dict[str, Any], option: str) -> OutputChecker:
    try:
        return OutputChecker(schema)
    except InputError as error:
        raise OptionError(error.message, option=option) from None
