"""Scorers found by file name, and built from a suite's options."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, cast

import msgspec

import promptops.scorers
from promptops.documents.decoding import decode
from promptops.documents.yaml_reader import Document, Path
from promptops.errors import InputError, Location, did_you_mean
from promptops.judges.judge import Judge
from promptops.judges.pairs import PairJudge
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.scorer import (
    MAX_REASON,
    Expected,
    OptionError,
    Project,
    ScorerOptions,
    ServiceError,
    Services,
    Subject,
)
from promptops.scorers.templates import Template, compile_template
from promptops.values.case import Case
from promptops.values.request import canonical_json
from promptops.values.score import Role, Scored, Unscorable, negated

_NOT_SCORERS = frozenset({"discovery", "scorer", "templates"})
_EXAMPLE = "for example  {type: equals, expected: '{{ expected }}'}"
_NOT_IN_DIGEST = frozenset({"role", "weight"})


def scorer_types() -> list[str]:
    """Every `type` a suite may write, sorted."""
    found = pkgutil.iter_modules(promptops.scorers.__path__)
    return sorted(
        each.name
        for each in found
        if not each.ispkg and each.name not in _NOT_SCORERS and not each.name.startswith("_")
    )


def scorer_module(type_: str) -> ModuleType:
    """The file of a scorer; only this one is imported."""
    return importlib.import_module(f"promptops.scorers.{type_}")


def options_type(type_: str) -> type[ScorerOptions]:
    """The options that a scorer of this type takes."""
    return cast("type[ScorerOptions]", scorer_module(type_).Options)


def digest_of(options: ScorerOptions, inner: str | None) -> str:
    """The digest of a scorer with these options: 64 hex digits.

    `inner` is the digest of its judge's prompt, or of its code; None where it has neither.
    """
    built = msgspec.to_builtins(options)
    meaning = {key: value for key, value in built.items() if key not in _NOT_IN_DIGEST}
    return hashlib.sha256(canonical_json([meaning, inner])).hexdigest()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the suite the scorer stands."""

    document: Document
    path: Path

    def locate(self, *inner: str) -> Location:
        return self.document.locate((*self.path, *inner))

    def error(self, error: OptionError | InputError) -> InputError:
        if isinstance(error, OptionError):
            inner = (error.option,) if error.option else ()
            return InputError(str(error), location=self.locate(*inner), hint=error.hint)
        if error.location is None:
            error.location = self.locate()
        return error


