"""Evaluations one after the other, one client for all of them, and what a person sees of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from promptops.cli.interrupting import Signals, interruptible
from promptops.cli.outlooks import told
from promptops.cli.output import note
from promptops.cli.recording import Recorder
from promptops.cli.replaying import RecordedAnswers
from promptops.cli.watching import Watching
from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers
from promptops.engine.evaluation import Asked, Evaluation
from promptops.engine.looks import MOST_FURTHER
from promptops.engine.outlook import outlook
from promptops.engine.preparing import Workplace
from promptops.engine.resuming import Resumed
from promptops.engine.suite import Suite
from promptops.errors import InputError
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.models.redaction import Redactor
from promptops.telemetry.opening import open_observer
from promptops.values.observing import Observer, unobserved
from promptops.values.price import StatedPrice
from promptops.values.report import Report


@dataclass(frozen=True, slots=True)
class Task:
    """One suite to evaluate."""

    suite: str
    choices: Choices
    resumed: Resumed | None = None


def evaluate(
    todo: Sequence[Task],
    asked: Asked,
    place: Workplace,
    held: ExitStack,
    *,
    quiet: bool,
    reports: list[Report],
    answers: RecordedAnswers | None = None,
    recorder: Recorder | None = None,
) -> None:
    """Check all of them, then run one after the other; `reports` is filled as they end.

    With recorded `answers` nobody is asked: `place` is the one that was opened with them.
    `recorder` hears of every answer that is used; whoever has it writes the recording.

    Raises:
        InputError: anything at all is wrong; nothing has been spent.
        NoVerdictError: the store is of no use any more.
    """
    models = _Models(answers)
    observer = _observer() if answers is None else unobserved
    held.callback(observer.close)
    evaluations = []
    for each in todo:
        evaluation = Evaluation(
            each.suite,
            each.choices,
            place,
            models.open,
            asked,
            resumed=each.resumed,
            observer=observer,
        )
        evaluations.append(held.enter_context(closing(evaluation)))
        models.state(evaluation.plan.suite)
        if recorder:
            recorder.listen(each.suite, evaluation.drawing)
    if not quiet and answers is None:
        _tell_ahead(evaluations, place, asked.max_cost_usd)
    signals = Signals()

    def ended(evaluation: Evaluation, report: Report) -> None:
        reports.append(answers.told(evaluation.plan, report) if answers else report)
        if recorder:
            recorder.ended(evaluation.plan, report, place)

    try:
        with Watching(quiet=quiet) as watching:
            asyncio.run(_run(evaluations, models, watching, signals, ended))
    except asyncio.CancelledError:
        if not quiet:
            _tell_how_to_go_on(evaluations, recording=recorder is not None)
        signals.check()
        raise


def _observer() -> Observer:
    return open_observer(os.environ, note, Redactor(os.environ))


def _tell_how_to_go_on(evaluations: Sequence[Evaluation], *, recording: bool) -> None:
    if recording:
        note("nothing was recorded; the same command goes on, and records")
        return
    for each in evaluations:
        if each.broken_off:
            note(f"{each.plan.suite.name}: promptops eval --resume {each.broken_off}  goes on")


def _tell_ahead(
    evaluations: Sequence[Evaluation],
    place: Workplace,
    max_cost: float | None,
) -> None:
    """What each suite may cost and could see, where something may have to be drawn."""
    with_model = len({each.plan.choices.model for each in evaluations}) > 1
    for evaluation in evaluations:
        if evaluation.resumed:
            note(f"{evaluation.plan.suite.name}: goes on with run {evaluation.resumed.run}")
        seen = outlook(
            evaluation.plan,
            place.store,
            place.tree,
            most_further=MOST_FURTHER,
            most_usd=max_cost,
        )
        may_draw = seen.calls or seen.further_calls or evaluation.plan.lacking
        if may_draw and not seen.settled:
            for line in told(seen, with_model=with_model):
                note(line)


class _Models:
    """The one model of a process, opened when the first response has to be drawn."""

    def __init__(self, supplied: RecordedAnswers | None = None) -> None:
        """`supplied` stands in for it."""
        self._supplied = supplied
        self._model: Model | None = None
        self._prices: dict[str, StatedPrice] = {}

    def state(self, suite: Suite) -> None:
        """Take the prices that a suite states.

        Raises:
            InputError: another suite states another price for the same model.
        """
        for model, stated in suite.file.prices.items():
            if self._prices.setdefault(model, stated) != stated:
                raise InputError(
                    f"another suite of this command states another price for {model}",
                    location=suite.document.locate(("prices", model)),
                    hint="state the same price in all suites, or evaluate them one by one",
                )

    def open(self) -> Answers:
        if self._supplied is not None:
            return self._supplied
        if self._model is None:
            self._model = open_model(prices=self._prices)
        return self._model

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()


async def _run(
    evaluations: Sequence[Evaluation],
    models: _Models,
    watching: Watching,
    signals: Signals,
    ended: Callable[[Evaluation, Report], None],
) -> None:
    """Hands over reports: what a coroutine returns is spelt out whole when its loop is closed."""
    left = evaluations[0].asked.max_cost_usd if evaluations else None

    def leave() -> None:
        for each in evaluations:
            each.drawing.calling.leave()

    with interruptible(signals, leave):
        try:
            for evaluation in evaluations:
                await evaluation.make_ready()
            for evaluation in evaluations:
                ended(evaluation, await evaluation.run(watch=watching.tell, left_usd=left))
                if left is not None:
                    left = max(0.0, left - evaluation.charged_usd)
        finally:
            await models.close()
