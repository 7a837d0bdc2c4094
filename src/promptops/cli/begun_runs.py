"""Runs that were begun and have left no report, or go on after one: how they stand."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from promptops.reports.listings import RunLine, RunState
from promptops.store.begun import BegunRun
from promptops.store.ledger import Ledger
from promptops.values.report import Report


class BegunSide(msgspec.Struct, frozen=True):
    """One version that a run compares, as it was begun."""

    digest: str
    version: int | None = None
    model: str = ""


class BegunInputs(msgspec.Struct, frozen=True):
    """As much of what a run was begun with as says which versions it compares."""

    prompt: str
    candidate: BegunSide
    baseline: BegunSide | None = None


def inputs_of(run: BegunRun) -> BegunInputs | None:
    """What a run was begun with; None where another promptops wrote it."""
    try:
        return msgspec.json.decode(run.inputs, type=BegunInputs)
    except msgspec.DecodeError:
        return None


def of_name(runs: Iterable[BegunRun], name: str | None) -> list[BegunRun]:
    """Those of a prompt or suite; all where none is named."""
    return [each for each in runs if name is None or name in _names(each)]


def _names(run: BegunRun) -> tuple[str, str]:
    inputs = inputs_of(run)
    return run.suite, inputs.prompt if inputs else run.suite


def state_of(run: BegunRun) -> RunState:
    """How a run stands. One that was stopped has written its report; a killed one could not."""
    if run.alive:
        return "under_way"
    return "broken_off" if run.state == "running" else run.state


def answers_of(ledger: Ledger, run: str) -> int:
    """How many answers a run has had."""
    spent = ledger.of_run(run)
    return spent.calls - spent.lost_calls


def line_of(run: BegunRun, ledger: Ledger) -> RunLine:
    """A run without a report, as a line of the list."""
    inputs = inputs_of(run)
    spent = ledger.of_run(run.run)
    return RunLine(
        run=run.run,
        created=run.created,
        suite=run.suite,
        prompt=inputs.prompt if inputs else "",
        baseline_version=inputs.baseline.version if inputs and inputs.baseline else None,
        candidate_version=inputs.candidate.version if inputs else None,
        verdict=None,
        calls=spent.calls,
        cost_usd=None if spent.unpriced_calls else spent.cost_usd,
        model=inputs.candidate.model if inputs else "",
        state=state_of(run),
        answers=spent.calls - spent.lost_calls,
    )


def line_of_report(report: Report, begun: BegunRun | None) -> RunLine:
    """A run with a report, as a line of the list; `begun` where it has not come to its end."""
    state: RunState = "finished" if report.verdict else "stopped"
    return RunLine(
        run=report.run,
        created=report.created,
        suite=report.suite,
        prompt=report.prompt,
        baseline_version=report.baseline.version if report.baseline else None,
        candidate_version=report.candidate.version,
        verdict=report.verdict,
        calls=report.calls.made,
        cost_usd=None if report.cost.unpriced_calls else report.cost.incurred_usd,
        model=report.model,
        dirty=report.candidate.dirty,
        state=state_of(begun) if begun else state,
    )
