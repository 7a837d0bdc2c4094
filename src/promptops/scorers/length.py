"""1 when the answer's length lies between `min` and `max`, both included; else 0.

Characters are Unicode code points, words are what blanks separate (scripts without blanks have no
words to count), tokens are the output tokens that the provider reported; where it reported none,
the sample is unscorable.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from promptops.scorers.scorer import OptionError, ScorerOptions, Subject
from promptops.values.score import Score, Scored, Unscorable

SCORES_OWN_FAILURES = True

_Count = Annotated[int, Meta(ge=0)]


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    unit: Annotated[
        Literal["characters", "words", "tokens"], Meta(description="What is counted.")
    ] = "characters"
    min: Annotated[_Count | None, Meta(description="The fewest that are right.")] = None
    max: Annotated[_Count | None, Meta(description="The most that are right.")] = None


def prepare(options: Options) -> None:
    if options.min is None and options.max is None:
        raise OptionError("length needs min, max or both", hint="for example  max: 280")
    if options.min is not None and options.max is not None and options.min > options.max:
        raise OptionError(f"min {options.min} is above max {options.max}", option="min")


def score(options: Options, subject: Subject) -> Scored:
    count = _count(options, subject)
    if count is None:
        return Unscorable("the provider did not report how many tokens the answer has")
    if options.min is not None and count < options.min:
        return Score(0.0, "short", f"{count} {options.unit}, fewer than {options.min}")
    if options.max is not None and count > options.max:
        return Score(0.0, "long", f"{count} {options.unit}, more than {options.max}")
    return Score(1.0, "fits", f"{count} {options.unit}")


def _count(options: Options, subject: Subject) -> int | None:
    if options.unit == "tokens":
        usage = subject.response.usage
        return None if usage is None else usage.output_tokens
    answer = subject.answer
    return len(answer.split()) if options.unit == "words" else len(answer)
