import asyncio
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.engine.calling.circuit import OPEN_AFTER, QUIET_SECONDS, Circuit
from promptops.errors import InputError, NoVerdictError
from promptops.values.response import Failure
from tests.virtual_time import now, run

DOWN = Failure("unavailable", "HTTP 500: it broke", 500)
SLOW_DOWN = Failure("rate_limited", "HTTP 429: too many", 429)
WRONG = Failure("rejected", "HTTP 400: no such parameter", 400, retryable=False)
MORNING = datetime(2031, 5, 6, 9, 0, 0, tzinfo=UTC)


def make(patience=300.0, seed=1, enough=1, **more):
    return Circuit(
        "acme/one",
        patience_seconds=patience,
        enough=enough,
        chance=random.Random(seed),
        clock=now,
        wall=lambda: MORNING + timedelta(seconds=now()),
        **more,
    )


def asks_to_wait(seconds, kind="overloaded"):
    return Failure(kind, "HTTP 503: busy", 503, retry_after_seconds=seconds)


def opened(**settings):
    circuit = make(**settings)
    for _ in range(OPEN_AFTER):
        circuit.failed(DOWN)
    return circuit


async def ask(circuit, outcome, log=None, seconds=0.0):
    """One call: admitted, under way for so long, told of."""
    await circuit.admit()
    if log is not None:
        log.append(now())
    await asyncio.sleep(seconds)
    if outcome is None:
        circuit.succeeded()
    else:
        circuit.failed(outcome)


@pytest.mark.parametrize(
    "kind", ["overloaded", "unavailable", "connection", "timeout", "malformed"]
)
def test_it_opens_after_five_failures_in_a_row_and_not_before(kind):
    async def scenario():
        circuit = make()
        for _ in range(OPEN_AFTER - 1):
            circuit.failed(Failure(kind, "gone"))
        before = circuit.closed
        circuit.failed(Failure(kind, "gone"))
        return before, circuit.closed

    assert run(scenario()) == (True, False)


def test_a_success_breaks_the_row():
    async def scenario():
        circuit = make()
        for _ in range(10):
            for _ in range(OPEN_AFTER - 1):
                circuit.failed(DOWN)
                assert circuit.closed
            circuit.succeeded()
        return circuit.closed

    assert run(scenario())


def test_rate_limits_do_not_open_it_nor_break_the_row():
    async def scenario():
        circuit = make()
        for _ in range(40):
            circuit.failed(SLOW_DOWN)
        limited = circuit.closed
        for _ in range(OPEN_AFTER):
            circuit.failed(SLOW_DOWN)
            circuit.failed(DOWN)
        return limited, circuit.closed

    assert run(scenario()) == (True, False)


def test_a_wrong_request_is_no_outage():
    async def scenario():
        circuit = make(patience=10.0)
        for _ in range(20):
            circuit.failed(DOWN)
            circuit.failed(WRONG)
        closed = circuit.closed
        circuit.succeeded()
        for _ in range(20):
            circuit.failed(WRONG)
            await asyncio.sleep(1.0)
        await circuit.admit()
        return closed

    assert run(scenario())


def test_while_it_is_open_one_probe_goes_at_a_time_with_pauses_that_grow_up_to_30_seconds():
    async def scenario(seed):
        circuit = opened(patience=10_000.0, seed=seed)
        log: list[Any] = []
        calls = [asyncio.create_task(ask(circuit, DOWN, log)) for _ in range(40)]
        await asyncio.sleep(5_000.0)
        assert all(each.done() for each in calls)
        return [0.0, *log]

    runs = [run(scenario(seed)) for seed in range(60)]
    gaps = [[late - early for early, late in pairwise(times)] for times in runs]
    for at, most in enumerate([1, 2, 4, 8, 16, 30, 30, 30]):
        column = [each[at] for each in gaps]
        assert 0.0 <= min(column) < 0.2 * most  # full jitter
        assert 0.8 * most < max(column) <= most
    assert max(max(each) for each in gaps) <= 30.0


def test_the_first_success_closes_it_for_everybody():
    async def scenario():
        circuit = opened()
        log: list[Any] = []
        await asyncio.gather(*(ask(circuit, None, log, seconds=1.0) for _ in range(20)))
        return log, circuit.closed

    log, closed = run(scenario())
    assert closed
    assert 0.0 < log[0] <= 1.0
    assert log[1:] == [log[0] + 1.0] * 19


