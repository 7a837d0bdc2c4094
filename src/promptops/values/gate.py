"""What a gate came to: which suites a change touches, and whether it may merge."""

from __future__ import annotations

from typing import Literal

import msgspec

from promptops.values.details import PromptText
from promptops.values.judging import Said
from promptops.values.report import Report, Verdict

SCHEMA = "promptops.gate/1"

Part = Literal[
    "wording",
    "includes",
    "model",
    "params",
    "tools",
    "output",
    "inputs",
    "dataset",
    "scorers",
    "judge",
    "policy",
]
"""What may change. The first seven are the prompt's meaning; `policy` is the rest of a suite."""

PROMPT_PARTS: frozenset[Part] = frozenset(
    {"wording", "includes", "model", "params", "tools", "output", "inputs"}
)

SuiteStatus = Literal["compared", "described", "untouched", "removed"]
"""`compared`: the prompt's meaning changed, and both versions were evaluated. `described`:
something around the prompt changed, and its one version was scored. `untouched`: nothing that it
rests on changed; nothing was spent. `removed`: the suite is gone."""


class PartChange(msgspec.Struct, frozen=True):
    """One thing that changed between the base and the head."""

    part: Part
    what: str
    """In words: `model openai/a → openai/b`."""
    path: str = ""
    """Its file, from the root of the project; "" where there is no one file."""


class SuiteGate(msgspec.Struct, frozen=True):
    """One suite at the gate."""

    suite: str
    prompt: str
    status: SuiteStatus
    changes: list[PartChange] = []
    run: str | None = None
    """Its run's id; None where nothing was evaluated."""
    verdict: Verdict | None = None
    exit_code: int = 0
    notes: list[str] = []
    """What a reader must know besides: `judged anew: faithful 0.82 by v1, 0.74 by v2, on the same
    120 answers`."""


class GateReport(msgspec.Struct, frozen=True):
    """The gate over all suites."""

    may_merge: bool
    exit_code: int
    reasons: list[str]
    """Why not, or why nothing had to be asked; the weightiest first."""
    base: str
    """The commit that everything is compared with, in full."""
    base_how: str
    """Why that one: `the merge base with main`."""
    head: str | None
    """The commit that is checked out; None before the first."""
    dirty: bool
    """Files of the project differ from `head`."""
    suites: list[SuiteGate]
    uncovered: list[str] = []
    """Prompts that changed and that no suite evaluates."""
    supplied: str = ""
    """Where the answers were not drawn here: who supplied them, in words. "" where they were."""
    url: str = ""
    """Where this run of the build can be looked at."""


class PromptPair(msgspec.Struct, frozen=True):
    """Both versions that a run compared, as they were written."""

    baseline: PromptText | None = None
    candidate: PromptText | None = None


class GateFile(msgspec.Struct, frozen=True):
    """All that a comment on the pull request is made of.

    `gate --format json` prints it (`promptops.gate/1`): fields are added, never renamed or taken
    away. A build may hand it to another that may comment, so whoever reads it takes it for what
    anybody could have written.
    """

    schema: str
    gate: GateReport
    reports: list[Report] = []
    prompts: dict[str, PromptPair] = {}
    """By the id of the run that compared them."""
    said: dict[str, Said] = {}
    """By the id of the run whose answers judges and people said it of."""
