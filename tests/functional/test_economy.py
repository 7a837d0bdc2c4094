"""Limits on cost and tokens through the command line, against an endpoint that counts tokens."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.functional.decided import SYSTEMS, Trial, trial
from tests.loopback import Answer, Asked, completion

__all__ = ["trial"]

PRICES: dict[str, Any] = {"prices": {"openai/loop": {"input": 1.0, "output": 4.0}}}


def counting(times: float, *, silent: frozenset[int] = frozenset()) -> Any:
    """Always right; the new version writes so many times as much. Some cases come uncounted."""

    def script(asked: Asked) -> Answer:
        arm, case = SYSTEMS[asked.messages[0]["content"]], int(asked.last_user[4:])
        sent = 100 + 10 * case
        noise = random.Random(f"{arm}/{asked.index}").lognormvariate(0, 0.1)
        got = round(50 * noise * (times if arm == "candidate" else 1))
        usage = {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}
        counted = None if case in silent and arm == "candidate" else usage
        return completion(asked.last_user.upper(), asked=asked, usage=counted)

    return script


def economy(report: Any) -> dict[str, Any]:
    return {each["name"]: each for each in report["economy"]}


@pytest.mark.parametrize(
    ("times", "gate", "verdict", "code"),
    [
        (1, {"cost_increase": 0.25, "token_increase": 0.25}, "passed", 0),
        (4, {"cost_increase": 0.25}, "regressed", 1),
        (4, {"token_increase": 0.1}, "regressed", 1),
        (4, {}, "passed", 0),
    ],
)
def test_a_prompt_that_is_no_worse_may_still_use_too_much(trial: Trial, times, gate, verdict, code):
    trial.lay(cases=60, samples=2, gate=gate, **PRICES)
    trial.server.script = counting(times)
    report = trial.eval()
    assert (report["verdict"], report["exit_code"]) == (verdict, code), report["reasons"]
    assert report["metrics"][0]["verdict"] in {"passed", "improved"}
    found = economy(report)
    for name in ("cost", "tokens"):
        limit = gate.get(f"{name.removesuffix('s')}_increase")
        assert found[name]["limit"] == limit
        assert (found[name]["verdict"] is None) == (limit is None)
        low, high = found[name]["interval"]
        assert low <= found[name]["increase"] <= high
        assert found[name]["missing"] == 0
    assert found["latency"]["baseline"] > 0
    mean = (found["tokens"]["baseline"], found["tokens"]["candidate"])
    assert mean[1] / mean[0] - 1 == pytest.approx(found["tokens"]["increase"])
    assert found["tokens"]["pairs"] == report["metrics"][0]["pairs"]
    again = trial.eval()
    assert again["calls"]["made"] == 0
    assert again["economy"] == report["economy"]


def test_too_many_uncounted_answers_make_no_verdict(trial: Trial):
    trial.lay(cases=60, samples=2, gate={"token_increase": 0.25})
    trial.server.script = counting(1, silent=frozenset(range(0, 60, 10)))
    report = trial.eval()
    assert (report["verdict"], report["exit_code"]) == ("invalid", 3)
    assert report["reasons"][0].startswith("tokens is not known of ")


def test_a_limit_on_cost_without_a_price_is_refused_before_anything_is_asked(trial: Trial):
    trial.lay(cases=12, gate={"cost_increase": 0.25})
    said = " ".join(trial.refused("say").split())
    assert "the price of openai/loop is unknown" in said
    assert "evals/say.yaml:1:" in said
    assert "prices: {openai/loop:" in said


def test_a_version_against_itself_is_held_to_nothing(trial: Trial):
    trial.lay(cases=60, samples=2, gate={"token_increase": 0.01})
    trial.server.script = counting(1)
    found = economy(trial.eval("--aa"))
    assert {(each["limit"], each["verdict"]) for each in found.values()} == {(None, None)}


def test_a_first_version_compares_with_nothing(trial: Trial):
    trial.lay(cases=12, gate={"cost_increase": 0.25})
    trial.server.script = counting(1)
    assert trial.eval("--alone")["economy"] == []
