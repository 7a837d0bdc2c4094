"""Example gates, one for each way a gate can end, and one that means harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import msgspec

from promptops.values.details import CaseDetails, PromptText, SampleDetails, Step
from promptops.values.gate import GateReport, Part, PartChange, SuiteGate
from promptops.values.report import Report
from promptops.values.request import Message
from promptops.values.results import Results
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored, Unscorable
from promptops.values.usage import Usage
from tests import examples
from tests.example_details import results_of

BASE = "0a1b2c3d" * 5
HEAD = "9f8e7d6c" * 5

WORDING = PartChange(
    "wording", "2 of 2 messages differ: 1 line added, 1 removed", "prompts/extract-city.yaml"
)
MODEL = PartChange(
    "model", "model example/small-1 → example/small-2", "prompts/answer-from-context.yaml"
)
JUDGE = PartChange("judge", "judge faithful v1 → v2", "prompts/judges/faithful.yaml")
DATASET = PartChange("dataset", "3 cases added, 1 changed, 1 removed", "evals/extract-city.jsonl")


def suite_gate(report: Report, changes: list[PartChange], **fields: Any) -> SuiteGate:
    """What a gate says of a suite with this report."""
    defaults: dict[str, Any] = {
        "suite": report.suite,
        "prompt": report.prompt,
        "status": "compared",
        "changes": changes,
        "run": report.run,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
    }
    return SuiteGate(**(defaults | fields))


def untouched(suite: str) -> SuiteGate:
    return SuiteGate(suite=suite, prompt=suite, status="untouched")


def _gate(suites: list[SuiteGate], **fields: Any) -> GateReport:
    defaults: dict[str, Any] = {
        "may_merge": True,
        "exit_code": 0,
        "reasons": [],
        "base": BASE,
        "base_how": "the merge base with main",
        "head": HEAD,
        "dirty": False,
        "suites": suites,
        "url": "https://ci.example/runs/7",
    }
    return GateReport(**(defaults | fields))


def may_go() -> Results:
    """Better, and everything else is untouched."""
    report = examples.improved()
    suites = [suite_gate(report, [WORDING]), untouched("answer-from-context")]
    return results_of([report], _gate(suites))


def regression() -> Results:
    """Two suites are touched, and one of them is worse."""
    worse = examples.regressed()
    other = msgspec.structs.replace(
        examples.passed(),
        run="20261002-0916-81c2",
        suite="answer-from-context",
        prompt="answer-from-context",
    )
    suites = [
        suite_gate(worse, [WORDING, DATASET], notes=["3 cases stand on the head's side alone"]),
        suite_gate(other, [MODEL]),
        untouched("extract-order"),
    ]
    reasons = ["extract-city regressed: exact fell by 11.0 points (6.0 to 16.0)"]
    gate = _gate(suites, may_merge=False, exit_code=1, reasons=reasons)
    return results_of([worse, other], gate)


def judged_anew() -> Results:
    """The judge changed and the prompt did not: its one version is described."""
    report = msgspec.structs.replace(
        examples.alone(),
        metrics=[
            examples.metric("exact", None, 0.82, None),
            examples.metric("faithful", None, 0.74, None, role="observe", judge="5be1" * 16),
        ],
    )
    note = "judged anew: faithful 0.82 by v1, 0.74 by v2, on the same 120 answers"
    suites = [suite_gate(report, [JUDGE], status="described", notes=[note])]
    return results_of([report], _gate(suites))


def nothing_touched() -> Results:
    """Nothing that any suite rests on changed, so nothing was asked."""
    suites = [untouched("extract-city"), untouched("answer-from-context")]
    reasons = ["no suite rests on anything that changed"]
    return results_of([], _gate(suites, reasons=reasons))


def removed() -> Results:
    """A suite is gone, and another one has no verdict."""
    report = examples.invalid()
    suites = [
        suite_gate(report, [WORDING]),
        SuiteGate("answer-from-context", "answer-from-context", "removed"),
    ]
    reasons = ["extract-city has no verdict: 9 of 120 pairs are missing"]
    gate = _gate(suites, may_merge=False, exit_code=3, reasons=reasons, dirty=True)
    return results_of([report], gate)


def uncovered() -> Results:
    """A prompt changed that no suite evaluates."""
    gate = _gate(
        [untouched("extract-city")],
        uncovered=["summarise-thread"],
        reasons=["summarise-thread changed, and no suite evaluates it"],
        head=None,
        dirty=True,
        url="",
    )
    return results_of([], gate)


def supplied() -> Results:
    """The answers came with the pull request."""
    report = examples.inconclusive()
    gate = _gate(
        [suite_gate(report, [WORDING], notes=["2 of 240 samples are missing from the evidence"])],
        supplied="recorded on 2026-10-02 by the pull request's author; none was drawn here",
    )
    return results_of([report], gate)


def several_models() -> Results:
    """One suite, two models: two reports of one run's suite, each with a run of its own."""
    better, worse = examples.two_models()
    worse = msgspec.structs.replace(worse, run="20261002-0917-22d0")
    reasons = ["extract-city regressed on example/large-2"]
    suites = [suite_gate(each, [WORDING]) for each in (better, worse)]
    gate = _gate(suites, may_merge=False, exit_code=1, reasons=reasons)
    return results_of([better, worse], gate)


