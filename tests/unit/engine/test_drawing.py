"""The seams of drawing: who answers and where responses are kept are plain classes here."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from promptops.engine.calling.limits import Limits
from promptops.engine.calling.terms import Terms
from promptops.engine.drawing import Drawing, check_keys
from promptops.errors import InputError, NoVerdictError
from promptops.values.account import Account
from promptops.values.observing import Unobserved
from promptops.values.price import StatedPrice
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Response, Usage

REQUEST = Request("openai/x", (Message("user", "hello"),), {"max_tokens": 100})
ACCOUNT = Account("run", "suite", "sample", "say", 1, "abc", "openai/x")
EMBEDDING = msgspec.structs.replace(ACCOUNT, purpose="embedding")
PRICES = {"openai/x": StatedPrice(input=0, output=1000)}  # 0.1 dollars for 100 tokens out
ENTRY = {"input_cost_per_token": 0.0}


class Memory:
    """Keeps responses, and remembers the order of what happened."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Response] = {}
        self.accounts: list[Account] = []
        self.lost: list[float | None] = []
        self.prices: list[tuple[str, str]] = []
        self.claimed: set[tuple[str, int]] = set()
        self.elsewhere: set[tuple[str, int]] = set()
        """Claimed by another process."""

    def find(self, draws):
        return {draw: self.rows[draw] for draw in draws if draw in self.rows}

    def drawn_by(self, key, sample):
        return self.accounts[0].run if (key, sample) in self.rows else None

    async def keep(self, key, sample, response, account):
        assert (key, sample) in self.claimed
        await asyncio.sleep(0)
        self.rows[key, sample] = response
        self.accounts.append(account)

    def lose(self, key, sample, account, at_risk_usd):
        assert account == ACCOUNT
        self.lost.append(at_risk_usd)
        return asyncio.sleep(0)

    def keep_price(self, digest, model, entry):
        assert entry == ENTRY
        self.prices.append((digest, model))

    def take(self, key, sample):
        if (key, sample) in self.elsewhere:
            return False
        self.claimed.add((key, sample))
        return True

    def release(self, key, sample):
        self.claimed.discard((key, sample))


class Scripted:
    """Answers with what it is given, one outcome a call."""

    def __init__(self, *outcomes, seconds=0.0):
        self.outcomes = list(outcomes)
        self.seconds = seconds
        self.asked = 0

    async def respond(self, request, *, index, deadline_seconds):
        assert request == REQUEST
        assert deadline_seconds == 7
        self.asked += 1
        await asyncio.sleep(self.seconds)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def prepare(self, models):
        raise AssertionError(f"nobody asks for {models} here")

    async def embed(self, _model, text, *, deadline_seconds):
        assert deadline_seconds == 7
        self.asked += 1
        return Response(f"[{len(text)}, 0.5]", cost_usd=0.25)

    def quota(self, _model):
        return None

    def price_entry(self, digest):
        return ENTRY if digest == "list" else None

    async def close(self):
        raise AssertionError("whoever opened it closes it")


class Listening:
    def __init__(self):
        self.called = []

    def run(self, _run, _suite):
        raise AssertionError("drawing begins no run")

    def report(self, _report):
        raise AssertionError("drawing reports nothing")

    def close(self):
        raise AssertionError("whoever opened it closes it")

    def call(self, called):
        self.called.append(called)


def drawing(answers, kept=None, limits=None, observer=None):
    terms = Terms(timeout_seconds=7, limits=limits or Limits(), prices=PRICES)
    return Drawing(kept or Memory(), lambda: answers, {}, terms, observer or Unobserved())


def draw(answers, *, kept=None, times=1, limits=None, observer=None):
    async def all_of_them():
        one = drawing(answers, kept, limits, observer)
        key = one.key(REQUEST)
        drawn = await asyncio.gather(*(one.draw(REQUEST, key, 0, ACCOUNT) for _ in range(times)))
        return one, drawn

    return asyncio.run(all_of_them())


def test_a_draw_that_several_ask_for_at_once_is_made_once():
    answers, kept = Scripted(Response("hi", cost_usd=0.5), seconds=0.02), Memory()
    one, drawn = draw(answers, kept=kept, times=5)
    assert answers.asked == 1
    assert [each.source for each in drawn] == ["made"] + ["cached"] * 4
    assert {each.outcome.content for each in drawn} == {"hi"}
    assert one.meter.incurred_usd == 0.5
    assert kept.accounts == [ACCOUNT]
    assert kept.claimed == set()


def test_what_is_kept_opens_no_model():
    kept = Memory()
    draw(Scripted(Response("hi")), kept=kept)

    def nobody():
        raise AssertionError("no model is needed")

    async def again():
        one = Drawing(kept, nobody, {})
        return await one.draw(REQUEST, one.key(REQUEST), 0, ACCOUNT)

    drawn = asyncio.run(again())
    assert (drawn.source, drawn.outcome) == ("cached", Response("hi"))


