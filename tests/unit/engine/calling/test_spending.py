from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.engine.calling.limits import Limits, check_bounded
from promptops.engine.calling.spending import Meter, Spent
from promptops.engine.calling.worst_case import WorstCase
from promptops.errors import InputError, InputErrors, NoVerdictError
from promptops.values.response import Failure, Response, Usage

T = TypeVar("T")
DIME = WorstCase(tokens=100, usd=0.1)


def run(work: Coroutine[Any, Any, T]) -> T:
    async def within() -> T:
        async with asyncio.timeout(20):  # a deadlock must not hang the tests
            return await work

    return asyncio.run(within())


def answer(usd: float | None, tokens: int | None = 10) -> Response:
    return Response("x", usage=None if tokens is None else Usage(tokens, 0), cost_usd=usd)


def failed(*, billable: bool) -> Failure:
    return Failure(kind="timeout" if billable else "rate_limited", message="no", billable=billable)


async def refused(meter: Meter, worst: WorstCase = DIME) -> NoVerdictError:
    with pytest.raises(NoVerdictError) as caught:
        await meter.reserve(worst)
    return caught.value


def test_what_is_spent_is_counted():
    async def work() -> Meter:
        meter = Meter()
        (await meter.reserve(DIME)).settle(answer(0.02))
        (await meter.reserve(DIME, "judge")).settle(answer(0.03, tokens=5))
        (await meter.reserve(DIME)).settle(answer(None, tokens=None))
        (await meter.reserve(DIME)).lose(failed(billable=True))
        (await meter.reserve(DIME)).lose(failed(billable=False))
        (await meter.reserve(WorstCase(None, None))).lose(failed(billable=True))
        (await meter.reserve(DIME)).cancel()
        return meter

    meter = run(work())
    assert (meter.made, meter.judge_calls, meter.in_flight) == (6, 1, 0)
    assert meter.incurred_usd == 0.05
    assert meter.at_risk_usd == 0.1
    assert (meter.unpriced, meter.lost, meter.lost_unbounded, meter.tokens) == (1, 2, 1, 15)


def test_sums_are_exact_so_the_last_cent_can_be_spent():
    async def work() -> Meter:
        meter = Meter(Limits(usd=0.3))
        for _ in range(3):  # 0.1 + 0.1 + 0.1 > 0.3 in binary fractions
            (await meter.reserve(DIME)).settle(answer(0.1))
        await refused(meter)
        return meter

    assert run(work()).incurred_usd == 0.3


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        (Limits(usd=0.25), ("$0.25", "$0.20 is spent", "$0.10")),
        (Limits(calls=2), ("2 calls", "2 made")),
        (Limits(tokens=250), ("250 tokens", "200 is spent", "100")),
    ],
)
def test_a_limit_is_never_passed_and_the_error_says_which_and_how_to_go_on(limits, shown):
    async def work() -> NoVerdictError:
        meter = Meter(limits)
        for _ in range(2):
            (await meter.reserve(DIME)).settle(answer(0.1, tokens=100))
        return await refused(meter)

    error = run(work())
    for each in shown:
        assert each in error.message
    assert "goes on from it, with a budget of its own" in (error.hint or "")


def test_the_error_says_what_is_in_flight():
    async def work() -> NoVerdictError:
        meter = Meter(Limits(usd=1))
        await meter.reserve(DIME)
        return await refused(meter, WorstCase(1, 1.5))

    assert "up to $0.10 is in flight" in run(work()).message


@pytest.mark.parametrize(
    ("limits", "end"),
    [
        (Limits(usd=0.25), lambda each: each.lose(failed(billable=True))),
        (Limits(usd=0.25), lambda each: each.settle(answer(None))),
        (Limits(usd=0.25), lambda each: each.__exit__(None, None, None)),
        (Limits(tokens=250), lambda each: each.settle(answer(0.0, tokens=None))),
        (Limits(tokens=250), lambda each: each.lose(failed(billable=True))),
    ],
)
def test_what_is_unknown_counts_at_its_worst_case(limits, end):
    async def work() -> None:
        meter = Meter(limits)
        for _ in range(2):
            end(await meter.reserve(DIME))
        await refused(meter)

    run(work())