def test_pauses_begin_anew_after_it_was_closed():
    async def scenario(seed):
        circuit, log = opened(patience=10_000.0, seed=seed), list[Any]()
        await asyncio.gather(*(ask(circuit, DOWN, log) for _ in range(12)))
        await ask(circuit, None)
        again = now()
        for _ in range(OPEN_AFTER):
            circuit.failed(DOWN)
        await circuit.admit()
        return now() - again

    assert all(0.0 <= run(scenario(seed)) <= 1.0 for seed in range(10))


def test_calls_that_were_under_way_when_it_opened_count_once():
    async def scenario():
        circuit, log = make(), list[Any]()
        early = [asyncio.create_task(ask(circuit, DOWN, seconds=10.0)) for _ in range(64)]
        await asyncio.gather(*early)
        opened_at = now()
        await ask(circuit, None, log)
        return log[0] - opened_at

    assert 0.0 <= run(scenario()) <= 1.0  # and not the 30 s that 59 failed probes would have made


def test_a_straggler_that_fails_does_not_send_another_probe():
    async def scenario():
        circuit, log = make(), list[Any]()
        stragglers = [asyncio.create_task(ask(circuit, DOWN, seconds=at)) for at in range(1, 31)]
        calls = [asyncio.create_task(_late(circuit, log)) for _ in range(3)]
        await asyncio.gather(*stragglers)
        probes = len(log)
        await asyncio.gather(*calls)
        return probes

    async def _late(circuit, log):
        await asyncio.sleep(5.5)
        await ask(circuit, None, log, seconds=60.0)

    assert run(scenario()) == 1


def test_a_straggler_that_succeeds_closes_it():
    async def scenario():
        circuit = make()
        slow = asyncio.create_task(ask(circuit, None, seconds=3.0))
        await asyncio.sleep(0)
        for _ in range(OPEN_AFTER):
            circuit.failed(asks_to_wait(60.0))
        await circuit.admit()
        await slow
        return now()

    assert run(scenario()) == 3.0


def test_the_probe_waits_as_long_as_the_provider_asks():
    async def scenario():
        circuit, log = make(), list[Any]()
        for _ in range(OPEN_AFTER):
            circuit.failed(asks_to_wait(20.0))
        probe = asyncio.create_task(ask(circuit, None, log))
        await asyncio.sleep(5.0)
        circuit.failed(asks_to_wait(45.0))  # a straggler knows better
        await probe
        return log

    assert run(scenario()) == [50.0]


@pytest.mark.parametrize("answer", [SLOW_DOWN, WRONG])
def test_a_provider_that_refuses_the_probe_is_there(answer):
    async def scenario():
        circuit = opened()
        await ask(circuit, answer)
        return circuit.closed

    assert run(scenario())


def test_a_probe_that_is_given_up_lets_another_go():
    async def scenario():
        circuit, log = opened(), list[Any]()

        async def gives_up():
            await circuit.admit()
            await asyncio.sleep(2.0)
            circuit.left()

        await asyncio.gather(gives_up(), ask(circuit, None, log))
        return log[0]

    assert 2.0 <= run(scenario()) <= 3.0


def test_a_probe_that_is_cancelled_when_just_let_in_lets_another_go():
    async def scenario():
        circuit, log, was_let_in = opened(), list[Any](), list[bool]()
        first = asyncio.create_task(ask(circuit, DOWN))
        await asyncio.sleep(0)
        second = asyncio.create_task(ask(circuit, None, log))

        def cancel():
            was_let_in.append(circuit._probe is first and not first.done())
            first.cancel()

        # In the same turn of the loop as the timer that lets it in, and after that.
        asyncio.get_running_loop().call_at(circuit._probe_due + 5e-10, cancel)
        await second
        return was_let_in, first.cancelled(), now() <= 1.0

    assert run(scenario()) == ([True], True, True)


def test_the_probe_may_ask_again_and_others_find_that_it_opened_meanwhile():
    async def scenario():
        circuit, log = make(), list[Any]()

        async def paced(name, seconds):
            await circuit.admit()
            await asyncio.sleep(seconds)  # for the limits a minute, say
            await circuit.admit()
            log.append((name, now() > 20.0))
            await asyncio.sleep(20.0)
            circuit.succeeded()

        early = asyncio.create_task(paced("early", 5.0))
        await asyncio.sleep(1.0)
        for _ in range(OPEN_AFTER):
            circuit.failed(DOWN)
        await asyncio.gather(early, paced("probe", 1.0))
        return log

    assert run(scenario()) == [("probe", False), ("early", True)]