class Scorer:
    """One scorer of a suite, with its options read and its templates compiled.

    Before anything is spent: `preflight` once, then `check_case` for every case.
    """

    def __init__(self, name: str, module: ModuleType, options: ScorerOptions, at: _Place) -> None:
        self.name = name
        self.options = options
        self._module = module
        self._at = at
        self._templates = _compile(options, at)
        self._prepared = self._guard(lambda: _call(module, "prepare", options))
        self._ready = not hasattr(module, "attach")
        self._asks = inspect.iscoroutinefunction(module.score)

    @property
    def type(self) -> str:
        return self.options.type

    @property
    def role(self) -> Role:
        return self.options.role

    @property
    def weight(self) -> float:
        return self.options.weight

    @property
    def scores_own_failures(self) -> bool:
        """Whether it sees refused, cut and misfitting answers itself."""
        return bool(getattr(self._module, "SCORES_OWN_FAILURES", False))

    @property
    def pairs(self) -> bool:
        """Whether it compares the two versions' answers, and not one answer with what is right."""
        return bool(getattr(self._module, "PAIRS", False))

    @property
    def after(self) -> Sequence[str]:
        """The scorers that an answer has to pass before this one is asked."""
        return getattr(self.options, "after", ())

    @property
    def models(self) -> list[str]:
        """The models that it asks by itself. Final once `preflight` was called."""
        return list(self.questions)

    @property
    def questions(self) -> dict[str, int]:
        """Each model that it asks to how often, of one answer or one pair, malformed ones aside.

        Final once `preflight` was called.
        """
        if isinstance(self._prepared, (Judge, PairJudge)):
            return self._prepared.questions
        asked = getattr(self._prepared, "model", None) or getattr(self.options, "model", None)
        return {asked: 1} if asked else {}

    @property
    def averages(self) -> bool:
        """Whether its votes become one score by their mean. Final once `preflight` was called."""
        inner = self._prepared
        return isinstance(inner, (Judge, PairJudge)) and inner.panel.combine == "mean"

    @property
    def spare_models(self) -> int:
        """How many of its models may be out of reach before it can score nothing.

        Final once `preflight` was called.
        """
        return len(self.questions) // 2

    @property
    def notes(self) -> list[str]:
        """What its author probably did not mean. Final once `preflight` was called."""
        inner = self._prepared
        return inner.notes if isinstance(inner, (Judge, PairJudge)) else []

    @property
    def judge(self) -> tuple[str, int, str] | None:
        """Name, version and digest of the judge prompt that it asks; None where it asks none.

        Final once `preflight` was called.
        """
        inner = self._prepared
        if isinstance(inner, (Judge, PairJudge)):
            return inner.name, inner.version, inner.digest
        return None

    @property
    def digest(self) -> str:
        """SHA-256 (64 hex digits) of what decides a score: type, options, judge prompt or code.

        Name, role and weight do not enter.  Final once `preflight` was called.
        """
        return digest_of(self.options, getattr(self._prepared, "digest", None))

    def preflight(self, services: Project, prompt: LoadedPrompt | None = None) -> None:
        """Check what needs the project: files, judge prompts, leave to run code.

        `prompt` is the candidate under test.  Nothing is spent.

        Raises:
            InputError: the scorer cannot work; with the place in the suite.
        """
        if not self._ready:
            attach = self._module.attach
            self._prepared = self._guard(lambda: attach(self.options, services, prompt))
            self._ready = True

    def examine(self, services: Project, prompt: LoadedPrompt | None = None) -> None:
        """`preflight` as far as it goes without running code of the project.

        Raises:
            InputError: the scorer cannot work; with the place in the suite.
        """
        look = getattr(self._module, "examine", None)
        if look is None:
            self.preflight(services, prompt)
        else:
            self._guard(lambda: look(self.options, services))

    def check_case(self, case: Case) -> str | None:
        """What is wrong with a case for this scorer, in one sentence, or None."""
        expected = Expected(self._templates, case.columns, self.options.normalize)
        try:
            check = getattr(self._module, "check", None)
            if check is not None:
                return cast("str | None", check(self.options, expected, self._prepared))
            for option in self._templates:
                expected(option)
        except InputError as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        return None

    async def score(self, subject: Subject, services: Services) -> Scored:
        """What this scorer says of one answer.

        An expected value that the case lacks, or a service that is down, makes it unscorable.
        """
        self.preflight(services)
        options = self.options
        bound = replace(
            subject,
            expected=Expected(self._templates, subject.case.columns, options.normalize),
            normalize=options.normalize,
            prepared=self._prepared,
        )
        try:
            if self._asks:
                ask = cast("Callable[..., Awaitable[Scored]]", self._module.score)
                scored = await ask(options, bound, services)
            else:
                scored = cast("Scored", self._module.score(options, bound))
        except InputError as error:
            return Unscorable(error.message[:MAX_REASON])
        except ServiceError as error:
            return Unscorable(str(error)[:MAX_REASON], infrastructure=True)
        fixed = getattr(self._module, "fixed", None)
        if not options.negate or (fixed is not None and fixed(bound)):
            return scored
        return negated(scored)

    def fault(self, error: OptionError) -> InputError:
        """The same, at its place in the suite."""
        return self._at.error(error)

    def _guard(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (OptionError, InputError) as error:
            raise self._at.error(error) from None


def build(name: str, document: Document, at: Path) -> Scorer:
    """The scorer that the suite writes at `at` of its document.

    Raises:
        InputError: an unknown type or option, or a value that does not fit; with the place.
    """
    place = _Place(document, at)
    type_ = _type(place)
    module = scorer_module(type_)
    options = decode(document, options_type(type_), at)
    return Scorer(name, module, options, place)


def _type(place: _Place) -> str:
    value = place.document.value
    for step in place.path:
        value = value[step]
    known = scorer_types()
    if not isinstance(value, dict) or "type" not in value:
        raise InputError(
            "a scorer is a mapping with a type",
            location=place.locate(),
            hint=f"{_EXAMPLE}; types: {', '.join(known)}",
        )
    type_ = value["type"]
    if type_ not in known:
        raise InputError(
            f"there is no scorer of type {type_!r}",
            location=place.locate("type"),
            hint=did_you_mean(str(type_), known),
        )
    return cast("str", type_)


def _compile(options: ScorerOptions, at: _Place) -> dict[str, Template]:
    templates: dict[str, Template] = {}
    for option in options.TEMPLATES:
        value = getattr(options, option)
        if value is None or value is msgspec.UNSET:
            continue
        templates[option] = compile_template(value, at.locate(option))
    return templates


def _call(module: ModuleType, function: str, options: ScorerOptions) -> Any:
    return getattr(module, function)(options) if hasattr(module, function) else None
