"""Runs whose answers are supplied: nobody is asked, and what is supplied is looked at."""

from __future__ import annotations

import asyncio

import pytest

from promptops.engine.calling.limits import Limits
from promptops.engine.calling.terms import Terms
from promptops.engine.drawing import Drawing, check_keys
from promptops.engine.supplying import Unasked, checked_vector
from promptops.errors import InputError
from promptops.models.endpoints import endpoint
from promptops.values.request import request_key
from promptops.values.response import Failure, Response
from tests.unit.engine.test_drawing import ACCOUNT, EMBEDDING, REQUEST, Memory

ELSEWHERE = "http://127.0.0.1:9/v1"
PROVIDERS = (
    *("openai", "anthropic", "gemini", "mistral", "groq", "cohere", "xai", "deepseek"),
    *("fireworks_ai", "together_ai", "openrouter", "ollama", "hosted_vllm", "azure"),
)


class Lacking:
    """Supplies nothing, and counts what it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def prepare(self, models):
        pass

    async def respond(self, request, *, index, deadline_seconds):
        self.asked += 1
        return Failure("unavailable", "lacking", retryable=False)

    async def embed(self, model, text, *, deadline_seconds):
        self.asked += 1
        return Failure("unavailable", "lacking", retryable=False)

    def quota(self, model):
        return None

    def price_entry(self, digest):
        return None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_variable_redirects_a_provider(provider):
    model, stem = f"{provider}/x", provider.upper()
    names = (f"{stem}_API_BASE", f"{stem}_BASE_URL")
    redirected = 0
    for name in names:
        redirected += endpoint(model, {name: ELSEWHERE}) != endpoint(model, {})
        assert endpoint(model, Unasked({name: ELSEWHERE})) == endpoint(model, {})
    assert redirected


def test_what_else_the_environment_says_stays():
    environ = {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc", "PATH": "/bin"}
    assert Unasked(environ) == environ


def test_no_key_is_needed():
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        check_keys(["openai/x"], {})
    with pytest.raises(InputError, match="no embedded model"):
        check_keys(["embedded/unheard-of"], {})
    check_keys(["openai/x", "embedded/unheard-of"], Unasked({}))


@pytest.mark.parametrize(
    "content", ["[0.5, -1, 3]", "[1e6]", "[" + ", ".join(["0.1"] * 65_536) + "]"]
)
def test_a_vector(content):
    outcome = Response(content)
    assert checked_vector(outcome) is outcome


@pytest.mark.parametrize(
    "content",
    [
        *("", "no", "{}", "[]", "null", '["1"]', "[[1]]", "[1e7]", "[-1e300, 1e300]", "[NaN]"),
        *("[1e999]", "[true]", "[" * 100_000, "[" + ", ".join(["0.1"] * 65_537) + "]"),
    ],
)
def test_what_is_no_vector(content):
    found = checked_vector(Response(content))
    assert isinstance(found, Failure)
    assert (found.kind, found.retryable) == ("malformed", False)


def drawn(memory, work, *, environ):
    answers, heard = Lacking(), []

    async def run():
        drawing = Drawing(memory, lambda: answers, environ, Terms(limits=Limits(calls=1)))
        drawing.models = ["openai/x"]
        drawing.on_answer = lambda slot, request, account: heard.append((slot, account.purpose))
        return await work(drawing), drawing

    return (*asyncio.run(run()), answers, heard)


def test_what_is_lacking_is_no_call():
    """No key is looked for, no slot is claimed, and no limit of calls is met."""

    async def three(drawing):
        keys = [f"{number:064}" for number in range(3)]
        return [await drawing.draw(REQUEST, key, 0, ACCOUNT) for key in keys]

    memory = Memory()
    found, drawing, answers, heard = drawn(memory, three, environ=Unasked({}))
    assert [each.outcome.message for each in found] == ["lacking"] * 3
    assert (answers.asked, drawing.meter.made, memory.claimed) == (3, 0, set())
    assert heard == []


def test_a_supplied_embedding_is_looked_at():
    async def embed(drawing):
        return await drawing.embed("Oslo", EMBEDDING)

    memory = Memory()
    first, _, answers, _ = drawn(memory, embed, environ=Unasked({}))
    assert (first.outcome.message, answers.asked) == ("lacking", 1)
    (kept, _, _, heard) = drawn(_holding(Response("boom")), embed, environ=Unasked({}))
    assert kept.outcome.kind == "malformed"
    assert [purpose for _, purpose in heard] == ["embedding"]
    (kept, *_) = drawn(_holding(Response("[1.0]")), embed, environ=Unasked({}))
    assert kept.outcome == Response("[1.0]")


def _holding(response):
    """A store that has this answer to everything."""

    class Full(Memory):
        def find(self, draws):
            return dict.fromkeys(draws, response)

    return Full()


def test_kept_answers_are_heard_of():
    async def twice(drawing):
        key = request_key(REQUEST)
        await drawing.draw(REQUEST, key, 4, ACCOUNT)
        return await drawing.draw(REQUEST, key, 4, ACCOUNT)

    found, _, answers, heard = drawn(
        _holding(Response("yes")), twice, environ={"OPENAI_API_KEY": "x"}
    )
    assert (found.source, answers.asked) == ("cached", 0)
    assert heard == [((request_key(REQUEST), 4), "sample")] * 2
