"""The embedded model: real weights, through the real gateway."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from promptops.errors import InputError
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Outcome, Response

pytestmark = pytest.mark.model

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "sure": {"enum": ["yes", "no"]}},
    "required": ["city", "sure"],
    "additionalProperties": False,
}


def ask(text: str, **fields: Any) -> Request:
    fields.setdefault("params", {"max_tokens": 10})
    return Request("embedded/smollm2-135m", (Message("user", text),), **fields)


@asynccontextmanager
async def opened() -> AsyncIterator[Model]:
    model = open_model()
    try:
        yield model
    finally:
        await model.close()


async def responses(*requests: tuple[Request, int], **fields: Any) -> list[Outcome]:
    async with opened() as model:
        return list(
            await asyncio.gather(
                *(model.respond(request, index=index, **fields) for request, index in requests)
            )
        )


def one(request: Request, **fields: Any) -> Outcome:
    return asyncio.run(responses((request, 0), **fields))[0]


def test_it_answers_and_costs_exactly_nothing():
    answer = one(ask("Say hello."))
    assert isinstance(answer, Response)
    assert answer.content
    assert answer.finish_reason in {"stop", "length"}
    assert answer.usage is not None
    assert answer.usage.output_tokens <= 10
    assert answer.usage.input_tokens > 20  # the template has words of its own
    assert answer.cost_usd == 0.0
    assert answer.response_model == "embedded/smollm2-135m"
    assert answer.flags == ()


def test_the_limit_of_tokens_is_told():
    answer = one(ask("Count from one to one hundred.", params={"max_tokens": 3}))
    assert isinstance(answer, Response)
    assert answer.finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.output_tokens == 3


def test_draws_differ_by_index_and_repeat_exactly_in_any_order_at_any_concurrency():
    request = ask("Tell me a story.", params={"max_tokens": 12, "temperature": 1.2})
    plan = [(request, index) for index in range(6)]
    together = asyncio.run(responses(*plan))
    backwards = list(reversed([one(request_) for request_, _ in plan[:1]])) + list(
        reversed(asyncio.run(responses(*reversed(plan))))
    )
    texts = [each.content for each in together if isinstance(each, Response)]
    assert len(texts) == 6
    assert len(set(texts)) >= 5
    assert [each.content for each in backwards if isinstance(each, Response)] == [texts[0], *texts]


def test_a_seed_of_the_request_rules():
    request = ask("Tell me a story.", params={"max_tokens": 12, "temperature": 1.2, "seed": 3})
    first, second = asyncio.run(responses((request, 0), (request, 1)))
    assert isinstance(first, Response)
    assert isinstance(second, Response)
    assert first.content == second.content


def test_it_obeys_a_schema():
    request = ask("I love Lisbon. Which city?", params={"max_tokens": 40}, output_schema=SCHEMA)
    answer = one(request)
    assert isinstance(answer, Response)
    value = json.loads(answer.content)
    assert set(value) == {"city", "sure"}
    assert value["sure"] in {"yes", "no"}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ask("long " * 6000), "context"),
        (ask("x", output_schema={"type": "objekt"}), "objekt"),
        (ask("x", params={"temperature": "hot"}), "temperature"),
    ],
    ids=["too long", "no grammar", "not a number"],
)
def test_what_it_cannot_do_is_rejected_and_not_retried(request_: Request, words: str):
    outcome = one(request_)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.retryable, outcome.fatal) == ("rejected", False, False)
    assert words in outcome.message


def test_the_deadline_stops_the_work_itself():
    async def use() -> tuple[Outcome, float]:
        async with opened() as model:
            await model.prepare(["embedded/smollm2-135m"])
            endless = ask("Tell me everything.", params={"max_tokens": 3500})
            outcome = await model.respond(endless, deadline_seconds=0.5)
            began = time.monotonic()
            await model.respond(ask("Say hi.", params={"max_tokens": 1}))
            return outcome, time.monotonic() - began

    outcome, then = asyncio.run(use())
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.retryable) == ("timeout", True)
    assert then < 5  # 3,500 tokens would take half a minute


def test_waiting_for_a_turn_does_not_count_against_the_deadline():
    request = ask("Say hello.", params={"max_tokens": 20})

    async def use() -> list[Outcome]:
        async with opened() as model:
            await model.prepare([request.model])
            alone = await model.respond(request)
            assert isinstance(alone, Response)
            deadline = max(1.5, 6 * alone.latency_seconds)
            calls = math.ceil(2 * (os.cpu_count() or 1) * deadline / alone.latency_seconds)
            asked = [model.respond(request, deadline_seconds=deadline) for _ in range(calls)]
            return list(await asyncio.gather(*asked))

    assert all(isinstance(each, Response) for each in asyncio.run(use()))


def test_a_lone_surrogate_in_a_prompt_does_not_crash():
    assert isinstance(one(ask("a\ud800b\x00c")), (Response, Failure))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": "embedded/smollm2"}, "embedded/smollm2-135m"),
        ({"params": {"logprobs": True}}, "'logprobs'"),
        ({"tools": ({"type": "function", "function": {"name": "f"}},)}, "no tools"),
    ],
)
def test_what_it_has_not_got_is_an_error_of_the_input(fields: dict[str, Any], words: str):
    request = Request(**{"model": ask("").model, "messages": ask("x").messages, **fields})
    with pytest.raises(InputError, match=words):
        one(request)


def test_tokens_are_counted_exactly():
    async def use() -> tuple[int, Outcome]:
        async with opened() as model:
            count = model.count_tokens(ask("How many tokens is this?"))
            return count, await model.respond(ask("How many tokens is this?"))

    count, answer = asyncio.run(use())
    assert isinstance(answer, Response)
    assert answer.usage is not None
    assert count == answer.usage.input_tokens


SILENT = """
import asyncio, threading
from promptops.models.opening import open_model
from promptops.values.request import Message, Request

async def main():
    model = open_model()
    request = Request("embedded/smollm2-135m", (Message("user", "hi"),), {"max_tokens": 3})
    outcome = await model.respond(request)
    await model.close()
    assert outcome.usage.output_tokens <= 3
    alive = [t.name for t in threading.enumerate() if t.name.startswith("embedded")]
    assert not alive, alive

asyncio.run(main())
"""


def test_it_prints_nothing_and_leaves_no_thread():
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", SILENT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    ours = [line for line in done.stderr.splitlines() if "litellm" not in line.lower()]
    assert not [line for line in ours if "Warning" in line or "llama" in line], done.stderr