def test_patience_ends_for_everybody_who_waits_at_its_time():
    async def scenario():
        circuit = make(patience=120.0)
        await asyncio.sleep(3.0)
        for _ in range(OPEN_AFTER):
            circuit.failed(DOWN)
        waiting = [asyncio.create_task(circuit.admit()) for _ in range(8)]
        found = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(NoVerdictError) as late:
            await circuit.admit()
        return now(), found, late.value

    ended, (probe, *others), late = run(scenario())
    assert probe is None  # it hung, and was never heard of
    assert ended == pytest.approx(123.0)
    assert all(each is late for each in others)
    assert late.message == (
        "acme/one: down since 09:00:03 UTC; no call has succeeded for 2 min,"
        " and the last one failed with: HTTP 500: it broke"
    )
    assert late.hint == "what was paid for is kept: the same command goes on from here"


def test_an_outage_that_lasts_ends_the_run_with_few_calls():
    async def scenario():
        circuit, log = make(patience=300.0), list[Any]()

        async def worker():
            while True:
                await ask(circuit, DOWN, log, seconds=0.1)

        await asyncio.gather(*(worker() for _ in range(64)), return_exceptions=True)
        return now(), len(log)

    ended, calls = run(scenario())
    assert 300.1 <= ended < 300.3
    assert 64 < calls < 64 + 60


def test_rate_limits_alone_use_up_the_patience():
    async def scenario():
        circuit = make(patience=60.0)
        try:
            while True:
                await ask(circuit, SLOW_DOWN)
                await circuit.pause(7.0)
        except NoVerdictError as error:
            return now(), error.message

    ended, message = run(scenario())
    assert ended == pytest.approx(60.0)
    assert "HTTP 429: too many" in message


def test_without_pauses_of_ours_the_next_failure_ends_the_patience():
    async def scenario():
        circuit = make(patience=60.0)
        for _ in range(7):
            await ask(circuit, SLOW_DOWN)
            await asyncio.sleep(10.0)
        with pytest.raises(NoVerdictError):
            circuit.check()
        return now()

    assert run(scenario()) == 70.0


def test_a_success_ends_the_patience_that_had_begun():
    async def scenario():
        circuit = make(patience=60.0)
        for _ in range(20):
            await ask(circuit, SLOW_DOWN)
            await circuit.pause(50.0)
            await ask(circuit, None)
        return circuit.closed

    assert run(scenario())


@pytest.mark.parametrize("kind", ["rate_limited", "overloaded"])
def test_being_asked_to_wait_for_longer_than_the_patience_ends_it_at_once(kind):
    async def scenario():
        circuit = make(patience=300.0)
        circuit.failed(SLOW_DOWN)
        await asyncio.sleep(100.0)
        circuit.failed(asks_to_wait(200.0, kind))
        circuit.check()  # it fits, just
        pausing = asyncio.create_task(circuit.pause(60.0))
        await asyncio.sleep(0)
        circuit.failed(asks_to_wait(86_400.0, kind))
        with pytest.raises(NoVerdictError) as error:
            await pausing
        return now(), error.value

    ended, error = run(scenario())
    assert ended == 100.0
    assert error.message == (
        "acme/one: the provider asks to wait for 24 h, and this run waits no longer than 3 min"
        " more (failing since 09:00:00 UTC); the last call failed with: HTTP 503: busy"
    )
    assert "what was paid for is kept" in error.hint


def test_idle_time_is_not_patience():
    async def scenario():
        circuit = opened(patience=60.0)
        await asyncio.sleep(QUIET_SECONDS + 1.0)  # judges are asked meanwhile, say
        await asyncio.gather(ask(circuit, DOWN), ask(circuit, None))
        circuit.failed(SLOW_DOWN)
        await asyncio.sleep(QUIET_SECONDS + 1.0)
        await ask(circuit, SLOW_DOWN)
        return circuit.closed

    assert run(scenario())


