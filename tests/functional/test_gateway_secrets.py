"""No secret leaves the gateway: not in what it answers, and not in what is printed or logged."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import pytest

from promptops.models.model import Model
from promptops.values.request import Message, Request, canonical_json
from promptops.values.response import Failure, Outcome, Response
from tests.functional.gateways import run
from tests.loopback import KEY, Asked, Loopback, Reply, completion, error

SECRET = "marzipan/lighthouse+42"
COATS = {
    "plain": SECRET,
    "base64": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "urlsafe base64": base64.urlsafe_b64encode(f"u:{SECRET}".encode()).decode(),
    "url": quote(SECRET, safe=""),
    "json": SECRET.replace("/", "\\/"),
}


def asked(script: Any, model: str = "openai/gpt-4o-mini") -> Outcome:
    async def use(gateway: Model, server: Loopback) -> Outcome:
        return await gateway.respond(Request(model, (Message("user", "x"),)))

    def environ(server: Loopback) -> dict[str, str]:
        return server.environ | {"OUR_VAULT_TOKEN": SECRET}

    found: Outcome = run(script, use, environ=environ)
    return found


@pytest.mark.parametrize("coat", COATS)
def test_an_answer_that_repeats_a_secret(coat: str):
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": COATS[coat]}}
    body = completion(
        f"it is {COATS[coat]} and {KEY}.", model=f"gpt-4o-mini-{COATS[coat]}",
        refusal=COATS[coat], tool_calls=[call],
    )  # fmt: skip
    found = asked(lambda request: body)
    assert isinstance(found, Response)
    assert "redacted" in found.flags
    kept = canonical_json(found).decode()
    for secret in (COATS[coat].rstrip("="), KEY, "lighthouse", SECRET):
        assert secret not in kept
    assert kept.count("[redacted]") == 5


def test_an_answer_that_only_looks_like_a_key_is_left_alone():
    found = asked(lambda request: completion("sk-ant-api03-abcDEF123456 is no key", asked=request))
    assert isinstance(found, Response)
    assert found.content == "sk-ant-api03-abcDEF123456 is no key"
    assert "redacted" not in found.flags


@pytest.mark.parametrize("coat", COATS)
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_a_refusal_that_repeats_a_secret(coat: str, status: int):
    found = asked(lambda request: error(status, f"no: {COATS[coat]}, nor sk-proj-0123456789abcdef"))
    assert isinstance(found, Failure)
    assert found.message.count("[redacted]") == 2
    assert "lighthouse" not in found.message


def test_a_filtered_prompt_that_repeats_a_secret():
    found = asked(lambda request: error(400, f"flagged: {SECRET}", code="content_filter"))
    assert isinstance(found, Response)
    assert found.refusal is not None
    assert SECRET not in found.refusal


CHILD = """
import asyncio, logging, os, sys, warnings
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
warnings.simplefilter("always")
from promptops.models.opening import open_model
from promptops.values.request import Message, Request

async def work():
    model = open_model()
    for name in ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro"):
        for text in ("answer", "odd", "error", "html", "reset"):
            messages = (Message("user", text + " prompt-canary-4711"),)
            asked = Request(name, messages, {"max_tokens": 5})
            found = await model.respond(asked, deadline_seconds=20)
            print(type(found).__name__, getattr(found, "kind", "answered"))
    await model.embed("openai/text-embedding-3-small", "prompt-canary-4711")
    await model.close()

asyncio.run(work())
"""
LOUD = {
    "LITELLM_LOG": "DEBUG",
    "LITELLM_DEBUG": "1",
    "DETAILED_DEBUG": "1",
    "LITELLM_PRINT_STANDARD_LOGGING_PAYLOAD": "1",
    "JSON_LOGS": "1",
    "OPENAI_LOG": "debug",
    "ANTHROPIC_LOG": "debug",
    "HTTPX_LOG_LEVEL": "debug",
    "DEBUG": "1",
}


def _loud(request: Asked) -> Any:
    said = str(request.body)
    if "odd" in said:  # what a client might complain of, with the value
        body: dict[str, Any] = completion("answer-canary-4712", asked=request)
        body["choices"][0]["finish_reason"] = {"no": "text"}
        return Reply(body)
    if "error" in said:
        return error(401, f"wrong key {KEY}")
    if "html" in said:
        return Reply(f"<html>{KEY}</html>", content_type="text/html")
    if "reset" in said:
        return Reply(reset=True)
    return Reply(completion("answer-canary-4712", asked=request), headers={"x-echo": KEY})


def test_nothing_is_printed_or_logged_whatever_the_environment_asks_for(tmp_path):
    with Loopback(_loud) as server:
        root = server.url.removesuffix("/v1")
        more = {f"{stem}_API_BASE": root for stem in ("ANTHROPIC", "GEMINI")}
        more |= {f"{stem}_API_KEY": KEY for stem in ("ANTHROPIC", "GEMINI")}
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            env=dict(os.environ) | server.environ | more | LOUD,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert len(server.requests) == 16
    assert done.returncode == 0, done.stderr
    shown = done.stdout + done.stderr
    for canary in (KEY, KEY[:12], "prompt-canary", "answer-canary"):
        assert canary not in shown, shown[:3000]
    for logger in ("LiteLLM", "litellm", "httpx", "httpcore", "openai"):
        assert f":{logger}" not in done.stderr, done.stderr[:3000]
    assert len(done.stdout.splitlines()) == 15
    assert "Failure authentication" in done.stdout
