"""What a run would do: both versions, the cases, every request; checked before a cent is spent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import msgspec

from promptops.comparison.ledger import ARMS
from promptops.comparison.policy import Metric, Policy
from promptops.datasets.loading import Dataset
from promptops.engine.choices import Choices
from promptops.engine.judging.standing import Standing, held_to
from promptops.engine.people.labels import PeoplesLabels
from promptops.engine.suite import MOST_SAMPLES, Suite
from promptops.errors import InputError, InputErrors, Location, PromptopsError
from promptops.judges.filling import Filling
from promptops.models.endpoints import endpoint
from promptops.prompts.inputs import InputChecker
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.output import OutputChecker
from promptops.prompts.prompt import Params
from promptops.prompts.rendering import Renderer
from promptops.scorers.discovery import Scorer
from promptops.values.case import Case
from promptops.values.request import Request, request_key
from promptops.values.sample import Arm

MOST_ERRORS = 20
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an arm's version comes from."""

    commit: str | None
    dirty: bool
    how: str = ""
    """Why this is the version that is compared, in words."""


class ArmPlan:
    """One version, ready to render any case."""

    def __init__(
        self,
        arm: Arm,
        loaded: LoadedPrompt,
        provenance: Provenance,
        model: str | None,
        first_index: int = 0,
    ) -> None:
        self.arm: Arm = arm
        self.loaded = loaded
        self.provenance = provenance
        self.model = model or loaded.prompt.model
        self.first_index = first_index
        """Which draw of a request is its sample 0; not 0 where the other arm sends the same."""
        self.repeats: Mapping[int, int] = {}
        """Cases whose request another case before them sends too, and how often it is repeated."""
        self.output = _output_checker(loaded)
        self.keys = bytearray()
        """The 32-byte request key of each case, one after the other."""
        self._inputs = InputChecker.of(loaded)
        self._renderer = Renderer(loaded)
        self._filling = Filling(loaded)

    def render(self, case: Case) -> Request:
        """The request for a case.

        Raises:
            InputError: the case does not fit the prompt's inputs, or a template fails on it.
        """
        columns = self._filling.columns(case.columns)
        problem = self._inputs.check(columns)
        if problem:
            raise InputError(problem)
        return self._filling.request(self._renderer.render(columns, model=self.model))

    def key(self, case: int) -> str:
        """The request key of a case that was checked."""
        return self.raw_key(case).hex()

    def slot(self, case: int, index: int) -> tuple[str, int]:
        """Under which key and number the response of a sample is kept."""
        return self.key(case), self.first_number(case) + index

    def first_number(self, case: int) -> int:
        """Which draw of its request is a case's sample 0.

        Cases that send the same request have answers of their own: shared ones would pass for more
        evidence than they are.
        """
        return self.first_index + 3 * MOST_SAMPLES * self.repeats.get(case, 0)

    def raw_key(self, case: int) -> bytearray:
        """The same as its 32 bytes."""
        return self.keys[case * KEY_BYTES : (case + 1) * KEY_BYTES]


