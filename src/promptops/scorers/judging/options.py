"""The options of every scorer that asks a judge, and who sits on its panel."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from promptops.judges.asking import MOST_VOTES
from promptops.judges.votes import Combine, Panel
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.scorer import OptionError, ScorerOptions

_TOO_SMALL = "embedded/"


class JudgingOptions(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write of any judge."""

    prompt: Annotated[str, Meta(min_length=1, description="The judge, such as judges/faithful.")]
    model: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Judge with this model, not the prompt's own."),
    ] = None
    models: Annotated[
        Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)] | None,
        Meta(description="Judge with each of these models: a panel."),
    ] = None
    votes: Annotated[
        int,
        Meta(ge=1, le=MOST_VOTES, description="How often each model is asked the same question."),
    ] = 1
    combine: Annotated[
        Combine, Meta(description="How several votes become one score: mean, majority or median.")
    ] = "mean"
    inputs: Annotated[
        dict[str, str] | None,
        Meta(description="Variable of the judge to a template over the case and the answer."),
    ] = None


def seated(options: JudgingOptions, loaded: LoadedPrompt) -> Panel:
    """The panel that the options name.

    Raises:
        OptionError: a model that gates is too small to judge, or two options contradict.
        JudgeOptionError: the panel does not fit together.
    """
    if options.model is not None and options.models is not None:
        raise OptionError(
            "model names one judge, models a panel of them", option="models", hint="keep one"
        )
    models = tuple(options.models or [options.model or loaded.prompt.model])
    named = "models" if options.models else "model" if options.model else "prompt"
    for model in models:
        if model.startswith(_TOO_SMALL) and options.role == "gate":
            raise OptionError(
                f"{model} is too small to judge anything that gates",
                option=named,
                hint="judge with a larger model (model: …), or only look on (role: observe)",
            )
    return Panel(models, options.votes, options.combine)