def test_a_long_hang_is_not_idle():
    async def scenario():
        circuit = opened(patience=300.0)
        probe = asyncio.create_task(ask(circuit, DOWN, seconds=1000.0))
        others = []
        for _ in range(3):
            await asyncio.sleep(QUIET_SECONDS - 30.0)
            others.append(asyncio.create_task(circuit.admit()))
        await asyncio.gather(*others, return_exceptions=True)
        probe.cancel()
        return now()

    assert run(scenario()) == pytest.approx(300.0)


def test_a_probe_that_hangs_alone_is_not_idle():
    async def scenario():
        circuit = opened(patience=300.0)
        probe = asyncio.create_task(ask(circuit, DOWN, seconds=1000.0))
        await asyncio.sleep(QUIET_SECONDS + 30.0)
        with pytest.raises(NoVerdictError):
            await circuit.admit()
        probe.cancel()
        return now()

    assert run(scenario()) == pytest.approx(300.0)


def test_calls_under_way_while_it_is_closed_are_not_idle():
    async def scenario():
        circuit = make(patience=300.0)
        circuit.failed(SLOW_DOWN)
        await asyncio.sleep(100.0)
        calls = [asyncio.create_task(ask(circuit, SLOW_DOWN, seconds=115.0))]
        await asyncio.sleep(100.0)
        calls.append(asyncio.create_task(ask(circuit, SLOW_DOWN, seconds=101.0)))
        await asyncio.gather(*calls)
        with pytest.raises(NoVerdictError):
            circuit.check()

    run(scenario())


def test_a_long_wait_that_the_provider_asked_for_is_not_idle():
    async def scenario():
        circuit = make(patience=400.0)
        for _ in range(3):
            await ask(circuit, asks_to_wait(180.0, "rate_limited"))
            await asyncio.sleep(180.0)
        await circuit.admit()

    with pytest.raises(NoVerdictError, match="asks to wait"):
        run(scenario())


def test_a_pause_ends_in_its_time_whatever_the_circuit_does():
    async def scenario():
        circuit = make()
        circuit.failed(SLOW_DOWN)
        pauses = [asyncio.create_task(circuit.pause(seconds)) for seconds in (5.0, 8.0)]
        await asyncio.sleep(1.0)
        circuit.succeeded()
        await pauses[0]
        first = now()
        pauses[1].cancel()
        await asyncio.wait(pauses)
        return first, pauses[1].cancelled()

    assert run(scenario()) == (5.0, True)


def test_a_trip_is_everybody_s_error_and_nothing_mends_it():
    async def scenario():
        told: list[Any] = []
        circuit = opened(on_end=told.append)
        error = InputError("acme/one: HTTP 401: no such key")
        waiting = [asyncio.create_task(circuit.admit()) for _ in range(3)]
        waiting.append(asyncio.create_task(circuit.pause(50.0)))
        await asyncio.sleep(0)
        circuit.trip(error)
        found = await asyncio.gather(*waiting, return_exceptions=True)
        circuit.succeeded()
        circuit.failed(DOWN)
        circuit.trip(InputError("another"))
        for wait in (circuit.admit(), circuit.pause(1.0)):
            with pytest.raises(InputError) as late:
                await wait
            found.append(late.value)
        return now(), told == [error], all(each is error for each in found), circuit.closed

    assert run(scenario()) == (0.0, True, True, False)


def test_an_error_that_is_raised_again_and_again_does_not_grow():
    async def scenario():
        circuit = make()
        circuit.trip(NoVerdictError("over"))
        depth = 0
        for _ in range(50):
            with pytest.raises(NoVerdictError) as error:
                await circuit.admit()
            depth = len(error.traceback)
        return depth

    assert run(scenario()) < 10


def test_no_timer_is_left_when_nobody_waits():
    def timers():
        loop: Any = asyncio.get_running_loop()
        return [timer for timer in loop._scheduled if not timer.cancelled()]

    async def scenario():
        circuit = opened()
        await asyncio.gather(*(ask(circuit, None) for _ in range(5)))
        assert timers() == []
        circuit.failed(SLOW_DOWN)
        await circuit.pause(1.0)
        assert timers() == []
        pausing = asyncio.create_task(circuit.pause(50.0))
        await asyncio.sleep(0)
        assert len(timers()) == 2  # its own, and the end of the patience
        circuit.trip(NoVerdictError("over"))
        await asyncio.wait([pausing])
        assert timers() == []
        return str(pausing.exception())

    assert run(scenario()) == "over"


