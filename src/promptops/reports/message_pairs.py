"""Which message of one version became which of another."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence

from promptops.reports.same_ends import same_ends
from promptops.values.request import Message

Pair = tuple[Message | None, Message | None]

_WORDS = re.compile(r"\w+|[^\w\s]")

_SAME_ROLE = 0.1
"""What it is worth by itself that two messages have one role; alike words are worth up to 1."""

_OTHER_ROLE = 0.6
"""So much alike must two messages be to count as one that changed its role."""

_MOST_WEIGHED = 2_500
"""Pairs that are weighed by their words; above it roles and order alone decide."""


def pair_messages(before: Sequence[Message], after: Sequence[Message]) -> list[Pair]:
    """The messages of both sides in order; a message that has no counterpart beside None.

    Of all ways to lay one side beside the other it is the one in which most is alike, so examples
    that were put in are additions, wherever they stand, and the message after them is a change.
    """
    head, tail = same_ends(before, after)
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    return [
        *zip(before[:head], after[:head], strict=True),
        *_aligned(left, right),
        *zip(before[len(before) - tail :], after[len(after) - tail :], strict=True),
    ]


def _aligned(before: Sequence[Message], after: Sequence[Message]) -> list[Pair]:
    if len(before) == 1 == len(after):
        return [(before[0], after[0])]  # one message that changed, be it in all its words
    if len(before) * len(after) > _MOST_WEIGHED:
        return _by_role(before, after)
    rows = _weights(before, after)
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, row in enumerate(rows):
        for j, weight in enumerate(row):
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], best[i][j] + weight)
    pairs: list[Pair] = []
    i, j = len(before), len(after)
    while i and j:  # from the end: where two ways are as good, last messages belong together
        weight = rows[i - 1][j - 1]
        if weight > 0 and best[i][j] == best[i - 1][j - 1] + weight:
            i, j = i - 1, j - 1
            pairs.append((before[i], after[j]))
        elif best[i][j] == best[i][j - 1]:
            j -= 1
            pairs.append((None, after[j]))
        else:
            i -= 1
            pairs.append((before[i], None))
    pairs += [(None, message) for message in reversed(after[:j])]
    pairs += [(message, None) for message in reversed(before[:i])]
    return pairs[::-1]


def _weights(before: Sequence[Message], after: Sequence[Message]) -> list[list[float]]:
    """How much each message of one side is like each of the other; 0 where they are no pair."""
    left, right = [_words(each) for each in before], [_words(each) for each in after]
    return [
        [_weight(old, new, one, other) for new, other in zip(after, right, strict=True)]
        for old, one in zip(before, left, strict=True)
    ]


def _weight(old: Message, new: Message, one: Counter[str], other: Counter[str]) -> float:
    if old == new:
        return 1.0 + _SAME_ROLE
    most = max(one.total() + other.total(), 1)
    alike = 2 * (one & other).total() / most
    if old.role == new.role:
        return alike + _SAME_ROLE
    return alike if alike >= _OTHER_ROLE else 0.0


def _words(message: Message) -> Counter[str]:
    content = message.content
    return Counter(_WORDS.findall(content if isinstance(content, str) else repr(content)))


def _by_role(before: Sequence[Message], after: Sequence[Message]) -> list[Pair]:
    roles = difflib.SequenceMatcher(
        None, [one.role for one in before], [one.role for one in after], autojunk=False
    )
    pairs: list[Pair] = []
    for tag, i, j, k, m in roles.get_opcodes():
        if tag == "equal":
            pairs += zip(before[i:j], after[k:m], strict=True)
        else:
            pairs += [(message, None) for message in before[i:j]]
            pairs += [(None, message) for message in after[k:m]]
    return pairs
