"""Who labelled, and whether they agree with each other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from promptops.statistics.agreement import alpha_of_many
from promptops.trust.judged import Key, PeoplesWord, scale_of
from promptops.values.label import Label
from promptops.values.trust import Measure, PeopleReport

ALPHA = "alpha"
BY_BOOTSTRAP = "BCa bootstrap over cases"


def people_report(labels: Sequence[Label], words: Mapping[Key, PeoplesWord]) -> PeopleReport:
    """The labels of one metric, and what `said_by_people` made of them."""
    shared = {key: word for key, word in words.items() if len(word.given) > 1}
    return PeopleReport(
        labels=len(labels),
        reviewers=dict(sorted(Counter(each.reviewer for each in labels).items())),
        answers=len(words),
        shared=len(shared),
        disputed=sum(word.value is None for word in shared.values()),
        undecided=sum(each.value is None for each in labels),
        alpha=_alpha(shared) if shared else None,
    )


def _alpha(shared: Mapping[Key, PeoplesWord]) -> Measure:
    names = sorted({name for word in shared.values() for name in word.given})
    rows = [[word.given.get(name, math.nan) for word in shared.values()] for name in names]
    values = [value for word in shared.values() for value in word.given.values()]
    found = alpha_of_many(rows, [case for case, _ in shared], scale_of(values))
    if found is None:
        why = "their labels are all the same, or of one case"
        return Measure(ALPHA, None, size=len(shared), why=why)
    return Measure(ALPHA, found.value, (found.low, found.high), BY_BOOTSTRAP, len(shared))
