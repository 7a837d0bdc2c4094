"""Everything that was found of a judge, as one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promptops.trust.agreement import agreement, confusion, disagreements, scale, slices
from promptops.trust.biases import (
    BothOrders,
    length_bias,
    position_bias,
    self_consistency,
)
from promptops.trust.examples import chosen_examples
from promptops.trust.gating import Evidence, decide
from promptops.trust.judged import Judged, Key, PeoplesWord
from promptops.trust.people import ALPHA, people_report
from promptops.values.label import Label
from promptops.values.trust import SCHEMA, CanaryReport, Example, TrustReport


@dataclass(frozen=True, slots=True)
class Named:
    """Which judge, and where it is used."""

    judge: str
    version: int
    digest: str
    scorer: str
    """Digest of the scorer."""
    model: str
    suite: str
    metric: str


@dataclass(slots=True)
class Found:
    """What a judge said, and what people did."""

    labels: Sequence[Label]
    words: Mapping[Key, PeoplesWord]
    """Of the labels, by answer."""
    judged: list[Judged] = field(default_factory=list)
    unscored: int = 0
    failed: int = 0
    missing: int = 0
    orders: list[BothOrders] = field(default_factory=list)
    canaries: list[CanaryReport] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    """What may be asked again: answers whose words are at hand everywhere."""
    aside: int = 0
    """Labels of answers that were not drawn at random, which are left out."""
    of_pairs: bool = False
    """The judge compares two answers; what was labelled are pairs."""


def trust_report(named: Named, found: Found, *, created: str) -> TrustReport:
    """The report; nothing is asked of anybody."""
    people = people_report(found.labels, found.words)
    measures = agreement(found.judged, of_pairs=found.of_pairs)
    decided = decide(
        Evidence(
            answers=len(found.judged),
            unscored=found.unscored,
            alpha=next(each for each in measures if each.name == ALPHA),
            people=people.alpha,
            canaries=found.canaries,
            failed=found.failed,
            disputed=people.disputed,
            aside=found.aside,
        )
    )
    return TrustReport(
        schema=SCHEMA,
        judge=named.judge,
        version=named.version,
        digest=named.digest,
        scorer=named.scorer,
        model=named.model,
        suite=named.suite,
        metric=named.metric,
        standing=decided.standing,
        reasons=decided.reasons,
        settle=decided.settle,
        more_labels=decided.more_labels,
        people=people,
        scale=scale(found.judged),
        answers=len(found.judged),
        unscored=found.unscored,
        failed=found.failed,
        missing=found.missing,
        confusion=confusion(found.judged) if found.judged and not found.of_pairs else None,
        agreement=measures,
        position=position_bias(found.orders),
        length=None if found.of_pairs else length_bias(found.judged),
        consistency=self_consistency(found.judged),
        canaries=found.canaries,
        examples=chosen_examples(found.examples),
        slices=slices(found.judged, of_pairs=found.of_pairs),
        disagreements=disagreements(found.judged),
        created=created,
    )
