"""From what was touched, and what its evaluations came to, to one answer."""

from __future__ import annotations

import msgspec
import pytest

from promptops.engine.gating import Circumstances, choices_for, gate_report, refused, to_evaluate
from promptops.engine.touching import Survey, Touched
from promptops.errors import InputError, InputErrors, Location
from promptops.history.parting import Parting
from promptops.values.gate import GateReport, SuiteStatus
from promptops.values.report import Report
from tests import examples

PARTING = Parting("b" * 40, "the merge base with main", "c" * 40)


def touched(suite: str, status: SuiteStatus = "compared") -> Touched:
    return Touched(suite, "ask", status)


def gated(
    suites: list[Touched],
    reports: dict[str, Report],
    broken_off: tuple[int, str] | None = None,
    uncovered: list[str] | None = None,
) -> GateReport:
    named = {name: msgspec.structs.replace(each, suite=name) for name, each in reports.items()}
    around = Circumstances(PARTING, dirty=False, broken_off=broken_off)
    return gate_report(Survey(suites, uncovered or []), named, {}, around)


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        ([examples.passed()], 0),
        ([examples.improved(), examples.inconclusive()], 0),
        ([examples.passed(), examples.invalid()], 3),
        ([examples.invalid(), examples.regressed()], 1),
        ([examples.regressed(), examples.invalid(), examples.passed()], 1),
    ],
)
def test_the_gravest_of_all_suites_decides(reports: list[Report], code: int) -> None:
    names = [f"s{at}" for at in range(len(reports))]
    gate = gated([touched(name) for name in names], dict(zip(names, reports, strict=True)))
    assert (gate.exit_code, gate.may_merge) == (code, code == 0)
    first = {0: "", 1: " regressed: ", 3: " has no verdict: "}[code]
    assert first in "".join(gate.reasons[:1])


def test_an_undecided_comparison_is_said_and_a_score_alone_is_not() -> None:
    reports = {"a": examples.inconclusive(), "b": examples.alone()}
    gate = gated([touched("a"), touched("b", "described")], reports)
    assert gate.exit_code == 0
    (reason,) = gate.reasons
    assert reason.startswith("a is undecided")


def test_what_was_to_be_evaluated_and_was_not_may_not_be_merged() -> None:
    gate = gated([touched("a"), touched("b", "described")], {"a": examples.passed()})
    assert (gate.exit_code, gate.may_merge) == (3, False)
    assert [each.exit_code for each in gate.suites] == [0, 3]
    assert gate.suites[1].notes == ["not evaluated: the gate was broken off before"]


def test_whatever_ended_it_is_said_first() -> None:
    gate = gated([touched("a"), touched("b")], {"a": examples.passed()}, (130, "interrupted"))
    assert (gate.exit_code, gate.may_merge) == (130, False)
    assert gate.reasons == ["broken off, 1 of 2 suites were evaluated: interrupted"]


def test_what_nothing_touched_and_what_is_gone_stand_beside_it() -> None:
    gate = gated([touched("a", "untouched"), touched("b", "removed")], {}, uncovered=["idle"])
    assert gate.exit_code == 0
    assert gate.reasons == [
        "the suite b is gone: it holds ask no more",
        "idle changed, and no suite evaluates it",
        "no suite rests on anything that changed: nothing was asked",
    ]


def test_only_a_changed_prompt_has_something_beside_it() -> None:
    suites = [touched("a"), touched("b", "described"), touched("c", "untouched")]
    assert [each.suite for each in to_evaluate(Survey(suites, []))] == ["a", "b"]
    compared, described = (choices_for(each, PARTING, 3) for each in suites[:2])
    assert (compared.against, compared.alone, compared.samples) == ("b" * 40, False, 3)
    assert (described.against, described.alone, described.samples) == (None, True, 3)


def test_wrong_input_is_told_one_by_one_up_to_a_bound() -> None:
    one = refused(InputError("there is no suite 'x'"))
    assert (one.exit_code, one.may_merge, one.reasons) == (2, False, ["there is no suite 'x'"])
    many = InputErrors(
        [InputError("no", location=Location("evals/a.jsonl", at, 1)) for at in range(1, 61)]
    )
    reasons = refused(many).reasons
    assert reasons[0] == "evals/a.jsonl:1:1: no"
    assert (len(reasons), reasons[-1]) == (51, "and 10 more")
