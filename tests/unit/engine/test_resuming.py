"""What a run that goes on has spent already, as its budget sees it."""

from __future__ import annotations

import asyncio

import pytest

from promptops.engine.calling.limits import Limits
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.worst_case import WorstCase
from promptops.engine.resuming import before
from promptops.errors import BudgetSpentError
from promptops.store.ledger import Spent
from promptops.values.report import Calls
from promptops.values.response import Response, Usage

WORST = WorstCase(tokens=100, usd=0.10)
SPENT = Spent(
    calls=8, lost_calls=2, unpriced_calls=1, unmetered_calls=1, input_tokens=50, output_tokens=10,
    cost_usd=0.20, at_risk_usd=0.15,
)  # fmt: skip


def resumed(limits, *, unseen=0, calls=None):
    meter = Meter(limits)
    meter.start(before(SPENT, calls or Calls(), WORST, unseen))
    return meter


def test_everything_counts_and_what_is_not_known_at_its_worst():
    meter = resumed(Limits())
    assert meter.charged_usd == pytest.approx(0.20 + 0.15 + 0.10)
    assert (meter.incurred_usd, meter.at_risk_usd, meter.unpriced) == (0.20, 0.15, 1)
    assert (meter.made, meter.lost) == (8, 2)
    assert resumed(Limits(), unseen=4).charged_usd == pytest.approx(0.45 + 0.40)


def test_what_the_provider_refused_is_counted_where_a_report_knows_of_it():
    meter = resumed(Limits(), calls=Calls(made=11, retried=3))
    assert (meter.made, meter.retried) == (11, 3)


@pytest.mark.parametrize(
    ("limits", "unseen", "room"),
    [
        (Limits(usd=0.56), 0, True),
        (Limits(usd=0.54), 0, False),
        (Limits(usd=0.56), 1, False),
        (Limits(tokens=60 + 3 * 100 + 100), 0, True),
        (Limits(tokens=60 + 3 * 100 + 99), 0, False),
        (Limits(calls=9), 0, True),
        (Limits(calls=8), 0, False),
    ],
)
def test_the_budget_goes_on_where_it_was(limits, unseen, room):
    async def one():
        (await resumed(limits, unseen=unseen).reserve(WORST)).cancel()

    if room:
        asyncio.run(one())
        return
    with pytest.raises(BudgetSpentError):
        asyncio.run(one())


def test_what_a_command_may_spend_is_counted_from_where_it_begins():
    async def spend():
        meter = resumed(Limits(usd=9.0))
        meter.lower(0.25, "--max-cost")
        for _ in range(2):
            (await meter.reserve(WORST)).settle(Response("x", usage=Usage(1, 1), cost_usd=0.10))
        with pytest.raises(BudgetSpentError, match=r"--max-cost \$0.70 could be passed") as spent:
            await meter.reserve(WORST)
        return spent.value

    assert asyncio.run(spend()).of_command


def test_a_budget_of_the_run_that_is_lower_stays():
    meter = resumed(Limits(usd=0.60))
    meter.lower(5.0, "--max-cost")
    assert meter.limits == Limits(usd=0.60)
