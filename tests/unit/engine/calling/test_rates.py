import asyncio
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.engine.calling.rates import Rates
from promptops.errors import NoVerdictError
from promptops.values.quota import Quota
from tests.virtual_time import now, run


async def _admitted(rates, many, tokens=0, log=None, name=None):
    """The times at which so many calls, which all ask at once, are admitted."""

    async def one(at):
        await rates.admit(tokens)
        if log is not None:
            log.append(at if name is None else name)
        return now()

    return await asyncio.gather(*(one(at) for at in range(many)))


def most_in_a_minute(events):
    """The largest sum of amounts within 60 s, both ends included; events are (time, amount)."""
    events = sorted(events)
    sums = [0, *accumulate(amount for _, amount in events)]
    worst, first = 0, 0
    for last, (at, _) in enumerate(events):
        while events[first][0] < at - 60.0:
            first += 1
        worst = max(worst, sums[last + 1] - sums[first])
    return worst


def test_without_limits_nobody_waits():
    async def scenario():
        return await _admitted(Rates(clock=now), 5000, 10**6)

    assert set(run(scenario())) == {0.0}


def test_few_a_minute_are_spread_evenly():
    async def scenario():
        return await _admitted(Rates(6, clock=now), 13)

    times = run(scenario())
    assert times[:6] == pytest.approx([0, 10, 20, 30, 40, 50])
    assert times[6:12] == pytest.approx([60.1, 70.1, 80.1, 90.1, 100.1, 110.1])


def test_many_a_minute_go_in_bursts_of_a_second():
    async def scenario():
        return await _admitted(Rates(600, clock=now), 100)

    times = run(scenario())
    assert sum(at == 0.0 for at in times) == 10
    assert times[10:20] == pytest.approx([0.1 * at for at in range(1, 11)])


@pytest.mark.parametrize("limit", [1, 7, 60, 61, 600, 5000])
def test_requests_under_load_are_as_many_as_stated_and_no_more(limit):
    async def scenario():
        rates, times = Rates(limit, clock=now), []

        async def one():
            while now() < 600.0:
                await rates.admit(100)
                times.append(now())

        await asyncio.gather(*(one() for _ in range(16)))
        return [at for at in times if at < 600.0]

    times = run(scenario())
    assert most_in_a_minute((at, 1) for at in times) <= limit
    assert len(times) >= 0.95 * 10 * limit


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1_000, 1_000_000),
    st.lists(st.floats(0.0001, 0.09), min_size=1, max_size=30),
)
def test_tokens_under_load_are_as_many_as_stated_and_no_more(limit, shares):
    sizes = [max(1, int(share * limit)) for share in shares]

    async def scenario():
        rates, events = Rates(None, limit, clock=now), []

        async def one(at):
            while now() < 300.0:
                tokens = sizes[at % len(sizes)]
                at += 1
                await rates.admit(tokens)
                events.append((now(), tokens))

        await asyncio.gather(*(one(at) for at in range(4)))
        return [event for event in events if event[0] < 300.0]

    events = run(scenario())
    assert most_in_a_minute(events) <= limit
    # Calls are not cut, so up to the largest one of them a minute stays empty.
    spare = max(sizes) / limit
    assert sum(tokens for _, tokens in events) >= (0.95 - spare) * 5 * limit


