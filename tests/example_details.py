"""What is behind the example reports, and a short way to render them with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from promptops.reports.discovery import find
from promptops.reports.surface import Surface
from promptops.values.details import CaseDetails, Details, PromptText, SampleDetails, Step
from promptops.values.gate import GateReport
from promptops.values.report import CaseReport, Report
from promptops.values.request import Message
from promptops.values.response import Usage
from promptops.values.results import Results
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored, Unscorable

SYSTEM = {
    "baseline": "You read messages.\nName the city.\nSay nothing else.\n",
    "candidate": "You read messages.\nName the city that a message is about.\nSay nothing else.\n",
}


@dataclass(frozen=True)
class ExampleDetails:
    """Two samples a case and arm: the output that the report shows, and a second one."""

    report: Report

    @property
    def baseline(self) -> PromptText | None:
        return self._prompt("baseline") if self.report.baseline else None

    @property
    def candidate(self) -> PromptText | None:
        return self._prompt("candidate")

    def cases(self) -> Iterator[CaseDetails]:
        for number, each in enumerate(self.report.cases):
            yield self._case(number, each)

    def _prompt(self, arm: Arm) -> PromptText:
        told = self.report.baseline if arm == "baseline" else self.report.candidate
        assert told is not None
        system = SYSTEM[arm]
        return PromptText(
            name=self.report.prompt,
            path=f"prompts/{self.report.prompt}.yaml",
            digest=told.digest,
            version=told.version,
            source=(
                f"version: {told.version}\nmodel: {self.report.model}\nmessages:\n"
                f"  - role: system\n    content: |\n      "
                + system.strip().replace("\n", "\n      ")
                + '\n  - {role: user, content: "{{ message }}"}\n'
            ),
            messages=[Message("system", system), Message("user", "{{ message }}")],
            model=self.report.model,
            params={"temperature": 0.2, "max_tokens": 12},
            inputs={"message": {"type": "string"}},
            change=told.change,
        )

    def _case(self, number: int, case: CaseReport) -> CaseDetails:
        outputs: dict[Arm, str | None] = {"candidate": case.candidate_output}
        if self.report.baseline:
            outputs["baseline"] = case.baseline_output
        return CaseDetails(
            id=case.id,
            columns={"message": f"We meet in {case.id} at noon.", "expected": "Lyon"},
            tags=("short", "letter") if number % 2 else ("letter",),
            critical=case.critical,
            samples=[
                self._sample(arm, index, case, output)
                for arm, output in sorted(outputs.items())
                for index in range(2)
            ],
        )

    def _sample(self, arm: Arm, index: int, case: CaseReport, output: str | None) -> SampleDetails:
        level = case.baseline if arm == "baseline" else case.candidate
        value = min(1.0, max(0.0, level if level is not None else 1.0))
        scores: dict[str, Scored] = {
            each.name: Score(value, "right" if value > 0.5 else "wrong", case.why, each.judge)
            for each in self.report.metrics
        }
        if index and self.report.metrics and case.id.endswith("003"):
            scores[self.report.metrics[-1].name] = Unscorable("the judge answered twice")
        steps = [
            Step("model", "example/small-1", "Find the city.", "", [{"name": "find_city"}]),
            Step("tool", "find_city", '{"text": "…"}', output or "Lyon", latency_seconds=0.02),
        ]
        return SampleDetails(
            arm=arm,
            index=index,
            content=(output or "Lyon") if not index else "Lyon",
            finish_reason="stop",
            scores=scores,
            usage=Usage(103, 4),
            cost_usd=0.0001,
            latency_seconds=0.31,
            steps=steps if case.id.endswith("002") and not index else [],
        )


def behind(reports: Sequence[Report]) -> Callable[[str], Details | None]:
    """What is behind each of the reports, by run. Runs of the same id share the last one's."""
    known = {each.run: ExampleDetails(each) for each in reports}
    return known.get


def results_of(reports: Sequence[Report], gate: GateReport | None = None) -> Results:
    """The reports with what is behind them."""
    return Results(reports, gate, behind(reports))


def rendered(format_: str, reports: Sequence[Report], surface: Surface) -> str:
    """The reports in a format, with what is behind them."""
    return find(format_)(results_of(reports), surface)