def test_what_this_run_drew_before_it_was_broken_off_was_made_by_it():
    kept, answers = Memory(), Scripted(Response("hi"))
    draw(answers, kept=kept)

    async def resumed(run):
        one = drawing(answers, kept)
        one.resumed = run
        return await one.draw(REQUEST, one.key(REQUEST), 0, ACCOUNT)

    assert asyncio.run(resumed("run")).source == "made"
    assert asyncio.run(resumed("another")).source == "cached"
    assert answers.asked == 1


def test_what_another_process_draws_is_waited_for_and_not_paid_twice():
    kept, answers = Memory(), Scripted(Response("never"))

    async def meanwhile():
        one = drawing(answers, kept)
        slot = (one.key(REQUEST), 0)
        kept.elsewhere.add(slot)
        waiting = asyncio.create_task(one.draw(REQUEST, *slot, ACCOUNT))
        await asyncio.sleep(0.25)
        assert not waiting.done()
        kept.rows[slot] = Response("theirs")
        return await waiting

    drawn = asyncio.run(meanwhile())
    assert (drawn.source, drawn.outcome.content, answers.asked) == ("cached", "theirs", 0)


def test_what_another_process_left_undone_is_drawn_here():
    kept, answers = Memory(), Scripted(Response("ours"))

    async def meanwhile():
        one = drawing(answers, kept)
        slot = (one.key(REQUEST), 0)
        kept.elsewhere.add(slot)
        waiting = asyncio.create_task(one.draw(REQUEST, *slot, ACCOUNT))
        await asyncio.sleep(0.15)
        kept.elsewhere.clear()  # it was killed
        return await waiting

    drawn = asyncio.run(meanwhile())
    assert (drawn.source, drawn.outcome.content, answers.asked) == ("made", "ours", 1)


def test_a_failure_that_stays_is_a_value_and_is_not_kept():
    kept = Memory()
    rejected = Failure("rejected", "no", status=400, retryable=False)
    _, (drawn,) = draw(Scripted(rejected), kept=kept)
    assert drawn.outcome == rejected
    assert (kept.rows, kept.claimed) == ({}, set())


def test_a_call_that_may_be_billed_is_in_the_ledger():
    kept = Memory()
    lost = Failure("malformed", "no JSON", billable=True, retryable=False)
    one, _ = draw(Scripted(lost), kept=kept)
    assert kept.lost == [pytest.approx(0.1)]
    assert one.meter.at_risk_usd == pytest.approx(0.1)


def test_what_a_response_was_priced_by_is_kept_once():
    kept = Memory()
    priced = Response("hi", cost_usd=0.1, price="list")

    async def three():
        one = drawing(Scripted(priced), kept)
        for index in range(3):
            await one.draw(REQUEST, one.key(REQUEST), index, ACCOUNT)

    asyncio.run(three())
    assert kept.prices == [("list", "openai/x")]


def test_the_budget_counts_a_call_at_the_most_it_may_cost():
    answers = Scripted(Response("hi", usage=Usage(1, 40), cost_usd=0.04))

    async def many():
        one = drawing(answers, limits=Limits(usd=0.2))
        for index in range(9):
            await one.draw(REQUEST, one.key(REQUEST), index, ACCOUNT)

    with pytest.raises(NoVerdictError, match=r"budget of \$0.20 could be passed"):
        asyncio.run(many())
    assert answers.asked == 3  # 0.12 is spent, and a fourth may cost 0.1


def test_a_vector_is_kept_and_paid_for_like_any_response():
    answers = Scripted(Response(""))

    async def vectors():
        one = drawing(answers)
        account = EMBEDDING
        drawn = await asyncio.gather(*(one.embed(text, account) for text in ("a", "bbb", "a")))
        return one, drawn, await one.embed("bbb", account)

    one, drawn, again = asyncio.run(vectors())
    assert [each.outcome.content for each in drawn] == ["[1, 0.5]", "[3, 0.5]", "[1, 0.5]"]
    assert again.source == "cached"
    assert answers.asked == 2
    assert (one.meter.incurred_usd, one.meter.unpriced) == (0.5, 0)


def test_an_interrupted_draw_is_kept_before_it_ends():
    kept, answers = Memory(), Scripted(Response("hi", cost_usd=0.1), seconds=0.2)

    async def interrupted():
        one = drawing(answers, kept)
        task = asyncio.create_task(one.draw(REQUEST, one.key(REQUEST), 0, ACCOUNT))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    assert [each.content for each in kept.rows.values()] == ["hi"]
    assert kept.claimed == set()


def test_an_observer_is_told_of_calls_and_not_of_what_was_kept():
    kept, listening = Memory(), Listening()
    draw(Scripted(Response("hi")), kept=kept, observer=listening)
    draw(Scripted(Response("hi")), kept=kept, observer=listening)
    (called,) = listening.called
    assert (called.account, called.request) == (ACCOUNT, REQUEST)
    assert [each.outcome for each in called.attempts] == [Response("hi")]


def test_the_hint_at_a_missing_key_names_the_command_that_takes_the_option():
    """`promptops gate` meets it too, and has no --model."""
    with pytest.raises(InputError, match="openai/x needs OPENAI_API_KEY") as caught:
        check_keys(["openai/x"], {})
    assert "promptops eval --model embedded/" in str(caught.value)
