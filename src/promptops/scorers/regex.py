r"""1 when the pattern is found anywhere in the answer, after normalisation; else 0.

Anchor it with `^` and `$` to match the whole.  Patterns have ECMAScript's syntax and run in bounded
time: the linear-time engine takes them, and those with lookaround or backreferences get a limit on
their steps, beyond which the sample is unscorable.  `\d` and `\w` are ASCII; for letters of any
script write `\p{L}`.  Flags stand in front: `(?i)` ignores case, `(?s)` lets the dot match line
ends, `(?m)` anchors at lines.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from promptops.scorers.comparing.patterns import Pattern, TooExpensiveError
from promptops.scorers.comparing.text import shown
from promptops.scorers.scorer import OptionError, ScorerOptions, Subject
from promptops.values.score import Score, Scored, Unscorable


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    pattern: Annotated[str, Meta(min_length=1, description="The regular expression.")]


def prepare(options: Options) -> Pattern:
    try:
        return Pattern(options.pattern)
    except ValueError as error:
        raise OptionError(
            str(error),
            option="pattern",
            hint="the syntax is ECMAScript's; in double quotes YAML eats single backslashes",
        ) from None


def score(options: Options, subject: Subject) -> Scored:
    answer = subject.answer
    try:
        found = subject.prepared.found_in(answer)
    except TooExpensiveError as error:
        return Unscorable(str(error))
    if found:
        return Score(1.0, "match")
    return Score(0.0, "no_match", f"{options.pattern!r} is not found in {shown(answer)}")