@pytest.mark.parametrize(
    "end", [lambda each: each.cancel(), lambda each: each.lose(failed(billable=False))]
)
def test_what_costs_nothing_frees_its_place(end):
    async def work() -> int:
        meter = Meter(Limits(usd=0.1, tokens=100))
        for _ in range(50):
            end(await meter.reserve(DIME))
        return meter.in_flight

    assert run(work()) == 0


def test_only_the_first_word_counts():
    async def work() -> Meter:
        meter = Meter()
        with await meter.reserve(DIME) as call:
            call.settle(answer(0.02))
            call.lose(failed(billable=True))
            call.cancel()
        return meter

    meter = run(work())
    assert (meter.made, meter.in_flight, meter.lost, meter.incurred_usd) == (1, 0, 0, 0.02)


def test_a_call_that_is_refused_only_for_what_is_in_flight_waits_its_turn():
    async def work() -> list[str]:
        meter = Meter(Limits(usd=0.2))
        first = await meter.reserve(WorstCase(1, 0.2))
        told: list[str] = []

        async def one(name: str, usd: float) -> None:
            with await meter.reserve(WorstCase(1, usd)) as call:
                told.append(name)
                await asyncio.sleep(0)
                call.settle(answer(0.0))

        waiting = [
            asyncio.create_task(one(*each)) for each in (("a", 0.2), ("b", 0.01), ("c", 0.1))
        ]
        await asyncio.sleep(0)
        assert not told
        first.settle(answer(0.0))
        await asyncio.gather(*waiting)
        return told

    assert run(work()) == ["a", "b", "c"]


def test_those_who_wait_are_refused_when_it_is_sure():
    async def work() -> None:
        meter = Meter(Limits(calls=1))
        first = await meter.reserve(DIME)
        waiting = [asyncio.create_task(refused(meter)) for _ in range(3)]
        await asyncio.sleep(0)
        first.settle(answer(0.1))
        for error in await asyncio.gather(*waiting):
            assert "the budget of 1 call" in error.message

    run(work())


@pytest.mark.parametrize("late", [False, True], ids=["while waiting", "as it is let go"])
def test_a_cancelled_waiter_blocks_nobody_and_keeps_nothing(late):
    async def work() -> None:
        meter = Meter(Limits(usd=0.1))
        first = await meter.reserve(DIME)
        cancelled = asyncio.create_task(meter.reserve(DIME))
        then = asyncio.create_task(meter.reserve(DIME))
        await asyncio.sleep(0)
        if late:
            first.cancel()  # lets the second go before its task has run again
            cancelled.cancel()
        else:
            cancelled.cancel()
            await asyncio.sleep(0)
            first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        (await then).cancel()
        assert meter.in_flight == 0

    run(work())


def test_a_resumed_run_begins_with_what_it_spent():
    async def work() -> Meter:
        meter = Meter(Limits(usd=1.0, calls=100, tokens=1000))
        spent = Spent(
            calls=7, incurred_usd=0.5, at_risk_usd=0.2, lost=1, unpriced=2, unpriced_usd=0.15,
            tokens=300,
        )  # fmt: skip
        meter.start(spent)
        (await meter.reserve(DIME)).settle(answer(0.1))
        await refused(meter)
        return meter

    meter = run(work())
    assert (meter.made, meter.lost, meter.unpriced, meter.tokens) == (8, 1, 2, 310)
    assert meter.incurred_usd == 0.6
    assert meter.at_risk_usd == 0.2


