"""One answer had, on a clock that stands still until somebody waits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from itertools import pairwise

import pytest

from promptops.engine.calling.calling import Answered, Call, Calling
from promptops.engine.calling.limits import Limits
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.terms import Terms
from promptops.engine.calling.worst_case import WorstCase
from promptops.errors import BudgetSpentError, ModelDownError, NoVerdictError
from promptops.values.quota import Quota
from promptops.values.response import Failure, Outcome, Response, Usage
from tests import virtual_time

BUSY = Failure("rate_limited", "slow down", status=429)
DOWN = Failure("connection", "refused")
SLOW = Failure("timeout", "no answer in time", billable=True)
WORST = WorstCase(tokens=100, usd=0.5)
HI = Response("hi", usage=Usage(3, 2), cost_usd=0.1)


async def answered_by(made: Calling, call: Call) -> Answered:
    found = Answered()
    await made.answer(call, found)
    return found


class Scripted:
    """Answers with what it is given, the last one again and again; a second each."""

    def __init__(self, *outcomes: Outcome, seconds: float = 1.0) -> None:
        self.outcomes = list(outcomes)
        self.seconds = seconds
        self.asked_at: list[float] = []
        self.at_once = self.most_at_once = 0
        self.lost: list[float | None] = []
        self.quota: Quota | None = None

    async def ask(self) -> Outcome:
        self.asked_at.append(virtual_time.now())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    def lose(self, usd: float | None) -> Awaitable[None]:
        self.lost.append(usd)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def call(self, model: str = "openai/x", worst: WorstCase = WORST) -> Call:
        return Call(model, "sample", worst, self.ask, self.lose, lambda: self.quota)


def calling(terms: Terms | None = None) -> Calling:
    terms = terms or Terms()
    return Calling(terms, Meter(terms.limits), chance=random.Random(7), clock=virtual_time.now)


def answer(model: Scripted, terms: Terms | None = None) -> tuple[Answered, Calling]:
    async def one() -> tuple[Answered, Calling]:
        made = calling(terms)
        return await answered_by(made, model.call()), made

    return virtual_time.run(one())


def answers(model: Scripted, count: int, terms: Terms | None = None):
    """Many at once; errors are values."""

    async def all_of_them():
        made = calling(terms)
        calls = (answered_by(made, model.call()) for _ in range(count))
        return await asyncio.gather(*calls, return_exceptions=True), made

    return virtual_time.run(all_of_them())


def test_an_answer_is_had_at_the_first_attempt():
    answered, made = answer(Scripted(HI))
    assert (answered.outcome, answered.retries, answered.interrupted) == (HI, 0, False)
    assert [(each.began, each.ended) for each in answered.attempts] == [(0, 1)]
    assert (made.meter.made, made.meter.retried, made.meter.incurred_usd) == (1, 0, 0.1)


def test_a_passing_failure_is_tried_again_and_counted():
    answered, made = answer(Scripted(BUSY, DOWN, HI))
    assert [each.outcome for each in answered.attempts] == [BUSY, DOWN, HI]
    assert answered.retries == 2
    assert (made.meter.made, made.meter.retried, made.meter.incurred_usd) == (3, 2, 0.1)


def test_the_provider_is_not_asked_again_before_it_says():
    model = Scripted(Failure("rate_limited", "later", retry_after_seconds=7.0), HI)
    answer(model)
    assert model.asked_at[1] >= 1 + 7


def test_who_is_told_to_wait_speaks_for_all_calls_to_that_model():
    async def two():
        made, model = (
            calling(),
            Scripted(Failure("rate_limited", "later", retry_after_seconds=20.0), HI),
        )
        first = asyncio.create_task(answered_by(made, model.call()))
        await asyncio.sleep(2)
        other = Scripted(HI)
        await answered_by(made, model.call())
        began = virtual_time.now()
        await answered_by(made, other.call("anthropic/y"))
        await first
        return model, other, began

    model, other, began = virtual_time.run(two())
    assert model.asked_at[1] >= 21
    assert other.asked_at == [began]


def test_a_failure_that_stays_is_a_value_after_five_attempts():
    lasting = Failure("unavailable", "no", status=500)

    async def between():
        made, bad, good = calling(), Scripted(lasting), Scripted(HI, seconds=0.1)
        failing = asyncio.create_task(answered_by(made, bad.call()))
        while not failing.done():  # others succeed meanwhile: the provider is there
            await answered_by(made, good.call())
        return await failing, bad

    answered, bad = virtual_time.run(between())
    assert answered.outcome == lasting
    assert (len(bad.asked_at), answered.retries) == (5, 4)


def test_a_rejection_is_not_tried_again():
    rejected = Failure("rejected", "no", status=400, retryable=False)
    answered, made = answer(Scripted(rejected))
    assert (answered.outcome, made.meter.made) == (rejected, 1)


def test_what_is_hopeless_for_all_calls_ends_them_all():
    model = Scripted(Failure("authentication", "wrong key", retryable=False, fatal=True))
    ended, made = answers(model, 50)
    assert {type(each) for each in ended} == {ModelDownError}
    assert {str(each).split("\n")[0] for each in ended} == {"openai/x: wrong key"}
    assert made.meter.made <= 4  # those that were under way when the first came home


def test_a_model_that_is_down_is_left_alone_and_asked_when_it_is_back():
    failures = [DOWN] * 12
    model = Scripted(*failures, HI, seconds=0.01)
    ended, made = answers(model, 20)
    assert [each.outcome for each in ended if each.outcome != HI] in ([], [DOWN])
    assert made.meter.made <= 12 + 20
    probes = model.asked_at[8:12]
    assert all(later - earlier > 0.02 for earlier, later in pairwise(probes))


@pytest.mark.parametrize("poisoned", [2, 5, 12])
def test_calls_that_fail_by_themselves_do_not_bring_the_model_down(poisoned):
    lasting = Failure("malformed", "no JSON")

    async def mixed():
        made, bad, good = calling(), Scripted(lasting, seconds=0.1), Scripted(HI, seconds=0.1)
        calls = [(bad if number < poisoned else good).call() for number in range(40)]
        ended = await asyncio.gather(*(answered_by(made, call) for call in calls))
        return [each.outcome for each in ended], virtual_time.now()

    outcomes, ended = virtual_time.run(mixed())
    assert outcomes.count(HI) == 40 - poisoned
    assert outcomes.count(lasting) == poisoned
    assert ended < 60


def test_patience_ends_and_what_it_cost_to_wait_is_little():
    model = Scripted(DOWN, seconds=0.01)
    terms = Terms(patience_seconds=60.0)
    ended, made = answers(model, 100, terms)
    stopped = [each for each in ended if isinstance(each, NoVerdictError)]
    assert len(stopped) >= 95
    assert "no call has succeeded for 60 s" in str(stopped[0])
    assert made.meter.made < 40
    assert max(model.asked_at) <= 60.1


def test_no_more_at_once_than_was_allowed_over_all_models():
    async def many():
        made, model = calling(Terms(concurrency=6)), Scripted(HI)
        calls = [answered_by(made, model.call(f"openai/{number % 3}")) for number in range(90)]
        await asyncio.gather(*calls)
        return model

    assert virtual_time.run(many()).most_at_once == 6


def test_concurrency_starts_modestly_and_grows_while_answers_are_clean():
    model = Scripted(HI)
    answers(model, 200, Terms(concurrency=64))
    first = sum(at < 1 for at in model.asked_at)
    assert first == 4
    assert model.most_at_once == 64


def test_it_backs_off_where_the_provider_cannot_keep_up():
    class Crowded(Scripted):
        async def ask(self):
            crowd = self.at_once + 1
            await super().ask()
            return BUSY if crowd > 10 else HI

    model = Crowded(HI)
    ended, made = answers(model, 1000, Terms(concurrency=64))
    assert all(each.outcome == HI for each in ended)
    assert made.meter.retried < 200
    assert model.most_at_once < 40


def test_requests_a_minute_are_kept():
    model = Scripted(HI, seconds=0.1)
    answers(model, 150, Terms(requests_per_minute=60))
    for start in model.asked_at:
        assert sum(start <= at < start + 60 for at in model.asked_at) <= 60
    assert 85 < max(model.asked_at) < 160


def test_tokens_a_minute_are_kept_by_what_was_used():
    model = Scripted(HI, seconds=0.1)  # 5 tokens each, and 100 in the worst case
    answers(model, 300, Terms(tokens_per_minute=600))
    for start in model.asked_at:
        assert sum(start <= at < start + 60 for at in model.asked_at) * 5 <= 600
    assert max(model.asked_at) < 300


def test_what_the_headers_say_slows_everybody():
    model = Scripted(HI, seconds=0.1)
    model.quota = Quota(requests_limit=60)
    answers(model, 100)
    assert max(model.asked_at) > 80


def test_a_call_that_may_be_billed_is_written_down_at_its_worst():
    model = Scripted(SLOW, HI)
    _, made = answer(model)
    assert model.lost == [0.5]
    assert made.meter.at_risk_usd == 0.5
    assert made.meter.incurred_usd == 0.1


def test_the_budget_is_not_passed_however_many_ask_at_once():
    model = Scripted(HI)
    ended, made = answers(model, 50, Terms(limits=Limits(usd=1.0)))
    had = [each for each in ended if isinstance(each, Answered)]
    assert len(had) == 6  # the seventh could have cost 0.5 beside the 0.6 that is spent
    assert all(isinstance(each, BudgetSpentError) for each in ended if each not in had)
    assert made.meter.incurred_usd == pytest.approx(0.6)


class Away(Scripted):
    """Refuses every connection for a while."""

    def __init__(self, seconds: float, since: float = 0.0) -> None:
        super().__init__(HI, seconds=0.1)
        self.away = (since, since + seconds)

    async def ask(self) -> Outcome:
        gone = self.away[0] <= virtual_time.now() < self.away[1]
        await super().ask()
        return DOWN if gone else HI


@pytest.mark.parametrize("seed", range(8))
def test_a_budget_with_little_room_and_an_outage_do_not_lock_each_other(seed):
    model = Away(18)

    async def many():
        terms = Terms(concurrency=16, limits=Limits(usd=1.6))  # three worst cases at once
        made = Calling(
            terms, Meter(terms.limits), chance=random.Random(seed), clock=virtual_time.now
        )
        cheap = WorstCase(100, 0.5)
        calls = (answered_by(made, model.call(worst=cheap)) for _ in range(10))
        ended = await asyncio.gather(*calls, return_exceptions=True)
        return ended, virtual_time.now()

    ended, at = virtual_time.run(many())
    assert all(isinstance(each, (Answered, BudgetSpentError)) for each in ended)
    assert sum(isinstance(each, Answered) and each.outcome == HI for each in ended) >= 8
    assert at < 120


def test_one_call_that_hangs_is_lost_and_stops_nobody():
    hanging = Failure("timeout", "no answer in time", billable=True)

    async def many():
        made, bad, good = calling(), Scripted(hanging, seconds=120), Scripted(HI)
        calls = [answered_by(made, (bad if at == 7 else good).call()) for at in range(100)]
        return [each.outcome for each in await asyncio.gather(*calls)], bad

    outcomes, bad = virtual_time.run(many())
    assert (outcomes.count(HI), outcomes.count(hanging), len(bad.asked_at)) == (99, 1, 5)


@pytest.mark.parametrize(("concurrency", "lost"), [(1, 5), (4, 5), (16, 0)])
def test_an_outage_that_patience_outlasts_loses_next_to_nothing(concurrency, lost):
    model = Away(1500, since=10)

    async def many():
        made = calling(Terms(concurrency=concurrency, patience_seconds=3600))
        todo, outcomes = iter(range(1000)), []

        async def worker():
            for _ in todo:
                answered = await answered_by(made, model.call())
                outcomes.append(answered.outcome)

        await asyncio.gather(*(worker() for _ in range(concurrency)))
        return outcomes

    outcomes = virtual_time.run(many())
    assert len(outcomes) == 1000
    assert outcomes.count(DOWN) <= lost


def test_requests_a_minute_are_kept_after_an_outage_too():
    model = Away(100, since=20)
    terms = Terms(concurrency=64, requests_per_minute=20, patience_seconds=600)
    ended, _ = answers(model, 150, terms)
    assert all(isinstance(each, Answered) for each in ended)
    for start in model.asked_at:
        assert sum(start <= at < start + 60 for at in model.asked_at) <= 20


def test_who_waits_for_the_limits_a_minute_hears_that_it_is_hopeless():
    model = Scripted(Failure("authentication", "wrong key", retryable=False, fatal=True))
    ended, _ = answers(model, 20, Terms(requests_per_minute=1))
    assert {type(each) for each in ended} == {ModelDownError}
    assert len(model.asked_at) == 1


class TestInterrupted:
    def test_what_is_under_way_comes_home_and_nothing_else_is_begun(self):
        async def cancelled_once():
            made, model = calling(), Scripted(HI, seconds=5)
            told: list[int] = []
            made.on_interrupt = told.append
            task = asyncio.create_task(answered_by(made, model.call()))
            await asyncio.sleep(1)
            task.cancel()
            return await task, told, virtual_time.now(), made

        answered, told, ended, made = virtual_time.run(cancelled_once())
        assert (answered.outcome, answered.interrupted) == (HI, True)
        assert (told, ended) == ([1], 5)
        assert made.meter.incurred_usd == 0.1

    def test_a_failure_is_not_tried_again(self):
        async def cancelled_once():
            made, model = calling(), Scripted(DOWN, HI, seconds=5)
            task = asyncio.create_task(answered_by(made, model.call()))
            await asyncio.sleep(1)
            task.cancel()
            return await task, model

        answered, model = virtual_time.run(cancelled_once())
        assert answered.interrupted
        assert len(model.asked_at) == 1

    def test_a_second_time_it_is_left_and_counted_as_lost(self):
        async def cancelled_twice():
            made, model = calling(), Scripted(HI, seconds=100)
            task = asyncio.create_task(answered_by(made, model.call()))
            for _ in range(2):
                await asyncio.sleep(1)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return made, model, virtual_time.now()

        made, model, ended = virtual_time.run(cancelled_twice())
        assert (model.at_once, ended) == (0, 2)
        assert (made.meter.at_risk_usd, made.under_way) == (0.5, 0)
        assert model.lost == [0.5]

    def test_all_that_is_under_way_can_be_left_at_once(self):
        async def left():
            made, model = calling(), Scripted(HI, seconds=100)
            tasks = [asyncio.create_task(made.answer(model.call(), Answered())) for _ in range(3)]
            await asyncio.sleep(1)
            for task in tasks:
                task.cancel()
            await asyncio.sleep(1)
            made.leave()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            return made, model, ended, virtual_time.now()

        made, model, ended, at = virtual_time.run(left())
        assert {type(each) for each in ended} == {asyncio.CancelledError}
        assert (at, made.under_way, model.lost) == (2, 0, [0.5] * 3)
        assert made.meter.at_risk_usd == 1.5

    def test_who_only_waits_goes_at_once(self):
        async def cancelled():
            made, model = calling(Terms(concurrency=1)), Scripted(HI, seconds=50)
            first = asyncio.create_task(answered_by(made, model.call()))
            second = asyncio.create_task(answered_by(made, model.call()))
            await asyncio.sleep(1)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            at = virtual_time.now()
            await first
            return at, made

        at, made = virtual_time.run(cancelled())
        assert at == 1
        assert (made.meter.made, made.meter.in_flight) == (1, 0)