@dataclass(slots=True)
class Plan:
    """A run before it starts."""

    suite: Suite
    arms: tuple[ArmPlan, ...]
    """Baseline and candidate, or the candidate alone where there is no earlier version."""
    dataset: Dataset
    """The cases that take part, by their number."""
    opened: Dataset
    """The whole of it, which is to be closed."""
    scorers: Sequence[Scorer]
    policy: Policy
    samples: int
    """Per case, as planned: what the looks are laid out for."""
    limit: int
    """Per case, at most in this run: fewer for a first impression, more after an extension."""
    seed: int
    choices: Choices
    extend: bool = False
    """Once the limit is spent without a verdict, go on as far as may settle it."""
    itself: bool = False
    """Both arms are the same version, drawn apart: what differs is noise."""
    trust: Mapping[str, Standing] = field(default_factory=dict)
    """What was measured of each judge that scores, by its metric."""
    labels: PeoplesLabels | None = None
    """What people say of the suite's answers; None where nobody labelled any."""
    changes: list[str] = field(default_factory=list)
    lacking: bool = True
    """Whether a response has to be drawn that is not kept."""
    alone: bool = False
    """Compared with nothing because that was asked for."""
    tags: Sequence[str] = ()
    """What chose the cases; none for all of them."""

    @property
    def candidate(self) -> ArmPlan:
        """The version under test."""
        return self.arms[-1]

    @property
    def baseline(self) -> ArmPlan | None:
        """The version that it is compared with."""
        return self.arms[0] if len(self.arms) == 2 else None

    def shared(self, case: int) -> bool:
        """Whether a case renders to the same request on both arms."""
        if len(self.arms) < 2 or self.itself:
            return False
        return self.arms[0].raw_key(case) == self.arms[1].raw_key(case)

    @property
    def models(self) -> list[str]:
        """Every model that may be asked, scorers' included."""
        asked = [arm.model for arm in self.arms]
        asked += [model for scorer in self.scorers for model in scorer.models]
        return list(dict.fromkeys(asked))

    @property
    def identical(self) -> bool:
        """Whether that is so for every case."""
        return len(self.arms) == 2 and not self.itself and self.arms[0].keys == self.arms[1].keys

    @property
    def judged_as(self) -> Iterator[tuple[Scorer, Metric]]:
        """Each scorer with what it may do here."""
        return zip(self.scorers, self.policy.metrics, strict=True)

    @property
    def key(self) -> str:
        """What tells this comparison from every other: a rerun with the same one goes on with it.

        Both arms' requests (so model, endpoint and rendered cases), what is expected, how it is
        scored, and what it is held to; not how many samples are drawn, nor in which order.
        """
        gate = self.suite.file.gate
        parts = [
            *(hashlib.sha256(arm.keys).hexdigest() for arm in self.arms),
            self.opened.fingerprint,
            *sorted(set(self.tags)),
            *(held_to(each, metric) for each, metric in self.judged_as),
            repr((gate.margin, gate.alpha, gate.estimand, gate.guarantee)),
            self.suite.file.truncated,
            repr(self.itself),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _output_checker(loaded: LoadedPrompt) -> OutputChecker | None:
    output = loaded.prompt.output
    if output is None:
        return None
    return OutputChecker(output.schema, location=loaded.locate(("output", "schema")))


def check(plan: Plan, environ: Mapping[str, str]) -> None:
    """Render every case on every arm, fill in the request keys, let every scorer see the case.

    Raises:
        InputErrors: all that is wrong, up to a limit; nothing has been spent.
    """
    errors: dict[tuple[str, str], PromptopsError] = {}
    counts: Counter[tuple[str, str]] = Counter()
    places = {arm.arm: endpoint(arm.model, environ) for arm in plan.arms}
    for case in plan.dataset:
        for kind, error in _case_errors(plan, case, places):
            errors.setdefault(kind, error)  # told once, with the first of its cases
            counts[kind] += 1
        if len(errors) >= MOST_ERRORS:
            break
    if errors:
        told = [_counted(error, counts[kind] - 1) for kind, error in errors.items()]
        raise InputErrors(told[:MOST_ERRORS])
    repeats = _repeats(plan)
    for arm in plan.arms:
        arm.repeats = repeats


def _repeats(plan: Plan) -> dict[int, int]:
    """A number for each case whose request is one of a case before it, on either arm.

    No two cases with the same request on one arm have the same number; the first has 0, and is left
    out.
    """
    seen: set[int] = set()
    further: dict[int, set[int]] = {}
    found = {}
    for case in range(len(plan.dataset)):
        sent = [hash((arm.arm, bytes(arm.raw_key(case)))) for arm in plan.arms]
        if seen.isdisjoint(sent):
            seen.update(sent)
            continue
        taken = set().union(*(further.setdefault(one, set()) for one in sent))
        found[case] = next(number for number in count(1) if number not in taken)
        for one in sent:
            further[one].add(found[case])
    return found


def _case_errors(
    plan: Plan, case: Case, places: Mapping[Arm, str]
) -> Iterator[tuple[tuple[str, str], PromptopsError]]:
    """What is wrong with a case, each under what tells one kind of fault from another."""
    where = Location(plan.suite.dataset_path, case.line)
    for arm in plan.arms:
        try:
            request = arm.render(case)
        except PromptopsError as error:
            told = _at_case(error, case, where, arm)
            yield (error.message, str(error.location)), told
            continue
        arm.keys += bytes.fromhex(request_key(request, places[arm.arm]))
    for scorer in plan.scorers:
        problem = scorer.check_case(case)
        if problem:
            message = f"scorer {scorer.name!r}: {problem}"
            yield (message, ""), InputError(f"case {case.id!r}: {message}", location=where)


def _counted(error: PromptopsError, more: int) -> InputError:
    also = f" (and {more:,} more case{'s' * (more > 1)})" if more else ""
    return InputError(error.message + also, location=error.location, hint=error.hint)


def _at_case(error: PromptopsError, case: Case, where: Location, arm: ArmPlan) -> InputError:
    """The error at its place in the template, where it has one; else at the case."""
    named, hint = f"case {case.id!r}", error.hint
    if arm.arm == ARMS[0]:
        named += f", baseline v{arm.loaded.prompt.version}"
        hint = hint or "the baseline needs it; compare with another version: --against vN"
    if error.location is None:
        return InputError(f"{named}: {error.message}", location=where, hint=hint)
    return InputError(f"{error.message} ({named})", location=error.location, hint=hint)


def differences(baseline: ArmPlan, candidate: ArmPlan) -> list[str]:
    """What differs between two versions besides the words of their messages."""
    old, new = baseline.loaded.prompt, candidate.loaded.prompt
    found = []
    if baseline.model != candidate.model:
        found.append(f"model: {baseline.model} → {candidate.model}")
    if old.params != new.params:
        found.append(f"params: {_short(old.params)} → {_short(new.params)}")
    fields = ("inputs", "output", "tools")
    return found + [
        f"{name} changed" for name in fields if getattr(old, name) != getattr(new, name)
    ]


def _short(params: Params) -> str:
    fields = msgspec.to_builtins(params)
    return ", ".join(f"{name} {field}" for name, field in fields.items()) or "none"