@pytest.mark.parametrize(
    ("limits", "worst", "bounded"),
    [
        (Limits(usd=1), WorstCase(10, None, "its price is unknown"), False),
        (Limits(tokens=9), WorstCase(None, 0.0, "nothing limits the length of an answer"), False),
        (Limits(calls=3), WorstCase(None, None), True),
        (Limits(usd=1, tokens=10), WorstCase(10, 0.1), True),
        (Limits(usd=1), WorstCase(None, 0.0), True),
    ],
)
def test_limits_that_cannot_be_kept_are_told_before_anything_is_spent(limits, worst, bounded):
    if bounded:
        check_bounded(limits, {"openai/loop": worst})
        run(Meter(limits).reserve(worst))
        return
    with pytest.raises(InputError, match=r"openai/loop: the budget of .* cannot be kept") as caught:
        check_bounded(limits, {"openai/loop": worst, "free": WorstCase(1, 0.0)})
    assert worst.unbounded in caught.value.message
    for mend in ("prices" if "price" in worst.unbounded else "max_tokens", "budget.calls"):
        assert mend in (caught.value.hint or "")
    assert worst.unbounded in run(refused(Meter(limits), worst)).message


def test_every_model_without_a_bound_is_named():
    asked = {"a/b": WorstCase(1, None), "c/d": WorstCase(1, None)}
    with pytest.raises(InputErrors) as caught:
        check_bounded(Limits(usd=1), asked)
    assert "a/b" in str(caught.value)
    assert "c/d" in str(caught.value)


AMOUNTS = st.integers(0, 40)
CALLS = st.lists(
    st.tuples(
        AMOUNTS, AMOUNTS, st.sampled_from(["answer", "unknown", "lost", "error", "drop"]),
        st.floats(0, 1), st.integers(0, 3), st.sampled_from([None, None, None, 0, 1, 2]),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    calls=CALLS,
    usd=st.none() | st.integers(0, 150),
    tokens=st.none() | st.integers(0, 150),
    most=st.none() | st.integers(0, 12),
    seed=st.integers(0, 1000),
)
def test_whatever_the_interleaving_no_limit_is_passed_and_nobody_waits_for_ever(
    calls, usd, tokens, most, seed
):
    """A model of the provider: what a call truly costs is never above its worst case."""
    chance = random.Random(seed)
    true_usd = true_tokens = made = refusals = 0
    meter = Meter(Limits(usd=None if usd is None else usd / 100, calls=most, tokens=tokens))

    async def one(cents: int, used: int, end: str, share: float, steps: int) -> None:
        nonlocal true_usd, true_tokens, made, refusals
        try:
            call = await meter.reserve(WorstCase(used, cents / 100))
        except NoVerdictError:
            refusals += 1
            return
        with call:
            for _ in range(steps):
                await asyncio.sleep(0)
            if end == "drop":
                call.cancel()
                return
            made += 1
            if end != "error":
                true_usd += round(cents * share)
                true_tokens += round(used * share)
            if end == "answer":
                call.settle(answer(round(cents * share) / 100, tokens=round(used * share)))
            elif end == "unknown":
                call.settle(answer(None, tokens=None))
            else:
                call.lose(failed(billable=end == "lost"))

    async def work() -> None:
        tasks = []
        for *call, cancel in calls:
            task = asyncio.create_task(one(*call))
            tasks.append(task)
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
            if cancel is not None and chance.random() < 0.5:
                chance.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            assert task.cancelled() or task.exception() is None

    run(work())
    assert usd is None or true_usd <= usd
    assert tokens is None or true_tokens <= tokens
    assert most is None or made <= most
    assert meter.in_flight == 0
    # Whoever was refused truly had no room: all is settled now, and nothing is held back.
    if usd is None and tokens is None and most is None:
        assert refusals == 0


def test_a_call_costs_microseconds():
    async def work() -> float:
        meter = Meter(Limits(usd=1e6, tokens=10**12))
        response = answer(0.01)
        began = time.process_time()
        for _ in range(5000):
            (await meter.reserve(DIME)).settle(response)
        return (time.process_time() - began) / 5000

    assert run(work()) < 200e-6  # some 5 µs; the bound only catches what grows with the run
