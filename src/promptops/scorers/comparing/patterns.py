r"""Patterns that people write, matched in bounded time.

Python's `re` can be made to run for years by a short pattern and a short text.  Patterns are
therefore matched by the Rust engines inside `jsonschema_rs`: the linear-time one, and where a
pattern needs what that one has not (lookaround, backreferences) the backtracking one with a limit
on its steps.  The syntax is that of ECMAScript: `\d` and `\w` are ASCII, flags are written
`(?i)`, `(?s)`, `(?m)`, `(?x)`.
"""

from __future__ import annotations

import jsonschema_rs

from promptops.scorers.comparing.text import encodable

MAX_COMPILED_BYTES = 10_000_000
MAX_STEPS = 200_000
MAX_BACKTRACKING_TEXT = 20_000
"""Longest text that a pattern with lookaround is tried on: each step may look at all of it."""


class TooExpensiveError(Exception):
    """Matching would take more steps than are allowed; the message says so in plain words."""


class Pattern:
    """A compiled pattern.

    Raises:
        ValueError: it does not compile, or would take too much memory.
    """

    def __init__(self, pattern: str) -> None:
        self.linear = True
        try:
            self._validator = _linear(pattern)
        except jsonschema_rs.ValidationError:
            self.linear = False
            self._validator = _backtracking(pattern)

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches anywhere in `text`; anchor it with `^` and `$` to match all.

        Raises:
            TooExpensiveError: the pattern backtracks too much on this text.
        """
        if not self.linear and len(text) > MAX_BACKTRACKING_TEXT:
            raise TooExpensiveError(
                f"more than {MAX_BACKTRACKING_TEXT:,} characters for a pattern with lookaround"
            )
        try:
            self._validator.validate(encodable(text))
        except jsonschema_rs.ValidationError as error:
            if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Pattern):
                return False
            raise TooExpensiveError("the pattern backtracks too much on this text") from None
        return True


def _linear(pattern: str) -> jsonschema_rs.Draft202012Validator:
    options = jsonschema_rs.RegexOptions(
        size_limit=MAX_COMPILED_BYTES, dfa_size_limit=MAX_COMPILED_BYTES
    )
    return jsonschema_rs.Draft202012Validator(
        {"pattern": encodable(pattern)}, pattern_options=options
    )


def _backtracking(pattern: str) -> jsonschema_rs.Draft202012Validator:
    options = jsonschema_rs.FancyRegexOptions(
        backtrack_limit=MAX_STEPS,
        size_limit=MAX_COMPILED_BYTES,
        dfa_size_limit=MAX_COMPILED_BYTES,
    )
    try:
        return jsonschema_rs.Draft202012Validator(
            {"pattern": encodable(pattern)}, pattern_options=options
        )
    except jsonschema_rs.ValidationError:
        raise ValueError(f"{pattern!r} is not a usable regular expression") from None
