"""Rows 13 to 20, 22 and 23: answers that are odd in themselves, in three wire formats."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.provider_desk import (
    OPENAI,
    TOOL,
    Provide,
    every_provider,
    providing,
    response,
    said,
)
from tests.faults.test_hostile_output import acts
from tests.loopback import Asked, Loopback, Reply
from tests.wire import WIRES, Said, Wire


@pytest.fixture
def provide(tmp_path, capfd, monkeypatch):
    yield from providing(tmp_path, capfd, monkeypatch)


LENIENT = "  any: {type: regex, pattern: '(?s).*'}\n"
"""A scorer that an empty or half an answer would pass."""


# 14: lone surrogate, NUL: stored escaped; every report stays valid


@every_provider
def test_14_what_no_file_can_hold_is_stored_escaped_and_shown_inertly(provide: Provide, wire: Wire):
    def script(asked: Asked) -> Reply:
        return said(wire, "one a\ud800b\0c\udfff" if "Speak up." in _whole(asked) else "no")

    desk = provide(script, wire, words=["one"])
    desk.compared()
    _, report = desk.evaluate()
    (case,) = report["cases"]
    assert (case["baseline"], case["candidate"]) == (0, 1)
    kept = {each.content: each.flags for each in desk.responses()}
    assert "escaped" in kept["one a\\ud800b\0c\\udfff"]
    assert kept["no"] == ()
    for name, text in desk.shown().items():
        text.encode("utf-8")
        assert acts(text.replace("\x1b[0m", "")) == [], name
    assert json.loads(desk.shown()["json"])[0]["cases"] == report["cases"]


# 15: an empty list, or null: a failure, never an empty pass


NOTHING: list[Any] = [[], None]


@pytest.mark.parametrize(
    ("wire", "how"),
    [
        pytest.param(wire, how, id=f"{wire.name}-{how}")
        for wire in WIRES.values()
        for how in NOTHING
        if (wire.name, how) != ("anthropic", [])
    ],
)
def test_15_no_choice_is_a_failure_and_never_an_empty_pass(provide: Provide, wire: Wire, how: Any):
    desk = provide(lambda asked: Reply(wire.nothing(how)), wire, words=["one"])
    desk.suite(LENIENT)
    code, report = desk.evaluate("--patience", "1")
    assert (code, report["verdict"]) == (3, "invalid")
    assert all(metric["candidate"] is None for metric in report["metrics"])
    assert desk.responses() == []


# 16: content null or "": scored as empty, flagged


def empties(wire: Wire) -> dict[str, Reply]:
    found = {"null": said(wire, None), "empty": said(wire, "")}
    if wire.name == "anthropic":
        found["no parts"] = Reply(wire.answer(Said(None)) | {"content": []})
    if wire.name == "gemini":
        bare = wire.answer(Said(None))
        del bare["candidates"][0]["content"]
        found["no content"] = Reply(bare)
    return found


EMPTY = [
    pytest.param(name, wire, id=f"{name}-{wire.name}")
    for wire in WIRES.values()
    for name in empties(wire)
]


@pytest.mark.parametrize(("name", "wire"), EMPTY)
def test_16_an_empty_answer_is_scored_and_flagged(provide: Provide, name: str, wire: Wire):
    desk = provide(lambda asked: empties(wire)[name], wire)
    code, report = desk.evaluate()
    assert (code, report["candidate"]["failures"], report["calls"]["retried"]) == (0, 0, 0)
    assert report["metrics"][0]["candidate"] == 0
    assert any("2 of 2 answers were empty" in warning for warning in report["warnings"])
    assert all("empty" in each.flags and not each.content for each in desk.responses())


# 17: content_filter: labelled refused, counted by policy


def filters(wire: Wire) -> dict[str, Reply]:
    """The ways in which a provider says that it will not."""
    found = {"finish reason": said(wire, "one", ended="filtered")}
    if wire.name == "openai":
        refusal = wire.answer(Said(None))
        refusal["choices"][0]["message"]["refusal"] = "I will not say that."
        found["refusal"] = Reply(refusal)
        body = wire.error(400, "The prompt was filtered by the content management policy.")
        body["error"]["code"] = "content_filter"
        found["400"] = Reply(body, status=400)
    if wire.name == "anthropic":
        body = wire.error(400, "Output blocked by content filtering policy")
        found["400"] = Reply(body, status=400)
    if wire.name == "gemini":
        blocked = wire.answer(Said())
        del blocked["candidates"]
        found["prompt"] = Reply(blocked | {"promptFeedback": {"blockReason": "SAFETY"}})
        for word in ("RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST"):
            found[word] = said(wire, "one", ended=word)
    return found


FILTERED = [
    pytest.param(name, wire, id=f"{name}-{wire.name}")
    for wire in WIRES.values()
    for name in filters(wire)
]


@pytest.mark.parametrize(("name", "wire"), FILTERED)
def test_17_a_filtered_answer_is_refused_and_counts_as_this_versions_own(
    provide: Provide, name: str, wire: Wire
):
    desk = provide(lambda asked: filters(wire)[name], wire, words=["one"])
    desk.suite(LENIENT)
    code, report = desk.evaluate()
    assert (code, report["calls"]["retried"]) == (0, 0)
    candidate = report["candidate"]
    assert (candidate["failures"], candidate["own_failures"]) == (0, {"refused": 1})
    assert [metric["candidate"] for metric in report["metrics"]] == [0, 0]
    assert len(desk.responses()) == 1  # paid for, and not asked for again


# 18: finish reason length: labelled truncated, never scored silently


@every_provider
def test_18_a_cut_answer_scores_zero_under_its_label(provide: Provide, wire: Wire):
    desk = provide(lambda asked: said(wire, asked.last_user, ended="length"), wire)
    desk.suite(LENIENT)
    code, report = desk.evaluate()
    assert code == 0
    assert report["candidate"]["own_failures"] == {"truncated": 2}
    assert [metric["candidate"] for metric in report["metrics"]] == [0, 0]
    assert {each.finish_reason for each in desk.responses()} == {"length"}


@every_provider
def test_18_a_suite_may_score_what_was_cut(provide: Provide, wire: Wire):
    desk = provide(lambda asked: said(wire, asked.last_user, ended="length"), wire)
    desk.suite("truncated: score\n")
    _, report = desk.evaluate()
    assert report["candidate"]["own_failures"] == {}
    assert report["metrics"][0]["candidate"] == 1


# 19: an unknown finish reason: kept as it came

WORDS = {
    "openai": ["galaxy", "GALAXY", "network_error", "insufficient_system_resource"],
    "anthropic": ["galaxy", "pause_turn", "model_context_window_exceeded"],
    "gemini": ["GALAXY", "galaxy", "MALFORMED_FUNCTION_CALL", "TOO_MANY_TOOL_CALLS"],
}


@pytest.mark.parametrize(
    ("wire", "word"),
    [
        pytest.param(WIRES[name], word, id=f"{name}-{word}")
        for name, words in WORDS.items()
        for word in words
    ],
)
def test_19_an_unknown_finish_reason_is_kept_as_it_came(wire: Wire, word: str):
    answer = response(said(wire, "part", ended=word), wire)
    assert (answer.content, answer.finish_reason) == ("part", word)


# 20: duplicate or malformed tool calls: kept, judged as failures, no crash

CALLS: dict[str, tuple[tuple[Any, Any, Any], ...]] = {
    "doubled": (("c", "weather", '{"city": "Oslo"}'), ("c", "weather", '{"city": "Oslo"}')),
    "no JSON": (("c", "weather", '{"city": '),),
    "a list": (("c", "weather", "[1, 2]"),),
    "null": (("c", "weather", None),),
    "no name": (("c", None, "{}"),),
    "nothing at all": ((None, None, None),),
    "unknown": (("c", "launch", "{}"),),
    "deep": (("c", "weather", '{"a": ' * 50 + "1" + "}" * 50),),
    "surrogate": (("c", "weather", '{"city": "a\\ud800b\\u0000"}'),),
}


@every_provider
@pytest.mark.parametrize("name", CALLS)
def test_20_tool_calls_are_kept_whatever_they_are(wire: Wire, name: str):
    calls = CALLS[name]
    answer = response(said(wire, None, ended="tools", calls=calls), wire, tools=(TOOL,))
    assert len(answer.tool_calls) == len(calls)
    assert "empty" not in answer.flags
    named = [each["function"]["name"] for each in answer.tool_calls]
    assert named == [call[1] for call in calls]
    json.dumps(answer.tool_calls).encode()


@every_provider
def test_20_they_are_failures_of_the_version_and_no_crash(provide: Provide, wire: Wire):
    def script(asked: Asked) -> Reply:
        return said(wire, None, ended="tools", calls=CALLS[asked.last_user.rpartition("/")[2]])

    desk = provide(script, wire, words=[f"w/{name}" for name in CALLS])
    code, report = desk.evaluate()
    assert (code, report["candidate"]["failures"]) == (0, 0)
    assert report["metrics"][0]["candidate"] == 0
    assert report["metrics"][0]["unscorable"] == 0
    assert len(desk.responses()) == len(CALLS)


# 22: the answering model is not the asked one: warned, recorded


@every_provider
def test_22_another_model_is_warned_of_and_recorded(provide: Provide, wire: Wire):
    desk = provide(lambda asked: said(wire, asked.last_user, model=wire.other), wire)
    code, report = desk.evaluate()
    assert code == 0
    warned = [each for each in report["warnings"] if wire.other in each]
    assert len(warned) == 1
    assert "2 answers came from" in warned[0]
    assert warned[0] in " ".join(desk.shown()["terminal"].split())
    for each in desk.responses():
        assert each.response_model == wire.other
        assert "model_differs" in each.flags


@every_provider
def test_22_a_dated_name_of_the_same_model_is_nothing_to_warn_of(provide: Provide, wire: Wire):
    desk = provide(lambda asked: said(wire, asked.last_user), wire)
    _, report = desk.evaluate()
    assert report["warnings"] == []
    assert {each.response_model for each in desk.responses()} == {wire.snapshot}


# 23: a 50 MB answer: cut at a limit, flagged


def test_23_50_megabytes_are_cut_flagged_and_in_every_report_within_bounds(provide: Provide):
    def script(asked: Asked) -> Reply:
        if "Speak up." not in _whole(asked):
            return said(OPENAI, "no")
        return said(OPENAI, "one " + "long " * 10_000_000)

    desk = provide(script, words=["one"])
    desk.compared()
    _, report = desk.evaluate()
    assert report["candidate"]["failures"] == 0
    assert any("cut" in warning for warning in report["warnings"])
    (cut,) = [each for each in desk.responses() if "cut" in each.flags]
    assert len(cut.content) <= 1_000_000
    assert len(desk.kept()) < 10_000_000
    for text in desk.shown().values():
        assert len(text) < 200_000


@pytest.mark.parametrize("name", ["anthropic", "gemini"])
def test_23_50_megabytes_are_cut_in_the_other_formats_too(name: str):
    wire = WIRES[name]
    answer = response(said(wire, "a" * 50_000_000), wire, deadline_seconds=60)
    assert len(answer.content) <= 1_000_000
    assert "cut" in answer.flags


CHILD = """
import asyncio, json, sys
from pathlib import Path
from promptops.models.opening import open_model
from promptops.values.request import Message, Request

