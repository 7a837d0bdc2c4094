"""What a prompt file holds, typed; its descriptions are those that editors show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from promptops.values.request import Role

Step = str | int


class Params(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """Sampling parameters, sent to the model as they stand; never connection settings."""

    temperature: (
        Annotated[float, Meta(ge=0, description="Randomness; 0 is the least.")] | UnsetType
    ) = UNSET
    top_p: Annotated[float, Meta(ge=0, le=1, description="Nucleus sampling.")] | UnsetType = UNSET
    top_k: Annotated[int, Meta(description="Sample among the k likeliest tokens.")] | UnsetType = (
        UNSET
    )
    min_p: (
        Annotated[
            float, Meta(ge=0, le=1, description="Least probability, relative to the likeliest.")
        ]
        | UnsetType
    ) = UNSET
    max_tokens: Annotated[int, Meta(ge=1, description="Longest answer, in tokens.")] | UnsetType = (
        UNSET
    )
    max_completion_tokens: (
        Annotated[int, Meta(ge=1, description="Longest answer with its reasoning, in tokens.")]
        | UnsetType
    ) = UNSET
    stop: (
        Annotated[str | list[str], Meta(description="Text at which the answer ends.")] | UnsetType
    ) = UNSET
    seed: Annotated[int, Meta(description="Seed of the provider's sampling.")] | UnsetType = UNSET
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | UnsetType = UNSET
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | UnsetType = UNSET
    repetition_penalty: Annotated[float, Meta(ge=0)] | UnsetType = UNSET
    logit_bias: (
        Annotated[dict[str, float], Meta(description="Token id, as text, to bias.")] | UnsetType
    ) = UNSET
    reasoning_effort: (
        Annotated[str, Meta(description="How much a reasoning model may think, such as low.")]
        | UnsetType
    ) = UNSET
    verbosity: (
        Annotated[str, Meta(description="How much a model says, such as low.")] | UnsetType
    ) = UNSET
    thinking: (
        Annotated[dict[str, Any], Meta(description="A provider's settings for thinking.")]
        | UnsetType
    ) = UNSET
    tool_choice: (
        Annotated[str | dict[str, Any], Meta(description="auto, none, required, or one tool.")]
        | UnsetType
    ) = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    logprobs: bool | UnsetType = UNSET
    top_logprobs: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    modalities: list[str] | UnsetType = UNSET
    prediction: (
        Annotated[dict[str, Any], Meta(description="Predicted output, where a provider takes it.")]
        | UnsetType
    ) = UNSET
    web_search_options: dict[str, Any] | UnsetType = UNSET
    service_tier: str | UnsetType = UNSET
    extra_body: (
        Annotated[
            dict[str, Any],
            Meta(description="Anything else that one provider takes, added to the request's body."),
        ]
        | UnsetType
    ) = UNSET


class PromptMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One chat message. Every text of its content and of its tool calls is a Jinja2 template."""

    role: Role
    content: (
        Annotated[
            str | list[dict[str, Any]],
            Meta(description="Text, or a list of parts such as {type: text, text: …}; a template."),
        ]
        | None
    ) = None
    name: str | None = None
    tool_calls: (
        Annotated[list[dict[str, Any]], Meta(description="Calls an assistant message made.")] | None
    ) = None
    tool_call_id: (
        Annotated[str, Meta(description="The call that a tool message answers.")] | None
    ) = None


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Structured output: sent where the provider takes it, checked on return always."""

    schema: Annotated[dict[str, Any], Meta(description="JSON Schema that the answer must satisfy.")]


class Criterion(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """One yes/no question that a judge answers about an answer."""

    question: Annotated[
        str, Meta(min_length=1, description="What the judge is asked; it has a yes or a no.")
    ]
    weight: Annotated[float, Meta(gt=0, description="Its share in the score.")] = 1.0
    expect: Annotated[
        Literal["yes", "no"], Meta(description="Which of the two speaks for the answer.")
    ] = "yes"


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What makes a prompt a judge: what its verdicts are worth, and what it goes by."""

    labels: Annotated[
        dict[str, Annotated[float, Meta(ge=0, le=1)] | None],
        Meta(description="Each verdict to its worth, from 0 to 1; null where it cannot tell."),
    ] = {}
    anchors: Annotated[
        dict[str, Annotated[str, Meta(min_length=1)]],
        Meta(description="What earns each point of the scale, or each label; {{ anchors }}."),
    ] = {}
    criteria: Annotated[
        dict[str, Criterion],
        Meta(description="Yes/no questions that are asked at once and added up; {{ criteria }}."),
    ] = {}


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A prompt of promptops: a versioned template for one chat request."""

    version: Annotated[
        int, Meta(ge=1, description="The author's number; it grows when the meaning changes.")
    ]
    model: Annotated[
        str,
        Meta(min_length=1, description="Model as litellm names it, such as embedded/smollm2-135m."),
    ]
    messages: Annotated[list[PromptMessage], Meta(min_length=1)]
    description: Annotated[str, Meta(description="What the prompt is for.")] = ""
    change: Annotated[str, Meta(description="Why this version exists; shown in log and diff.")] = ""
    params: Params = Params()
    inputs: Annotated[
        dict[str, dict[str, Any]],
        Meta(description="JSON Schema of each variable; templates see these and no others."),
    ] = {}
    output: Output | None = None
    tools: Annotated[
        list[dict[str, Any]],
        Meta(description="Tools the model may call, as chat requests take them."),
    ] = []
    judge: Annotated[Rubric, Meta(description="For judges: what verdicts are worth.")] | None = None


def template_texts(messages: list[PromptMessage]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text that is a template, with its path such as `("messages", 0, "content")`."""
    for index, message in enumerate(messages):
        at: tuple[Step, ...] = ("messages", index)
        yield from strings(message.content, (*at, "content"))
        yield from strings(message.tool_calls, (*at, "tool_calls"))


def strings(value: Any, at: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text inside a value that stands at `at`, with its path."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, (*at, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, (*at, key))
