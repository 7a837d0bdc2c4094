"""How much a run may ask of its judges, and of the models behind other scorers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from promptops.engine.plan import Plan
from promptops.scorers.discovery import Scorer
from promptops.trust.canaries import WITH_WORDS


@dataclass(frozen=True, slots=True)
class JudgingDemand:
    """What scorers may have to ask, at most; a malformed verdict is asked for again."""

    answers: int
    """Answers that are to be scored."""
    asked: Sequence[tuple[Scorer, dict[str, int]]]
    """Each scorer that asks a model, with how often it asks which; every vote counts."""
    again: int = 0
    """Known answers that a judge is asked about again, to see whether it changed; of one judge."""

    @property
    def calls(self) -> int:
        """All of them."""
        return sum(self.by_model.values())

    @property
    def by_model(self) -> Counter[str]:
        """Model to how often it is asked."""
        found: Counter[str] = Counter()
        for _, asked in self.asked:
            found.update(asked)
        return found


def judging_demand(plan: Plan, missing: int, kept: int, *, same: bool) -> JudgingDemand:
    """What is asked about answers of which `missing` are to be drawn and `kept` are there.

    With the `same` scorers as in the last run, what they said of the kept ones is taken to be kept
    as well.  A pair is asked about when either of its answers is new.
    """
    answers = missing if same else missing + kept
    pairs = (missing + kept) // 2
    if plan.baseline is None:
        pairs = 0
    elif same:
        pairs = min(missing, pairs)
    asked = []
    again = {scorer.name: _known(plan, scorer) for scorer in plan.scorers}
    for scorer in plan.scorers:
        count = (pairs if scorer.pairs else answers) + again[scorer.name]
        times = {model: each * count for model, each in scorer.questions.items()}
        if times:
            asked.append((scorer, times))
    return JudgingDemand(answers, asked, max(again.values(), default=0))


def _known(plan: Plan, scorer: Scorer) -> int:
    """How many known answers a measured judge is asked about again, once a day."""
    standing = plan.trust.get(scorer.name)
    if standing is None or standing.basis is None or not plan.lacking:
        return 0
    return len(standing.basis.examples) + WITH_WORDS