steps = st.lists(
    st.tuples(
        st.floats(0, 60),  # when the call comes
        st.floats(0, 40),  # how long it takes
        st.sampled_from([None, DOWN, DOWN, DOWN, SLOW_DOWN, WRONG, asks_to_wait(20.0)]),
        st.none() | st.floats(0, 90),  # when it is cancelled
    ),
    min_size=1,
    max_size=40,
)


@given(steps, st.integers(0, 99))
def test_every_call_is_let_in_or_told_why_not(todo, seed):
    async def scenario():
        circuit = make(patience=50.0, seed=seed)
        probing = 0

        async def one(at, seconds, outcome):
            nonlocal probing
            await asyncio.sleep(at)
            await circuit.admit()
            is_probe = not circuit.closed
            probing += is_probe
            assert probing <= 1 or circuit.closed
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                circuit.left()
                raise
            finally:
                probing -= is_probe
            if outcome is None:
                circuit.succeeded()
            else:
                circuit.failed(outcome)

        tasks = []
        for at, seconds, outcome, cancelled_at in todo:
            tasks.append(asyncio.create_task(one(at, seconds, outcome)))
            if cancelled_at is not None:
                asyncio.get_running_loop().call_later(cancelled_at, tasks[-1].cancel)
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            assert done is None or isinstance(done, (NoVerdictError, asyncio.CancelledError))
            if isinstance(done, NoVerdictError):
                assert done is circuit.error
        # The last call came by 60 s, and nobody waits for longer than the patience.
        assert now() <= 60.0 + 40.0 + 50.0 + 40.0

    run(scenario())


def test_one_call_that_fails_again_and_again_is_no_outage():
    """Five calls that fail in a row are; what one of them meets may be its own fault."""

    async def scenario():
        circuit = make(patience=10.0, enough=5)
        blamed = []
        for number in (1, 1, 1, 1, 1, 1, 2, 3, 4):
            blamed.append(circuit.failed(DOWN, number))
            await asyncio.sleep(5)
        assert blamed == [False] * 9
        circuit.check()  # patience is long over, and the run goes on
        assert circuit.failed(DOWN, 5)
        with pytest.raises(NoVerdictError, match="no call has succeeded"):
            circuit.check()

    run(scenario())


def test_too_many_calls_for_the_fault_to_be_their_own_cost_no_attempts():
    async def scenario():
        circuit = make(enough=5)
        return [circuit.failed(DOWN, number) for number in (1, 2, 3, 4, 5, 5)]

    assert run(scenario()) == [False, False, False, False, True, True]


def test_a_model_that_is_down_says_since_when_and_until_when():
    async def scenario():
        circuit = make(patience=60.0)
        said = [circuit.waiting()]
        for caller in range(OPEN_AFTER):
            circuit.failed(Failure("overloaded", "HTTP 503: busy", 503), caller)
        await asyncio.sleep(10.0)
        said.append(circuit.waiting())
        circuit.succeeded()
        return [*said, circuit.waiting()]

    before, during, after = run(scenario())
    assert (before, after) == (None, None)
    assert (during.kind, during.why, during.seconds, during.left_seconds) == (
        "down",
        "HTTP 503",
        10.0,
        50.0,
    )


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (SLOW_DOWN, ("limited", "rate limited", 3.0)),
        (DOWN, ("down", "HTTP 500", inf)),
        (Failure("timeout", "no answer within 9 s"), ("down", "no answer in time", inf)),
    ],
)
def test_calls_that_pause_say_why(failure, told):
    async def scenario():
        circuit = make(enough=2)
        circuit.failed(failure)
        pauses = [asyncio.create_task(circuit.pause(seconds)) for seconds in (6.0, 4.0)]
        await asyncio.sleep(1.0)
        found = circuit.waiting()
        await asyncio.gather(*pauses)
        return found, circuit.waiting()

    during, after = run(scenario())
    assert (during.kind, during.why, during.left_seconds) == told
    assert after is None


def test_a_circuit_that_ended_waits_for_nothing():
    async def scenario():
        circuit = opened()
        circuit.trip(InputError("the key is not accepted"))
        return circuit.waiting()

    assert run(scenario()) is None