@settings(max_examples=30, deadline=None)
@given(st.integers(10_000, 1_000_000), st.integers(1, 100))
def test_small_calls_use_what_is_stated_within_a_twentieth(limit, per_mille):
    tokens = max(1, limit * min(per_mille, 20) // 1000)

    async def scenario():
        rates, used = Rates(None, limit, clock=now), 0
        while now() < 300.0:
            await rates.admit(tokens)
            used += tokens
        return used

    assert 0.95 * 5 * limit <= run(scenario()) <= 5 * limit + tokens


asked = st.lists(
    st.tuples(
        st.floats(0, 200),  # when it asks
        st.integers(0, 400),  # tokens reserved
        st.integers(0, 400),  # tokens used in the end
        st.floats(0, 90),  # how long the call takes
        st.none() | st.floats(0, 300),  # when it is cancelled
    ),
    min_size=1,
    max_size=80,
)


@settings(deadline=None)
@given(asked, st.integers(1, 20), st.integers(400, 2000))
def test_no_minute_admits_more_than_stated_whatever_happens(todo, requests, tokens):
    async def scenario():
        rates = Rates(requests, tokens, clock=now)
        came, went, events = [], [], []

        async def one(name, at, reserved, used, seconds):
            await asyncio.sleep(at)
            came.append(name)
            reservation = await rates.admit(reserved)
            went.append(name)
            events.append((now(), reservation))
            await asyncio.sleep(seconds)
            rates.settle(reservation, min(used, reserved))

        tasks = []
        for name, (at, reserved, used, seconds, cancelled_at) in enumerate(todo):
            tasks.append(asyncio.create_task(one(name, at, reserved, used, seconds)))
            if cancelled_at is not None:
                asyncio.get_running_loop().call_later(cancelled_at, tasks[-1].cancel)
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            assert done is None or isinstance(done, asyncio.CancelledError)
        assert went == [name for name in came if name in set(went)]
        assert {name for name in came if not tasks[name].cancelled()} <= set(went)
        return [(at, reservation.tokens) for at, reservation in events]

    events = run(scenario())
    assert most_in_a_minute((at, 1) for at, _ in events) <= requests
    assert most_in_a_minute(events) <= tokens


def test_what_was_not_used_is_given_back():
    async def scenario():
        rates = Rates(None, 1000, clock=now)
        first = await rates.admit(1000)
        waiting = asyncio.create_task(_admitted(rates, 1, 900))
        await asyncio.sleep(2.0)
        assert not waiting.done()
        rates.settle(first, 10)
        rates.settle(first, 10)  # a second time changes nothing
        return await waiting

    assert run(scenario())[0] == pytest.approx(2.0)


def test_what_was_used_beyond_is_taken():
    async def scenario():
        rates = Rates(None, 1000, clock=now)
        rates.settle(await rates.admit(10), 510)
        return await _admitted(rates, 1, 100), await _admitted(rates, 1, 500)

    (first,), (second,) = run(scenario())
    assert first == pytest.approx(510 * 0.06 - 0.94)
    assert second == pytest.approx(60.1)


def test_what_is_settled_late_changes_the_pace_and_not_this_minute():
    async def scenario():
        rates = Rates(None, 1000, clock=now)
        old = await rates.admit(500)
        await asyncio.sleep(100.0)
        await rates.admit(500)
        rates.settle(old, 0)
        return await _admitted(rates, 1, 501)

    assert run(scenario())[0] == pytest.approx(160.1)


def test_a_call_larger_than_a_minute_is_admitted_alone():
    async def scenario():
        rates = Rates(None, 1000, clock=now)
        await rates.admit(1)
        large = asyncio.create_task(_admitted(rates, 1, 3000))
        await asyncio.sleep(0)
        small = asyncio.create_task(_admitted(rates, 1, 1))
        return await large, await small

    (large,), (small,) = run(scenario())
    assert large == pytest.approx(60.1)
    assert small == pytest.approx(60.1 + 180.0 - 0.94)


def test_nobody_overtakes_a_large_call():
    async def scenario():
        rates, log = Rates(None, 1000, clock=now), list[Any]()
        await rates.admit(600)
        tasks = []
        for name, tokens in (("large", 900), ("small", 1), ("tiny", 0)):
            tasks.append(asyncio.create_task(_admitted(rates, 1, tokens, log, name)))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return log

    assert run(scenario()) == ["large", "small", "tiny"]


def test_who_is_cancelled_while_waiting_takes_nothing_and_blocks_nobody():
    async def scenario():
        rates = Rates(None, 1000, clock=now)
        await rates.admit(600)
        large = asyncio.create_task(rates.admit(900))
        await asyncio.sleep(0)
        small = asyncio.create_task(_admitted(rates, 1, 10))
        await asyncio.sleep(40.0)
        assert not small.done()
        large.cancel()
        return await small

    assert run(scenario()) == pytest.approx([40.0])


def test_who_is_cancelled_when_just_admitted_gives_back():
    async def scenario():
        rates, was_admitted = Rates(2, clock=now), []
        await rates.admit(0)
        second = asyncio.create_task(rates.admit(0))
        await asyncio.sleep(0)
        third = asyncio.create_task(_admitted(rates, 1))

        def cancel():
            was_admitted.append(rates._requests.recent == 2 and not second.done())
            second.cancel()

        # In the same turn of the loop as the timer that admits it, and after that.
        asyncio.get_running_loop().call_at(30.0 + 5e-10, cancel)
        (at,) = await third
        return was_admitted, second.cancelled(), at

    assert run(scenario()) == ([True], True, pytest.approx(30.0))


def test_a_call_that_was_never_sent_is_given_back_whole():
    async def scenario():
        rates = Rates(1, 100, clock=now)
        for _ in range(50):
            rates.withdraw(await rates.admit(100))
        return now()

    assert run(scenario()) == 0.0


def test_what_was_given_back_is_not_given_back_again_when_its_minute_ends():
    async def scenario():
        rates, times = Rates(600, clock=now), []
        for _ in range(10):
            rates.withdraw(await rates.admit(1))
        await asyncio.sleep(100.0)
        while now() < 170.0:
            await rates.admit(1)
            times.append(now())
        return times

    assert most_in_a_minute((at, 1) for at in run(scenario())) == 600


def test_a_hold_stops_everybody_and_only_lengthens():
    async def scenario():
        rates = Rates(clock=now)
        await rates.admit(1)
        rates.hold(20.0)
        rates.hold(5.0)
        first = asyncio.create_task(_admitted(rates, 3))
        await asyncio.sleep(10.0)
        rates.hold(25.0)  # while they wait
        return await first

    assert run(scenario()) == [35.0] * 3


def test_where_nothing_remains_nobody_goes_before_the_reset():
    async def scenario():
        rates = Rates(clock=now)
        rates.hear(Quota(requests_limit=60, requests_remaining=0, requests_reset_seconds=12.0))
        first = await _admitted(rates, 1)
        rates.hear(Quota(tokens_limit=10**6, tokens_remaining=0, tokens_reset_seconds=0.25))
        return first, await _admitted(rates, 1)

    first, second = run(scenario())
    assert first == [12.0]
    assert second == pytest.approx([13.0])  # 60 a minute weighs more than the quarter of a second


def test_a_reset_beyond_a_minute_is_not_waited_out():
    async def scenario():
        rates = Rates(clock=now)
        rates.hear(Quota(requests_remaining=0, requests_reset_seconds=86_400.0))
        return await _admitted(rates, 1)

    assert run(scenario()) == [60.0]


def test_a_limit_that_the_headers_state_counts_what_was_sent_before():
    async def scenario():
        rates = Rates(clock=now)
        await _admitted(rates, 8)
        rates.hear(Quota(requests_limit=10))
        return await _admitted(rates, 3)

    assert run(scenario()) == pytest.approx([0.0, 6.0, 60.1])


def test_a_limit_that_grows_is_felt_at_once():
    async def scenario():
        rates = Rates(clock=now)
        await _admitted(rates, 10)
        rates.hear(Quota(requests_limit=10))
        calls = asyncio.create_task(_admitted(rates, 1))
        await asyncio.sleep(5.0)
        rates.hear(Quota(requests_limit=100))
        return await calls

    assert run(scenario()) == [5.0]


def test_a_limit_that_shrinks_slows_those_who_wait_and_one_that_grows_speeds_them():
    async def scenario():
        rates = Rates(clock=now)
        rates.hear(Quota(requests_limit=60))
        calls = asyncio.create_task(_admitted(rates, 60))
        await asyncio.sleep(19.5)
        rates.hear(Quota(requests_limit=12))
        await asyncio.sleep(200.0)
        rates.hear(Quota(requests_limit=60))
        return await calls

    times = run(scenario())
    assert times[:20] == pytest.approx(range(20))
    assert times[20] == pytest.approx(68.1)  # no more than 11 are left of the last minute
    slow = [at for at in times[20:] if at < 219.5]
    assert 28 <= len(slow) <= 31
    assert most_in_a_minute((at, 1) for at in slow) <= 12
    assert 219.5 < times[-1] < 240.0


@pytest.mark.parametrize(("heard", "counts"), [(6000, 60), (6, 6), (0, 60), (-1, 60), (None, 60)])
def test_headers_tighten_what_the_suite_states_and_never_loosen_it(heard, counts):
    async def scenario():
        rates = Rates(60, clock=now)
        rates.hear(Quota(requests_limit=heard))
        return await _admitted(rates, 3)

    assert run(scenario()) == pytest.approx([0.0, 60 / counts, 120 / counts])


def test_closing_ends_the_waits_and_lets_nobody_in():
    async def scenario():
        rates, error = Rates(1, clock=now), NoVerdictError("over")
        await rates.admit(0)
        waiting = [asyncio.create_task(rates.admit(0)) for _ in range(3)]
        await asyncio.sleep(1.0)
        rates.close(error)
        found = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(NoVerdictError) as late:
            await rates.admit(0)
        loop: Any = asyncio.get_running_loop()
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]
        return all(each is error for each in [*found, late.value]), now(), timers

    assert run(scenario()) == (True, 1.0, [])


