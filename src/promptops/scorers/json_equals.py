"""How much of the answer's JSON is as expected: the mean over paths, each 1 when equal, else 0.

The answer must be one JSON value and nothing else; anything around it scores 0.  `expected` is the
whole expected value (a mapping or list, or JSON text), of which `paths` picks what counts; without
`paths` the whole counts at once.  `fields` instead gives each path its own expected value.  A path
is dotted (`items[0].price`) or a JSON Pointer (`/items/0/price`).  Numbers may differ by
`tolerance`; texts are compared after normalisation; `true` is not 1, and lists keep their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from promptops.documents.strict_json import strict_json
from promptops.scorers.comparing.json_paths import Steps, look_up, parse_path, same
from promptops.scorers.comparing.numbers import Tolerance, parse_tolerance
from promptops.scorers.comparing.text import normalize, shown
from promptops.scorers.scorer import Expected, OptionError, ScorerOptions, Subject
from promptops.values.score import Score, Scored, Unscorable


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    TEMPLATES: ClassVar = ("expected", "fields")

    expected: Annotated[
        Any, Meta(description="The whole expected value, or JSON text; a template over the case.")
    ] = None
    paths: Annotated[
        Annotated[list[str], Meta(min_length=1)] | None,
        Meta(description="What of `expected` counts."),
    ] = None
    fields: Annotated[
        Annotated[dict[str, Any], Meta(min_length=1)] | None,
        Meta(description="Path to its expected value; templates over the case."),
    ] = None
    tolerance: Annotated[
        float | str, Meta(description="How far off a number may be: 0.5, or a share ('5%').")
    ] = 0.0


@dataclass(frozen=True, slots=True)
class _Prepared:
    tolerance: Tolerance
    paths: dict[str, Steps]


def prepare(options: Options) -> _Prepared:
    if (options.expected is None) == (options.fields is None):
        raise OptionError(
            "json_equals takes exactly one of expected and fields",
            option="fields" if options.fields else None,
            hint="for example  expected: '{{ expected }}'  or  fields: {city: '{{ city }}'}",
        )
    if options.fields is not None and options.paths is not None:
        raise OptionError("paths picks from expected; fields already has paths", option="paths")
    try:
        tolerance = parse_tolerance(options.tolerance)
    except ValueError as error:
        raise OptionError(str(error), option="tolerance") from None
    option = "paths" if options.fields is None else "fields"
    try:
        written = options.fields or options.paths or [""]
        return _Prepared(tolerance, {path: parse_path(path) for path in written})
    except ValueError as error:
        raise OptionError(str(error), option=option) from None


def check(options: Options, expected: Expected, prepared: _Prepared) -> str | None:
    try:
        list(_pairs(options, expected, prepared))
    except ValueError as error:
        return str(error)
    return None


def score(options: Options, subject: Subject) -> Scored:
    prepared: _Prepared = subject.prepared
    try:
        pairs = list(_pairs(options, subject.expected, prepared))
    except ValueError as error:
        return Unscorable(str(error))
    try:
        value = subject.value()
    except ValueError as error:
        return Score(0.0, "not_json", str(error))
    wrong = []
    for path, wanted in pairs:
        problem = _problem(value, prepared.paths[path], wanted, prepared.tolerance, subject)
        if problem:
            wrong.append(f"{path or 'the value'}: {problem}")
    right = len(pairs) - len(wrong)
    label = "equal" if not wrong else "partly" if right else "different"
    return Score(right / len(pairs), label, "; ".join(wrong[:5]))


def _problem(value: Any, steps: Steps, wanted: Any, tolerance: Tolerance, subject: Subject) -> str:
    try:
        found = look_up(value, steps)
    except LookupError:
        return f"missing, expected {shown(wanted)}"
    if same(found, wanted, tolerance, lambda text: normalize(text, subject.normalize)):
        return ""
    return f"expected {shown(wanted)}, got {shown(found)}"


def _pairs(options: Options, expected: Expected, prepared: _Prepared) -> Iterator[tuple[str, Any]]:
    """Path and expected value.

    Raises:
        ValueError: the case's expected value is not JSON, or lacks a path.
    """
    if options.fields is not None:
        yield from expected("fields").items()
        return
    whole = expected("expected")
    if isinstance(whole, str):
        try:
            whole = strict_json(whole)
        except ValueError as error:
            raise ValueError(f"'expected': {error}") from None
    for path, steps in prepared.paths.items():
        try:
            yield path, look_up(whole, steps)
        except LookupError:
            raise ValueError(f"'expected' has nothing at {path!r}") from None
