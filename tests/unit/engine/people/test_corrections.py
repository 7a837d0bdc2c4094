"""What people's labels of pairs say of a candidate."""

from typing import Literal

import pytest

from promptops.engine.people.corrections import differences_of_pairs
from promptops.trust.judged import PeoplesWord, as_label, said_by_people
from promptops.values.label import PairLabel

A, B = "a" * 64, "b" * 64

Better = Literal["first", "second", "tie"]


@pytest.mark.parametrize(
    ("better", "before", "after", "gain"),
    [
        ("first", A, B, -1.0),
        ("first", B, A, 1.0),
        ("second", A, B, 1.0),
        ("second", B, A, -1.0),
        ("tie", A, B, 0.0),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_pairs_gain_is_the_candidates(better, before, after, gain, *, swapped):
    first, second = (B, A) if swapped else (A, B)
    other: dict[str, Better] = {"first": "second", "second": "first", "tie": "tie"}
    said = other[better] if swapped else better
    label = as_label(PairLabel("fair", "x", first, second, said, "Ana", "2026"))
    words = said_by_people([label])
    assert differences_of_pairs(words, {("x", 0): (before, after)}) == {("x", 0): gain}


def test_what_nobody_could_tell_says_nothing():
    words = {("x", f"{A}/{B}"): PeoplesWord(None)}
    assert differences_of_pairs(words, {("x", 0): (A, B), ("y", 0): (A, B)}) == {}