def test_a_suite_may_state_less_than_one_a_minute():
    async def scenario():
        return await _admitted(Rates(0.5, clock=now), 3)

    assert run(scenario()) == pytest.approx([0.0, 120.0, 240.0])


async def _waiting(rates, tokens=0, after=0.0):
    """What is said while one more call wants so many tokens."""
    asking = asyncio.create_task(rates.admit(tokens))
    await asyncio.sleep(after)
    found = rates.waiting("acme/one")
    asking.cancel()
    return found


def test_nobody_waits_where_there_is_room():
    async def scenario():
        rates = Rates(60, clock=now)
        return rates.waiting("acme/one"), await _waiting(rates, after=0.1)

    assert run(scenario()) == (None, None)


@pytest.mark.parametrize(
    ("stated", "heard", "why"),
    [
        ((60, None), Quota(), "60 requests a minute"),
        ((60, 1200), Quota(), "1,200 tokens a minute"),
        ((None, None), Quota(requests_limit=30), "the provider's 30 requests a minute"),
        ((600, None), Quota(requests_limit=30), "the provider's 30 requests a minute"),
        ((20, None), Quota(requests_limit=30), "20 requests a minute"),
        ((None, None), Quota(tokens_limit=1200), "the provider's 1,200 tokens a minute"),
    ],
)
def test_a_pace_is_told_by_what_sets_it(stated, heard, why):
    async def scenario():
        rates = Rates(*stated, clock=now)
        rates.hear(heard)
        for _ in range(2):
            asyncio.ensure_future(rates.admit(100))  # noqa: RUF006 - it is admitted in time
        await asyncio.sleep(0.25)
        return await _waiting(rates, 100, after=0.5)

    found = run(scenario())
    assert (found.model, found.kind, found.why) == ("acme/one", "held", why)
    assert found.left_seconds > 0
    assert not found.brief


def test_a_refusal_and_an_empty_allowance_say_when_it_goes_on():
    async def scenario():
        refused, empty = Rates(clock=now), Rates(clock=now)
        refused.hold(4.0)
        empty.hear(Quota(requests_remaining=0, requests_reset_seconds=5.0))
        return await _waiting(refused, after=1.0), await _waiting(empty, after=1.0)

    refused, empty = run(scenario())
    assert (refused.kind, refused.why) == ("limited", "rate limited")
    assert (refused.seconds, refused.left_seconds) == (1.0, 3.0)
    assert (empty.why, empty.left_seconds) == ("the provider's limit is used up", 3.0)


def test_what_was_heard_once_holds_nobody_twice():
    async def scenario():
        rates, quota = Rates(clock=now), Quota(requests_remaining=0, requests_reset_seconds=5.0)
        for _ in range(3):
            rates.hear(quota)  # the last that the provider said, after answers without headers
            await rates.admit(0)
        return now()

    assert run(scenario()) == 5.0