async def ask(name, text):
    model = open_model()
    try:
        asked = Request(name, (Message("user", text),), {"max_tokens": 5})
        return await model.respond(asked, deadline_seconds=30)
    finally:
        await model.close()

def most():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

for name in sys.argv[1:]:
    asyncio.run(ask(name, "small"))
before = most()
for name in sys.argv[1:]:
    found = asyncio.run(ask(name, "bomb"))
    told = {"type": type(found).__name__, "flags": list(getattr(found, "flags", []))}
    print(json.dumps(told | {"more": most() - before}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_23_a_bomb_of_gzip_is_not_unpacked_whole():
    """200 MB in 200 KB: what is read stays within bounds, whatever it unpacks to."""
    bombs = {}
    for wire in WIRES.values():
        start, _, end = json.dumps(wire.answer(Said("PLACE"))).partition("PLACE")
        text = start.encode() + b"a" * 200_000_000 + end.encode()
        bombs[wire.name] = gzip.compress(text, compresslevel=1)

    def script(asked: Asked) -> Reply:
        assert asked.wire
        if asked.last_user == "small":
            return said(asked.wire, "small")
        return Reply(bombs[asked.wire.name], headers={"Content-Encoding": "gzip"})

    with Loopback(script) as server:
        environ = dict(os.environ)
        for wire in WIRES.values():
            environ |= server.environ_of(wire)
        done = subprocess.run(
            [sys.executable, "-c", CHILD, *(wire.model for wire in WIRES.values())],
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.splitlines():
        told = json.loads(line)
        assert told["type"] == "Failure" or "cut" in told["flags"]
        assert told["more"] < 300  # megabytes


def _whole(asked: Asked) -> str:
    """All that was asked, in any format: the system message is what tells the versions apart."""
    return json.dumps(asked.body)
