"""What a scorer file holds, and what it is given.

A scorer is one file in this folder; its name is the `type` that suites write.  It holds

- a docstring: what it scores and how, for people;
- `class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True)`: what a
  suite may write, strictly read.  `TEMPLATES` names the options that are templates over the case;
- `def score(options, subject) -> Scored`, or `async def score(options, subject, services) ->
  Scored` where it must ask a model or run for long;

and where it needs them

- `def prepare(options) -> Any`: checks and compiles, once, when the suite is read.  What it returns
  is `subject.prepared`.  Raises `OptionError`;
- `def attach(options, services, prompt) -> Any`: the same, with the project at hand, before
  anything is spent.  What it returns takes the place of `subject.prepared`.  Raises `OptionError`
  or `InputError`.  An attribute `digest` of what it returns enters the scorer's digest;
- `def check(options, expected, prepared) -> str | None`: what is wrong with the expected values of
  a case, in one sentence;
- `def fixed(subject) -> bool`: whether what it says of this answer holds, `negate` or not, because
  there is nothing in it;
- `PAIRS = True`: it compares an answer with the other version's answer to the same case, which is
  `subject.rival`, and says what the answer is worth beside it; the engine gives the other side what
  is left of 1;
- `SCORES_OWN_FAILURES = True`: it wants to see answers that were refused, cut or do not fit the
  output schema; for others the engine scores these zero, with the failure's label.

Nothing else is edited: the file is found by its name, and `tests/contracts/test_scorers.py` runs
over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

import msgspec
from msgspec import Meta

from promptops.documents.strict_json import strict_json
from promptops.errors import InputError
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.comparing.text import Normalization, as_text, normalize
from promptops.scorers.templates import Template
from promptops.values.case import Case
from promptops.values.request import Request
from promptops.values.response import Outcome, Response
from promptops.values.score import Role

MAX_REASON = 300

Threshold = Annotated[float, Meta(gt=0, le=1)]


class ScorerOptions(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """What every scorer's options hold."""

    TEMPLATES: ClassVar[tuple[str, ...]] = ()
    """Names of the options that are templates over the case (text, or lists and mappings of it)."""

    type: Annotated[str, Meta(description="Which scorer this is.")]
    role: Annotated[
        Role, Meta(description="Whether it counts for the verdict, or is only reported.")
    ] = "gate"
    weight: Annotated[float, Meta(gt=0, description="Its share in a case's overall score.")] = 1.0
    negate: Annotated[bool, Meta(description="Score 1 − value instead.")] = False
    normalize: Annotated[
        list[Normalization],
        Meta(description="Applied in this order to the answer and to expected texts."),
    ] = []


class OptionError(ValueError):
    """An option does not fit; the suite's file, line and column are added where it is caught."""

    def __init__(self, message: str, *, option: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.option = option
        self.hint = hint


class ServiceError(Exception):
    """A service that a scorer needs failed for want of infrastructure: the sample is unscorable."""


class Project(Protocol):
    """Where a scorer's files are, and what it may do."""

    @property
    def root(self) -> Path:
        """The root of the project on disk."""
        ...

    @property
    def allow_code(self) -> bool:
        """Whether the person at the keyboard allowed the project's own Python to run."""
        ...

    def load_prompt(self, name: str) -> LoadedPrompt:
        """A prompt of the working tree, such as a judge's.

        Raises:
            InputError: there is none, or it is not right.
        """
        ...


class Services(Project, Protocol):
    """What the engine lends to scorers: every call is stored, limited and counted by it."""

    async def ask(self, request: Request, index: int) -> Outcome:
        """One answer to a chat request; another `index` is another draw."""
        ...

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, in their order.

        Raises:
            ServiceError: the provider failed for good.
        """
        ...


class Expected:
    """Expected values of one case: `expected("field")` is the value, `.text("field")` its text."""

    __slots__ = ("_columns", "_steps", "_templates")

    def __init__(
        self,
        templates: Mapping[str, Template],
        columns: Mapping[str, Any],
        steps: Sequence[Normalization] = (),
    ) -> None:
        self._templates = templates
        self._columns = columns
        self._steps = steps

    @property
    def columns(self) -> Mapping[str, Any]:
        """All columns of the case."""
        return self._columns

    def __call__(self, name: str) -> Any:
        """The value of the option `name` for this case; None where the suite does not write it.

        Raises:
            InputError: the case lacks what the template asks for.
        """
        template = self._templates.get(name)
        return None if template is None else template.evaluate(self._columns)

    def text(self, name: str) -> str:
        """The value as normalised text.

        Raises:
            InputError: the case lacks it, or it is null.
        """
        return self._text(name, self(name))

    def texts(self, name: str) -> list[str]:
        """The value as one or more normalised texts: a list's items, or the one value.

        Raises:
            InputError: as `text`, or the list is empty.
        """
        value = self(name)
        values = value if isinstance(value, (list, tuple)) else [value]
        if not values:
            raise InputError(f"{name!r}: the list is empty")
        flat = [item for each in values for item in (each if isinstance(each, list) else [each])]
        return [self._text(name, item) for item in flat]

    def _text(self, name: str, value: Any) -> str:
        try:
            return normalize(as_text(value), self._steps)
        except ValueError as error:
            raise InputError(f"{name!r}: {error}") from None


_NOTHING = Expected({}, {})


@dataclass(frozen=True, slots=True)
class Subject:
    """One answer to score. The engine gives the first three; the scorer's own parts are filled
    in.
    """

    case: Case
    request: Request
    response: Response
    rival: Response | None = None
    """The baseline's answer to the same case; for scorers of pairs alone."""
    expected: Expected = _NOTHING
    normalize: Sequence[Normalization] = ()
    prepared: Any = field(default=None, compare=False)
    """What the scorer's `prepare` or `attach` returned."""

    @property
    def text(self) -> str:
        """The answer as it came."""
        return self.response.content

    @property
    def answer(self) -> str:
        """The answer after the scorer's normalisations."""
        return normalize(self.response.content, self.normalize)

    def value(self) -> Any:
        """The answer as a JSON value.

        Raises:
            ValueError: it is not exactly one JSON value; the message says why.
        """
        return strict_json(self.response.content)
