"""Runs whose answers are supplied, and not drawn: nobody is asked, so nothing is needed for it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec

from promptops.values.response import Failure, Outcome

_ADDRESS = re.compile(r"_(?:API_BASE|BASE_URL)\Z")
"""Names of the variables that redirect a provider."""
_LARGEST = 1e6
_LONGEST = 65_536
"""Of a vector: its numbers and their number."""

_VECTOR = msgspec.json.Decoder(list[float])


class Unasked(dict[str, str]):
    """The environment of such a run.

    No variable in it redirects a provider, so that requests have the keys that they have anywhere;
    and whoever finds it looks for no key and no optional dependency of a model.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """What else `environ` says (of a pull request, say) stays."""
        super().__init__(
            {name: value for name, value in environ.items() if not _ADDRESS.search(name)}
        )
        self.judged_from: dict[tuple[str, str], int] = {}
        """Suite and scorer's digest to the number of its judge's first draw, where it changed."""


def checked_vector(outcome: Outcome) -> Outcome:
    """An embedding that anybody may have supplied: a failure where it is none."""
    if isinstance(outcome, Failure):
        return outcome
    try:
        vector = _VECTOR.decode(outcome.content)
    except (msgspec.DecodeError, ValueError, RecursionError):
        vector = []
    sound = 0 < len(vector) <= _LONGEST and all(
        math.isfinite(each) and abs(each) <= _LARGEST for each in vector
    )
    if sound:
        return outcome
    return Failure("malformed", "what was supplied is no embedding", retryable=False)
