"""How far a run has come, as those who watch are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from promptops.comparison.decision import Decision
from promptops.engine.drawing import Drawing
from promptops.engine.plan import Plan
from promptops.engine.progress import Progress
from promptops.engine.tally import ArmTally, SourceTally
from promptops.values.sample import Arm


class Going(Protocol):
    """What of a run under way is told."""

    plan: Plan
    drawing: Drawing
    sources: SourceTally
    decision: Decision | None
    finished: int
    waiting: int

    @property
    def planned(self) -> int: ...

    @property
    def counted(self) -> Mapping[Arm, ArmTally]: ...


def progress(run: Going) -> Progress:
    """Where a run stands."""
    telling = run.plan.policy.telling[0].name
    compared = run.decision.comparisons if run.decision else []
    looked = next((each for each in compared if each.metric.name == telling), None)
    meter, tallies = run.drawing.meter, run.counted.values()
    return Progress(
        suite=run.plan.suite.name,
        model=run.plan.candidate.model,
        planned=run.planned,
        finished=run.finished,
        calls=meter.made,
        cached=run.sources.sources["cached"],
        input_tokens=sum(each.input_tokens for each in tallies),
        output_tokens=sum(each.output_tokens for each in tallies),
        incurred_usd=meter.incurred_usd,
        unpriced_calls=meter.unpriced,
        metric=telling,
        delta=looked.delta if looked else None,
        interval=looked.interval if looked else None,
        level=looked.candidate if looked else None,
        waiting=run.waiting,
        pause=run.drawing.calling.waiting,
    )
