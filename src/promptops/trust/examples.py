"""A few labelled answers that a judge is asked about again, to see whether it still says the same.

They stand in the file of measured trust by case and digest alone; their words are in the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from promptops.trust.judged import CUT
from promptops.values.trust import Example

MOST_EXAMPLES = 10


def chosen_examples(known: Sequence[Example]) -> list[Example]:
    """Of those that people pass and of those that they fail as many; nobody's choice which."""
    ordered = sorted(
        known, key=lambda each: sha256(f"{each.case}\0{each.output}".encode()).digest()
    )
    passed = [each for each in ordered if each.people >= CUT]
    failed = [each for each in ordered if each.people < CUT]
    half = MOST_EXAMPLES // 2
    few = [*passed[:half], *failed[:half]]
    rest = [*passed[half:], *failed[half:]]
    found = [*few, *rest[: MOST_EXAMPLES - len(few)]]
    return sorted(found, key=lambda each: (each.case, each.output))
