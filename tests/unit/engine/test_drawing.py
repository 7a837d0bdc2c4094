"""The seams of drawing: who answers and where responses are kept are plain classes here."""

from __future__ import annotations

import asyncio

import pytest

from promptops.engine import drawing
from promptops.engine.drawing import Drawing
from promptops.engine.spending import Limits
from promptops.errors import NoVerdictError
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Response

REQUEST = Request("openai/x", (Message("user", "hello"),))


class Memory:
    """Keeps responses, and remembers the order of what happened."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Response] = {}

    def find(self, draws):
        return {draw: self.rows[draw] for draw in draws if draw in self.rows}

    async def keep(self, key, sample, model, response):
        assert model == REQUEST.model
        self.rows[key, sample] = response


class Scripted:
    """Answers with what it is given, one outcome a call."""

    def __init__(self, *outcomes, seconds=0.0):
        self.outcomes = list(outcomes)
        self.seconds = seconds
        self.asked = 0

    async def respond(self, request, *, index, deadline_seconds):
        assert request == REQUEST
        assert deadline_seconds > 0
        self.asked += 1
        await asyncio.sleep(self.seconds)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def prepare(self, models):
        raise AssertionError(f"nobody asks for {models} here")

    async def embed(self, _model, text, *, deadline_seconds):
        assert deadline_seconds > 0
        self.asked += 1
        return Response(f"[{len(text)}, 0.5]", cost_usd=0.25)

    async def close(self):
        raise AssertionError("whoever opened it closes it")


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(drawing, "FIRST_PAUSE_SECONDS", 0.0)


def draw(answers, *, kept=None, times=1, limits=None):
    one = Drawing(kept or Memory(), lambda: answers, {}, limits)

    async def all_of_them():
        key = one.key(REQUEST)
        return await asyncio.gather(*(one.draw(REQUEST, key, 0) for _ in range(times)))

    return one, asyncio.run(all_of_them())


def test_a_draw_that_several_ask_for_at_once_is_made_once():
    answers = Scripted(Response("hi", cost_usd=0.5), seconds=0.02)
    one, drawn = draw(answers, times=5)
    assert answers.asked == 1
    assert [each.source for each in drawn] == ["made"] + ["cached"] * 4
    assert {each.outcome.content for each in drawn} == {"hi"}
    assert one.meter.incurred_usd == 0.5


def test_what_is_kept_opens_no_model():
    kept = Memory()
    draw(Scripted(Response("hi")), kept=kept)

    def nobody():
        raise AssertionError("no model is needed")

    again = Drawing(kept, nobody, {})
    drawn = asyncio.run(again.draw(REQUEST, again.key(REQUEST), 0))
    assert (drawn.source, drawn.outcome) == ("cached", Response("hi"))


def test_a_passing_failure_is_tried_again_and_counted():
    busy = Failure("rate_limited", "slow down", retry_after_seconds=0.0)
    one, (drawn,) = draw(Scripted(busy, busy, Response("hi")))
    assert (drawn.outcome, drawn.retries) == (Response("hi"), 2)
    assert (one.meter.made, one.meter.retried) == (3, 2)


def test_a_failure_that_stays_is_a_value_after_five_attempts_and_is_not_kept():
    kept, answers = Memory(), Scripted(Failure("unavailable", "down", status=500))
    _, (drawn,) = draw(answers, kept=kept)
    assert isinstance(drawn.outcome, Failure)
    assert (answers.asked, drawn.retries) == (5, 4)
    assert kept.rows == {}


def test_a_rejection_is_not_tried_again():
    answers = Scripted(Failure("rejected", "no", status=400, retryable=False))
    draw(answers)
    assert answers.asked == 1


def test_what_is_hopeless_for_all_calls_stops_the_run():
    with pytest.raises(NoVerdictError, match="openai/x: wrong key"):
        draw(Scripted(Failure("authentication", "wrong key", retryable=False, fatal=True)))


def test_the_budget_counts_the_call_in_flight_at_the_dearest_seen():
    async def three():
        answers = Scripted(Response("hi", cost_usd=0.4))
        one = Drawing(Memory(), lambda: answers, {}, Limits(usd=1.0))
        for index in range(3):
            await one.draw(REQUEST, one.key(REQUEST), index)

    with pytest.raises(NoVerdictError, match=r"budget of \$1 is spent"):
        asyncio.run(three())


def test_a_budget_in_dollars_cannot_be_kept_where_a_price_is_unknown():
    async def two():
        answers = Scripted(Response("hi", cost_usd=None))
        one = Drawing(Memory(), lambda: answers, {}, Limits(usd=1.0))
        for index in range(2):
            await one.draw(REQUEST, one.key(REQUEST), index)

    with pytest.raises(NoVerdictError, match="the price of a call is unknown"):
        asyncio.run(two())


def test_a_vector_is_kept_and_paid_for_like_any_response():
    answers = Scripted(Response(""))
    one = Drawing(Memory(), lambda: answers, {}, Limits(usd=1.0))

    async def vectors(*texts):
        return await asyncio.gather(*(one.embed("openai/x", text) for text in texts))

    drawn = asyncio.run(vectors("a", "bbb", "a"))
    assert [each.outcome.content for each in drawn] == ["[1, 0.5]", "[3, 0.5]", "[1, 0.5]"]
    assert [each.source for each in asyncio.run(vectors("bbb"))] == ["cached"]
    assert answers.asked == 2
    assert (one.meter.incurred_usd, one.meter.unpriced) == (0.5, 0)


def test_a_model_that_is_down_is_asked_no_more():
    answers = Scripted(Failure("connection", "refused"))
    one = Drawing(Memory(), lambda: answers, {})

    async def many():
        for index in range(drawing.DOWN_AFTER + 1):
            await one.draw(REQUEST, one.key(REQUEST), index)

    with pytest.raises(NoVerdictError, match="10 calls in a row failed"):
        asyncio.run(many())
    assert answers.asked == drawing.DOWN_AFTER * drawing.ATTEMPTS


def test_one_answer_in_between_shows_that_it_is_up():
    down = [Failure("connection", "refused")] * drawing.ATTEMPTS
    answers = Scripted(*(down * 9), Response("up"), *(down * 9), Response("up"))
    one = Drawing(Memory(), lambda: answers, {})

    async def many():
        for index in range(20):
            await one.draw(REQUEST, one.key(REQUEST), index)

    asyncio.run(many())
    assert answers.outcomes == [Response("up")]


@pytest.mark.parametrize("attempt", [1, 2, 3, 30])
def test_pauses_grow_have_jitter_and_are_capped(attempt, monkeypatch):
    monkeypatch.setattr(drawing, "FIRST_PAUSE_SECONDS", 0.5)
    pauses = {drawing._pause(attempt, None) for _ in range(50)}
    assert len(pauses) > 10
    assert 0 <= min(pauses) <= max(pauses) <= min(60, 0.5 * 2**attempt)
    assert drawing._pause(attempt, 7.0) >= 7.0
    assert drawing._pause(attempt, 86_400.0) == 60.0
