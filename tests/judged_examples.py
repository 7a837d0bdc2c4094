"""A report whose metrics judges scored: a panel, a judge of pairs, labels, and measured trust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from promptops.reports.judged_results import (
    AnyLabel,
    Choice,
    JudgedResults,
    Question,
    digest_of,
)
from promptops.values.details import CaseDetails, PromptText, SampleDetails
from promptops.values.label import Label, PairLabel
from promptops.values.report import CaseReport, Report
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored, Unscorable, Vote
from promptops.values.trust import TrustReport
from tests import examples, trust_examples

CASES = 6
GOOD, BAD = "Thursday, from the depot in Lyon.", "Some day, from somewhere."
WHY = "The order names Thursday."


def judged_report() -> Report:
    """Raw it rose, corrected it fell; a judge of pairs beside it, which only observes."""
    helpful = examples.metric(
        "helpful",
        0.70,
        0.72,
        (-0.02, 0.05),
        judge="ab12" * 16,
        verdict="regressed",
        corrected_delta=-0.0493,
        corrected_interval=(-0.0911, -0.0081),
        labels=80,
        unscorable=1,
        note="gates: its agreement with people is known",
    )
    preferred = examples.metric(
        "preferred",
        0.5,
        0.5,
        (-0.1, 0.1),
        role="observe",
        judge="cd34" * 16,
        note="observes: below the bar",
    )
    cases = [
        CaseReport(f"order-{at}", "worse" if at == 0 else "same", 1.0, 0.5, GOOD, BAD, why=WHY)
        for at in range(CASES)
    ]
    return msgspec.structs.replace(
        examples.passed(),
        run="20261002-0915-7f3a",
        suite="parcel",
        verdict="regressed",
        exit_code=1,
        reasons=[],
        metrics=[helpful, preferred],
        cases=cases,
    )


def panel(first: float, second: float | None, why: str = WHY) -> tuple[Vote, ...]:
    """Two models: the second one may have no value."""
    words = {1.0: "helpful", 0.0: "useless", None: "cannot tell"}
    return (
        Vote(first, words[first], why, "example/small-1"),
        Vote(second, words[second], why, "example/large-2"),
    )


PREFERRED = (
    Vote(1.0, "second", WHY, "example/small-1", "baseline first"),
    Vote(0.0, "second", WHY, "example/small-1", "candidate first"),
)
"""It says second both times: the order decides."""


@dataclass(frozen=True)
class JudgedDetails:
    """One sample a case and arm."""

    report: Report
    hostile: str = ""

    @property
    def baseline(self) -> PromptText | None:
        return None

    @property
    def candidate(self) -> PromptText | None:
        return None

    def cases(self) -> Iterator[CaseDetails]:
        for at, each in enumerate(self.report.cases):
            samples = [self._sample(arm, at) for arm in ("baseline", "candidate")]
            columns = {"question": f"Where is order {at}?{self.hostile}", "expected": "Thursday"}
            yield CaseDetails(each.id, columns, samples=samples)

    def _sample(self, arm: Arm, at: int) -> SampleDetails:
        why = WHY + self.hostile
        helpful: Scored = Score(1.0, "helpful", why, "ab12" * 16, panel(1.0, 1.0, why))
        if at == 0 and arm == "candidate":
            helpful = Score(0.5, "divided", why, "ab12" * 16, panel(1.0, 0.0, why))
        if at == 1:
            helpful = Score(1.0, "helpful", why, "ab12" * 16, panel(1.0, None, why))
        if at == 2 and arm == "baseline":
            helpful = Unscorable("the judge cannot tell: no depot is named" + self.hostile)
        preferred = Score(0.5, "tie", why, "cd34" * 16, PREFERRED)
        said = BAD if at == 0 and arm == "candidate" else GOOD
        return SampleDetails(
            arm,
            0,
            content=f"{said} ({arm[0]}{at}){self.hostile}",
            scores={"helpful": helpful, "preferred": preferred},
        )


QUESTIONS = [
    Question(
        metric="helpful",
        cell="helpful",
        asked="Does it help?",
        choices=(
            Choice("helpful", "helpful", ("1", "h"), "names the day"),
            Choice("useless", "useless", ("2", "u")),
        ),
        inputs=("question",),
        rubric=(("system", "You judge answers."), ("helpful", "names the day")),
    ),
    Question(
        metric="helpful",
        cell="helpful",
        pairs=True,
        asked="Which answer is better?",
        choices=(
            Choice("first", "first", ("1",)),
            Choice("second", "second", ("2",)),
            Choice("tie", "tie", ("=", "0")),
        ),
    ),
    Question(
        metric="level",
        cell="level",
        asked="How good is it?",
        number="a whole number from 1 to 50",
        ends=(1.0, 50.0),
        whole=True,
    ),
    Question(
        metric="checked",
        cell="checked",
        asked="Is it all there?",
        criteria={"day": "Does it name the day?", "depot": "Does it name the depot?"},
    ),
]


def labels(report: Report, hostile: str = "") -> list[AnyLabel]:
    """Two people on the candidate's answer to the first case, and one on the pair."""
    (case, *_) = JudgedDetails(report, hostile).cases()
    outputs = [digest_of(each) or "" for each in case.samples]
    at = "2026-05-01T10:00:00+00:00"
    people = ("Ana Ficta" + hostile, "Bo Example")
    return [
        Label("helpful", case.id, outputs[1], 0.0, people[0], at, "useless" + hostile, "vague"),
        Label("helpful", case.id, outputs[1], None, people[1], at),
        PairLabel("preferred", case.id, outputs[1], outputs[0], "second", people[1], at),
    ]


def judged_results(
    hostile: str = "", questions: Sequence[Question] = QUESTIONS, report: Report | None = None
) -> JudgedResults:
    """All that can be known of judges; `hostile` stands in every text that others may write."""
    report = report or judged_report()
    made = list(questions)
    if hostile:
        made = [msgspec.structs.replace(each, asked=each.asked + hostile) for each in questions]
    trust: list[TrustReport] = [trust_examples.report("observes", hostile)]
    return JudgedResults(
        [report],
        None,
        {report.run: JudgedDetails(report, hostile)}.get,
        lambda _: made,
        lambda each: labels(each, hostile),
        lambda _: trust,
    )
