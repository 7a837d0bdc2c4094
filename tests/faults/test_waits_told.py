"""What a person is told while a provider keeps a run waiting, and when nothing came of it."""

from __future__ import annotations

import pytest

from tests.faults.provider_desk import OPENAI, by_case, providing, refused, said
from tests.loopback import Reply
from tests.wire import WIRES


@pytest.fixture
def provide(tmp_path, capfd, monkeypatch):
    yield from providing(tmp_path, capfd, monkeypatch)


def test_a_run_that_is_told_to_wait_says_so_and_when_it_goes_on(provide):
    def script(asked):
        return refused(OPENAI, 429, **{"Retry-After": "3"}) if asked.index < 2 else asked.last_user

    desk = provide(script)
    done = desk.project.run("eval", "--alone", "--concurrency", "2")
    model = OPENAI.model
    waits, goes_on = [line for line in done.err.splitlines() if model in line]
    assert waits.startswith(f"say: {model}: rate limited, goes on in ")
    assert goes_on.startswith(f"say: {model}: goes on after ")
    assert desk.run("--alone").err == ""


def test_where_every_call_is_rejected_the_words_of_the_provider_come_first(provide):
    desk = provide(lambda asked: refused(OPENAI, 400), words=[f"w{n}" for n in range(10)])
    desk.compared()
    done = desk.run()
    _, finding, *rest = done.out.splitlines()
    assert finding == "  every call failed: rejected: HTTP 400: status 400"
    assert "status 400" not in "".join(rest)
    assert "tokens in" not in done.out
    _, report = desk.evaluate()
    assert any("(cases w" in warning for warning in report["warnings"])


def test_cases_that_are_rejected_are_named(provide):
    answers = {"w1": refused(OPENAI, 400), "w7": refused(OPENAI, 400)}
    desk = provide(
        by_case(answers, lambda asked: asked.last_user), words=[f"w{n}" for n in range(40)]
    )
    _, report = desk.evaluate("--alone")
    (warning,) = [each for each in report["warnings"] if "failed" in each]
    assert warning.startswith("candidate: 2 calls failed: rejected: HTTP 400: status 400 (cases w")
    assert "w1" in warning
    assert "w7" in warning


def test_answers_that_nobody_counted_are_unmetered_and_their_sums_have_no_noise(provide):
    bare = said(WIRES["openai"], "ok").body
    assert isinstance(bare, dict)
    desk = provide(lambda asked: Reply({k: v for k, v in bare.items() if k != "usage"}))
    _, report = desk.evaluate("--alone")
    assert report["candidate"]["tokens"]["unmetered"] == 2
    assert report["tokens"]["unmetered"] == 2
    assert "unknown" in next(
        line for line in desk.shown()["terminal"].splitlines() if "tokens in" in line
    )


JUDGE = """\
version: 1
model: openai/judge-1
inputs: {answer: {type: string}}
params: {max_tokens: 50}
output:
  schema:
    type: object
    properties: {explanation: {type: string}, verdict: {type: number}}
    required: [explanation, verdict]
messages:
  - {role: user, content: "Is it loud? {{ answer }}"}
"""


def test_a_judge_that_is_down_is_named_and_the_answers_are_kept(provide):
    def script(asked):
        return refused(OPENAI, 503) if asked.model == "judge-1" else asked.last_user

    desk = provide(script, words=[f"w{n}" for n in range(6)])
    desk.project.write("prompts/judges/loud.yaml", JUDGE)
    desk.suite("  loud: {type: judge, prompt: judges/loud, role: gate}\n")
    code, report = desk.evaluate("--alone", "--patience", "1")
    assert code == 3
    assert report["reasons"][0].startswith(
        "stopped before its end: the judge's model openai/judge-1: down since "
    )
    assert report["calls"]["unscored"] == 6
    assert "0 of 6 samples were had; 6 answers are kept, not yet scored" in " ".join(
        desk.shown()["terminal"].split()
    )