@dataclass(frozen=True)
class HostileDetails:
    """Every text that details can hold is this one."""

    text: str

    @property
    def baseline(self) -> PromptText:
        return self._prompt("a" + self.text)

    @property
    def candidate(self) -> PromptText:
        return self._prompt(self.text)

    def cases(self) -> Iterator[CaseDetails]:
        text = self.text
        yield CaseDetails(
            id=text,
            columns={text: text, "nested": {text: [text, 1, None]}},
            tags=(text,),
            group=text,
            critical=True,
            samples=[self._sample(arm, index) for arm in get_args(Arm) for index in range(2)],
        )

    def _prompt(self, text: str) -> PromptText:
        return PromptText(
            name=text,
            path=text,
            digest=text,
            version=2,
            source=text,
            messages=[Message("system", text), Message("user", text)],
            includes={text: text},
            model=text,
            params={text: text, "stop": [text]},
            inputs={text: {"type": "string", "description": text}},
            output={"type": "object", "title": text},
            tools=[{"type": "function", "function": {"name": text, "description": text}}],
            change=text,
        )

    def _sample(self, arm: Arm, index: int) -> SampleDetails:
        text = self.text
        scores: dict[str, Scored] = {
            text: Score(0.5, text, text, text),
            "b" + text: Unscorable(text, text),
        }
        calls = [{"function": {"name": text, "arguments": text}}]
        return SampleDetails(
            arm=arm,
            index=index,
            content=text,
            tool_calls=calls,
            finish_reason=text,
            refusal=text,
            flags=(text,),
            failure=text if index else None,
            scores=scores,
            response_model=text,
            usage=Usage(103, 4),
            cost_usd=0.0001,
            latency_seconds=0.31,
            steps=[Step("tool", text, text, text, calls, text)],
        )


def hostile_gate(text: str) -> GateReport:
    """Every text that a gate can hold is this one."""
    changes = [PartChange(part, text, text) for part in get_args(Part)]
    suites = [
        SuiteGate(text, text, "compared", changes, text, "regressed", 1, [text]),
        SuiteGate(text, text, "described", changes, None, "inconclusive", 0, [text]),
        SuiteGate(text, text, "untouched"),
        SuiteGate(text, text, "removed", [], notes=[text]),
    ]
    return _gate(
        suites,
        may_merge=False,
        exit_code=1,
        reasons=[text, text],
        base=text,
        base_how=text,
        head=text,
        uncovered=[text],
        supplied=text,
        url=text,
    )


def hostile_results(text: str, *, gated: bool = True) -> Results:
    """Report, gate and details that say this text wherever they may say anything."""
    gate = hostile_gate(text) if gated else None
    return Results([examples.hostile(text)], gate, {text: HostileDetails(text)}.get)


def every_gate() -> dict[str, Results]:
    """All of them by name."""
    return {
        "may_go": may_go(),
        "regression": regression(),
        "judged_anew": judged_anew(),
        "nothing_touched": nothing_touched(),
        "removed": removed(),
        "uncovered": uncovered(),
        "supplied": supplied(),
        "several_models": several_models(),
        **{f"hostile_{name}": hostile_results(text) for name, text in examples.CANARIES.items()},
    }
