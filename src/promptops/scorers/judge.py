"""What an LLM judge says: a prompt under `prompts/judges/` with a rubric and a structured verdict.

Its output schema holds `explanation` and `verdict`.  A verdict that is a label is worth what
`labels` says; a whole number lies on `scale`, its low end worth 0 and its high end 1; a number is
its own worth. The judge's inputs are filled by name or by `inputs` from the case's columns and from
`answer` (the text under judgement), `question` (the last user message, where no column has this
name), `conversation` (all messages sent) and `case` (all columns); `fence` is a line to put around
the answer.

An answer without content scores 0, labelled `empty`, and is not judged.  A malformed verdict is
asked for once more, then the sample is unscorable, as it is when the judge cannot be asked.  Judges
can be talked round by the text they judge: they measure quality and guard nothing.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from promptops.judges.judge import Judge
from promptops.judges.verdicts import JudgeOptionError, VerdictReader
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.scorer import (
    Expected,
    OptionError,
    Project,
    ScorerOptions,
    Services,
    Subject,
)
from promptops.values.score import Scored

_TOO_SMALL = "embedded/"


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    prompt: Annotated[str, Meta(min_length=1, description="The judge, such as judges/faithful.")]
    model: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Judge with this model, not the prompt's own."),
    ] = None
    inputs: Annotated[
        dict[str, str] | None,
        Meta(description="Variable of the judge to a template over the case and the answer."),
    ] = None
    labels: Annotated[
        dict[str, Annotated[float, Meta(ge=0, le=1)]] | None,
        Meta(description="What each label is worth, from 0 to 1."),
    ] = None
    scale: Annotated[
        tuple[int, int] | None, Meta(description="Low and high end of a whole number's scale.")
    ] = None


def attach(options: Options, services: Project, _prompt: LoadedPrompt | None) -> Judge:
    loaded = services.load_prompt(options.prompt)
    model = options.model or loaded.prompt.model
    if model.startswith(_TOO_SMALL) and options.role == "gate":
        raise OptionError(
            f"{model} is too small to judge anything that gates",
            option="model" if options.model else "prompt",
            hint="judge with a larger model (model: …), or only look on (role: observe)",
        )
    schema = loaded.prompt.output.schema if loaded.prompt.output else None
    try:
        reader = VerdictReader(schema, labels=options.labels, scale=options.scale)
        return Judge(loaded, reader, model=options.model, inputs=options.inputs)
    except JudgeOptionError as error:
        raise OptionError(str(error), option=error.option, hint=error.hint) from None


def check(_options: Options, expected: Expected, prepared: Judge) -> str | None:
    return prepared.check(expected.columns)


async def score(_options: Options, subject: Subject, services: Services) -> Scored:
    judge: Judge = subject.prepared
    return await judge.judge(subject.case.columns, subject.request, subject.answer, services.ask)
