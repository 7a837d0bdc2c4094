"""A report with something to see in every part of it: an invented help desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from promptops.values.details import CaseDetails, PromptText, SampleDetails, Step
from promptops.values.report import LookReport, Report
from promptops.values.request import Message
from promptops.values.results import Results
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored, Unscorable
from promptops.values.usage import Usage
from tests import examples

PLAIN = "Your parcel left our depot in Lyon on Monday and should reach you by Thursday."
CHANGED = "The parcel left the depot in Lyon on Monday; it should reach you by Friday evening."
WHY_NOT = (
    "The answer names Friday, and the order says Thursday. The depot and the day of departure"
    " are right, so part of it is supported by what was given."
)


@dataclass(frozen=True)
class Story:
    """Three samples a case and arm; one is lost, one cannot be scored, one took four steps."""

    report: Report

    @property
    def baseline(self) -> PromptText | None:
        return self._prompt(2, "Answer in one sentence.\nName the day of arrival.", 0.7)

    @property
    def candidate(self) -> PromptText | None:
        words = "Answer in one short sentence.\nName the day of arrival.\nDo not greet."
        return self._prompt(3, words, 0.2)

    def _prompt(self, version: int, words: str, temperature: float) -> PromptText:
        return PromptText(
            name="parcel",
            path="prompts/parcel.yaml",
            digest=f"{version}" * 64,
            version=version,
            source=f"version: {version}\nmessages:\n  - role: system\n    content: …\n",
            messages=[Message("system", words), Message("user", "{{ question }}")],
            includes={"shared/tone.txt": f"Be calm.\nTone of v{version}.\n"},
            model="example/small-1",
            params={"temperature": temperature},
        )

    def cases(self) -> Iterator[CaseDetails]:
        for at, each in enumerate(self.report.cases):
            worse = each.change in {"broken", "worse"}
            yield CaseDetails(
                id=each.id,
                columns={
                    "question": f"Where is the parcel of order {1000 + at}?",
                    "expected": {"day": "Thursday", "depot": "Lyon"},
                },
                tags=("slang",) if at % 3 == 0 else ("letter", "short"),
                group=f"customer-{at % 5}",
                critical=each.critical,
                samples=[
                    self._sample(arm, index, at, worse=worse and arm == "candidate")
                    for arm in ("baseline", "candidate")
                    for index in range(3)
                ],
            )

    def _sample(self, arm: Arm, index: int, at: int, *, worse: bool) -> SampleDetails:
        if at == 1 and index == 2:
            return SampleDetails(arm, index, failure="timeout: no answer within 60 s")
        judged: Scored = Score(0.4 if worse else 1.0, "partly" if worse else "supported", WHY_NOT)
        if at == 0 and index == 1:
            judged = Unscorable("the judge answered with no verdict", infrastructure=True)
        label = "truncated" if at == 2 and worse else "wrong" if worse else "right"
        right = Score(0.0 if worse else 1.0, label, "expected 'Thursday'" if worse else "")
        return SampleDetails(
            arm=arm,
            index=index,
            content=(CHANGED if worse else PLAIN) + (f" Sample {index + 1}." if index else ""),
            finish_reason="length" if label == "truncated" else "stop",
            scores={"exact": right, "short": Score(1.0, "short"), "faithful": judged},
            usage=Usage(212, 24),
            cost_usd=0.00021,
            latency_seconds=0.61,
            steps=STEPS if at == 0 and index == 0 else [],
        )


STEPS = [
    Step(
        "model",
        "example/small-1",
        "Where is the parcel of order 1000?",
        "",
        [{"function": {"name": "find_order", "arguments": '{"order": 1000}'}}],
        usage=Usage(180, 12),
        cost_usd=0.00012,
        latency_seconds=0.41,
    ),
    Step("tool", "find_order", '{"order": 1000}', '{"depot": "Lyon"}', latency_seconds=0.08),
    Step("tool", "find_day", "{}", error="the calendar did not answer", latency_seconds=0.9),
    Step(
        "model",
        "example/small-1",
        '{"depot": "Lyon"}',
        PLAIN,
        usage=Usage(212, 24),
        cost_usd=0.00021,
        latency_seconds=0.61,
    ),
]


def story_report() -> Report:
    """Worse by a critical case and eleven others; looked at nine times."""
    path = [
        LookReport(pairs, -0.11 + 0.16 / (at + 1), (-0.11 - 0.5 / (at + 1), -0.06 + 0.5 / (at + 2)))
        for at, pairs in enumerate(range(40, 281, 30))
    ]
    report = examples.regressed()
    first = msgspec.structs.replace(
        report.metrics[0], path=[*path, LookReport(279, -0.11, (-0.16, -0.06))]
    )
    cases = [
        msgspec.structs.replace(case, id=f"order-{at:03}") for at, case in enumerate(report.cases)
    ]
    return msgspec.structs.replace(
        report,
        suite="parcel",
        prompt="parcel",
        metrics=[first, *report.metrics[1:]],
        cases=cases,
        slices=examples.early().slices,
        economy=examples.economy({"cost": 0.25}, cost={"verdict": "passed"}),
    )


def story() -> Results:
    report = story_report()
    return Results([report], None, {report.run: Story(report)}.get)
