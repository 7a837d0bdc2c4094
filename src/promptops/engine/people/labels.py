"""What people say of a suite's answers: the labels that may correct a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptops.documents.tree import Tree
from promptops.labels.files import read_labels
from promptops.scorers.discovery import Scorer
from promptops.trust.judged import Key, PeoplesWord, as_label, said_by_people
from promptops.values.label import Label

DRAWN_AT_RANDOM = "uniform"


@dataclass(frozen=True, slots=True)
class PeoplesLabels:
    """By metric; of answers that were drawn at random to be labelled."""

    words: Mapping[str, Mapping[Key, PeoplesWord]]
    """What people say of each answer; of a judge of pairs, of each pair."""
    set_aside: Mapping[str, int]
    """How many labels are of answers that were chosen otherwise: they say nothing of the rest."""


def peoples_labels(tree: Tree, suite: str, scorers: Sequence[Scorer]) -> PeoplesLabels | None:
    """The labels of a suite for its scorers; None where there are none.

    Raises:
        InputError: the file of labels is wrong, with the place.
    """
    read = read_labels(tree, suite)
    pairwise = {each.name for each in scorers if each.pairs}
    single = {each.name for each in scorers} - pairwise
    of_answers = [(each, each.chosen) for each in read.answers if each.metric in single]
    of_pairs = [(as_label(each), each.chosen) for each in read.pairs if each.metric in pairwise]
    drawn: dict[str, list[Label]] = {}
    aside: Counter[str] = Counter()
    for label, chosen in [*of_answers, *of_pairs]:
        if chosen == DRAWN_AT_RANDOM:
            drawn.setdefault(label.metric, []).append(label)
        else:
            aside[label.metric] += 1
    if not drawn and not aside:
        return None
    return PeoplesLabels({name: said_by_people(each) for name, each in drawn.items()}, aside)
