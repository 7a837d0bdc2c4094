import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.engine.calling.window import Window
from tests.virtual_time import now, run


async def _call(window, seconds=1.0, *, outcome="clean", log=None, name=None):
    async with window.turn() as started_at:
        if log is not None:
            log.append(name)
        await asyncio.sleep(seconds)
        if outcome == "clean":
            window.clean()
        elif outcome == "trouble":
            window.trouble(started_at)


def test_it_starts_modestly_and_doubles_with_every_round_trip():
    async def scenario():
        window = Window(64, clock=now)
        calls = [asyncio.create_task(_call(window)) for _ in range(400)]
        await asyncio.sleep(0.5)
        sizes = []
        for _ in range(6):
            sizes.append(window.in_use)
            await asyncio.sleep(1.0)
        await asyncio.gather(*calls)
        return sizes, window.most_at_once, window.in_use

    assert run(scenario()) == ([4, 8, 16, 32, 64, 64], 64, 0)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_it_starts_no_wider_than_it_may_become(most):
    async def scenario():
        window = Window(most, clock=now)
        await asyncio.gather(*(_call(window) for _ in range(20)))
        return window.most_at_once

    assert run(scenario()) == most


def test_trouble_halves_it_and_from_then_on_it_opens_by_one_a_round_trip():
    async def scenario():
        window = Window(16, clock=now)
        await asyncio.gather(*(_call(window) for _ in range(60)))
        assert window.size == 16
        await _call(window, outcome="trouble")
        calls = [asyncio.create_task(_call(window)) for _ in range(200)]
        await asyncio.sleep(0.5)
        sizes = []
        for _ in range(12):
            sizes.append(window.in_use)
            await asyncio.sleep(1.0)
        await asyncio.gather(*calls)
        return sizes

    sizes = run(scenario())
    assert sizes[0] == 8
    # A size of 8.9 counts as 8, so now and then a round trip opens nothing.
    assert all(late - early in {0, 1} for early, late in pairwise(sizes))
    assert sizes[8] in {15, 16}
    assert sizes[-1] == 16


def test_one_burst_of_trouble_cuts_once():
    async def scenario():
        window = Window(16, clock=now)
        await asyncio.gather(*(_call(window) for _ in range(60)))
        assert window.size == 16
        await asyncio.gather(*(_call(window, outcome="trouble") for _ in range(16)))
        once = window.size
        await asyncio.gather(*(_call(window, outcome="trouble") for _ in range(8)))
        return once, window.size

    assert run(scenario()) == (8, 4)


def test_trouble_of_a_call_that_began_before_the_cut_is_old_news():
    async def scenario():
        window = Window(16, clock=now)
        slow = asyncio.create_task(_call(window, 5.0, outcome="trouble"))
        await asyncio.sleep(0.5)
        await _call(window, 1.0, outcome="trouble")
        first = window.size
        await slow
        return first, window.size

    assert run(scenario()) == (2, 2)


def test_it_never_closes_altogether():
    async def scenario():
        window = Window(8, clock=now)
        for _ in range(6):
            await _call(window, outcome="trouble")
        assert window.size == 1
        await asyncio.gather(*(_call(window) for _ in range(5)))
        return window.in_use

    assert run(scenario()) == 0


def test_it_opens_as_soon_as_an_answer_is_clean():
    async def scenario():
        window = Window(8, clock=now)
        begun = []

        async def call():
            async with window.turn() as started_at:
                begun.append(started_at)
                await asyncio.sleep(1.0)
                window.clean()
                await asyncio.sleep(1.0)  # the answer is being stored

        await asyncio.gather(*(call() for _ in range(12)))
        return begun

    assert run(scenario()) == [0.0] * 4 + [1.0] * 4 + [2.0] * 4


def test_calls_that_do_not_fill_it_do_not_open_it():
    async def scenario():
        window = Window(64, clock=now)
        for _ in range(100):
            await _call(window)
        return window.size

    assert run(scenario()) == 4


def test_turns_come_in_the_order_in_which_they_were_asked_for():
    async def scenario():
        window = Window(3, clock=now)
        log: list[Any] = []
        await asyncio.gather(
            *(_call(window, 1.0 + name % 3, log=log, name=name) for name in range(30))
        )
        return log

    assert run(scenario()) == list(range(30))


def test_a_newcomer_does_not_slip_in_before_those_who_wait():
    async def scenario():
        window = Window(1, clock=now)
        log: list[Any] = []
        first = asyncio.create_task(_call(window, log=log, name="first"))
        await asyncio.sleep(0)
        second = asyncio.create_task(_call(window, log=log, name="second"))
        await first
        # The turn is given to the second, who has not run yet.
        await _call(window, log=log, name="newcomer")
        await second
        return log

    assert run(scenario()) == ["first", "second", "newcomer"]


def test_who_is_cancelled_with_a_turn_just_given_hands_it_on():
    async def scenario():
        window = Window(1, clock=now)
        log: list[Any] = []
        gone: Any = None

        async def hold():
            async with window.turn():
                await asyncio.sleep(1.0)
            gone.cancel()  # the turn is his already, and he has not woken yet

        holder = asyncio.create_task(hold())
        await asyncio.sleep(0)
        gone = asyncio.create_task(_call(window, log=log, name="gone"))
        after = asyncio.create_task(_call(window, log=log, name="after"))
        await asyncio.gather(holder, after)
        assert gone.cancelled()
        return log, window.in_use

    assert run(scenario()) == (["after"], 0)


def test_an_error_within_a_turn_ends_the_turn():
    async def scenario():
        window = Window(1, clock=now)
        with pytest.raises(RuntimeError):
            async with window.turn():
                raise RuntimeError
        return window.in_use

    assert run(scenario()) == 0


calls = st.lists(
    st.tuples(
        st.floats(0, 20),  # when it asks
        st.floats(0, 5),  # how long it takes
        st.sampled_from(["clean", "trouble", "neither"]),
        st.none() | st.floats(0, 20),  # when it is cancelled
    ),
    min_size=1,
    max_size=60,
)


@given(calls, st.integers(1, 12))
def test_everybody_gets_a_turn_in_order_and_no_turn_is_lost(todo, most):
    async def scenario():
        window = Window(most, clock=now)
        asked, had = [], {}

        async def one(name, at, seconds, outcome):
            await asyncio.sleep(at)
            asked.append(name)
            async with window.turn() as started_at:
                assert 1 <= window.in_use <= most
                had[name] = started_at
                await asyncio.sleep(seconds)
                if outcome == "clean":
                    window.clean()
                elif outcome == "trouble":
                    window.trouble(started_at)
                assert 1 <= window.size <= most

        tasks = []
        for name, (at, seconds, outcome, cancelled_at) in enumerate(todo):
            task = asyncio.create_task(one(name, at, seconds, outcome))
            tasks.append(task)
            if cancelled_at is not None:
                asyncio.get_running_loop().call_later(cancelled_at, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        # What raised is an assert of ours, or the cancellation that was asked for.
        for task in tasks:
            assert task.cancelled() or task.exception() is None
        # Who waited wakes a tick after his turn was given: any order within one moment is right.
        turns = [had[name] for name in asked if name in had]
        assert turns == sorted(turns)
        assert {name for name in asked if not tasks[name].cancelled()} <= had.keys()
        assert window.in_use == 0
        assert window.most_at_once <= most
        # Nothing was lost: as many as it is wide can go at once.
        await asyncio.wait_for(asyncio.gather(*(_call(window) for _ in range(window.size))), 1.5)

    run(scenario())
