"""What is behind a report: both versions as they were written, and every sample of every case.

A report says what a run came to; this is what a reader opens to see why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from promptops.values.request import Message
from promptops.values.sample import Arm, Source
from promptops.values.score import Scored
from promptops.values.step import Step
from promptops.values.usage import Usage

__all__ = ["CaseDetails", "Details", "PromptText", "SampleDetails", "Step"]


class PromptText(msgspec.Struct, frozen=True):
    """A version of a prompt, as it was written."""

    name: str
    path: str
    """Its file, from the root of the project."""
    digest: str
    version: int
    source: str
    """The text of its file."""
    messages: list[Message] = []
    """Templates, before anything is put into them."""
    includes: dict[str, str] = {}
    """What the templates include: path to text."""
    model: str = ""
    params: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    output: dict[str, Any] | None = None
    """The JSON Schema that an answer has to fit."""
    tools: list[dict[str, Any]] = []
    change: str = ""


class SampleDetails(msgspec.Struct, frozen=True):
    """One sample: what came back, and what every scorer said of it."""

    arm: Arm
    index: int
    source: Source = "made"
    content: str = ""
    tool_calls: list[dict[str, Any]] = []
    finish_reason: str = ""
    refusal: str | None = None
    flags: tuple[str, ...] = ()
    failure: str | None = None
    """Why no answer came; None where one did."""
    missing: bool = False
    """An answer came, and is not kept any more."""
    scores: dict[str, Scored] = {}
    """Scorer to what it said; empty where no answer came."""
    response_model: str | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    """None: unknown."""
    latency_seconds: float | None = None
    steps: list[Step] = []
    """Of a sample that took several; empty for a single answer."""


class CaseDetails(msgspec.Struct, frozen=True):
    """One case with all its samples, by arm and index."""

    id: str
    columns: dict[str, Any] = {}
    """As in the dataset, expected values included; long ones are cut."""
    tags: tuple[str, ...] = ()
    group: str | None = None
    critical: bool = False
    samples: list[SampleDetails] = []


class Details(Protocol):
    """What is behind one report. Cases are read as they are asked for: there may be many."""

    @property
    def baseline(self) -> PromptText | None:
        """None where nothing is compared, or its text is not kept."""
        ...

    @property
    def candidate(self) -> PromptText | None: ...

    def cases(self) -> Iterator[CaseDetails]:
        """Every case that took part, in the order of the report's cases."""
        ...
