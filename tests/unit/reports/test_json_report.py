from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.discovery import find
from promptops.reports.encoding import LARGE, encode
from promptops.reports.gate_file import LONGEST_SOURCE, MOST_BYTES
from promptops.reports.surface import Surface
from promptops.values.details import CaseDetails, PromptText
from promptops.values.gate import SCHEMA, GateFile
from promptops.values.report import CaseReport, Report
from promptops.values.request import Message
from promptops.values.results import Results
from tests import examples
from tests.example_details import rendered
from tests.gate_examples import every_gate

CONTRACT = {
    "": (
        "schema run suite prompt verdict exit_code reasons "
        "baseline candidate metrics calls tokens cost cases"
    ),
    "baseline": "version digest commit dirty samples failures",
    "candidate": "version digest commit dirty samples failures",
    "metrics": "name role baseline candidate delta interval population_interval pairs verdict",
    "calls": "planned made cached shared retried",
    "tokens": "input output cached_input",
    "cost": "incurred_usd evaluated_usd unpriced_calls",
    "cases": "id change baseline candidate",
}


def test_the_contract_with_other_tools_is_kept():
    (report,) = json.loads(rendered("json", [examples.regressed()], Surface()))
    for part, names in CONTRACT.items():
        value = report[part] if part else report
        value = value[0] if isinstance(value, list) else value
        assert set(names.split()) <= set(value)
    assert report["schema"] == "promptops.report/1"
    assert report["metrics"][0]["interval"] == [-0.16, -0.06]
    assert report["candidate"]["commit"].startswith("3d4f00ba")
    assert len(report["cases"]) == 56


def test_increases_are_part_of_it():
    (report,) = json.loads(rendered("json", [examples.dearer()], Surface()))
    cost = report["economy"][0]
    assert (cost["name"], cost["unit"], cost["limit"]) == ("cost", "usd", 0.25)
    assert (cost["interval"], cost["verdict"]) == ([0.362, 0.4712], "regressed")
    assert [each["verdict"] for each in report["economy"]] == ["regressed", None, "passed"]
    assert (report["cost"]["at_risk_usd"], report["cost"]["budget_usd"]) == (0.00041, 2.0)


def test_one_object_per_suite_and_model():
    read = json.loads(rendered("json", examples.two_models(), Surface()))
    assert [one["model"] for one in read] == ["example/small-1", "example/large-2"]
    assert json.loads(rendered("json", [], Surface())) == []


def test_the_surface_changes_nothing():
    reports = [examples.improved()]
    plain = rendered("json", reports, Surface(60, color=False, unicode=False))
    assert plain == rendered("json", reports, Surface(200, color=True))


def test_numbers_that_json_cannot_hold_become_null():
    report = msgspec.structs.replace(
        examples.passed(), seconds=float("nan"), meta={"a": float("inf")}
    )
    (read,) = json.loads(rendered("json", [report], Surface()))
    assert read["seconds"] is None
    assert read["meta"] == {"a": None}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats()
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_is_encoded_is_read_by_a_strict_parser(value):
    text = encode(value)
    assert msgspec.json.decode(text.encode("utf-8")) == json.loads(text)
    assert not {char for char in text if char != "\n" and (ord(char) < 32 or char in "<>&\x7f\x9b")}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_kept_to_the_character(text):
    assert json.loads(encode({text: [text]})) == {text: [text]}


@pytest.mark.parametrize("odd", ["\ud800", 2**70])
def test_a_value_that_json_has_no_room_for_leaves_the_rest_as_it_was(odd):
    rest = {"text": "⟨ü\x7f\u202e", "numbers": [1, 0.1, 1e-7, float("nan")], "none": [None, {}, []]}
    whole = json.loads(encode({"odd": odd, **rest}))
    assert whole.pop("odd") in {"\\ud800", 2**70}
    assert whole == json.loads(encode(rest))


def test_a_large_report_is_kept_to_ascii_and_reads_the_same():
    """One wide character would make a text of many cases twice as large in memory."""
    value = {"why": "−5 points 🙂 é", "cases": ["x" * 100] * (LARGE // 100)}
    text = encode(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert not encode({"why": "−5"}).isascii()


GATES = every_gate()


class Texts:
    """Details that know both versions and no case."""

    def __init__(self, baseline: PromptText | None, candidate: PromptText | None) -> None:
        self.baseline = baseline
        self.candidate = candidate

    def cases(self):
        found: list[CaseDetails] = []
        yield from found


def of_gate(results: Results) -> GateFile:
    data = find("json")(results, Surface()).encode()
    assert len(data) <= MOST_BYTES
    return msgspec.json.decode(data, type=GateFile)


def prompt(source: str, **fields) -> PromptText:
    return PromptText("city", "prompts/city.yaml", "1" * 64, 1, source, **fields)


@pytest.mark.parametrize("name", [name for name in GATES if "hostile" not in name])
def test_a_gate_is_one_object_that_is_read_back_as_it_was(name):
    results = GATES[name]
    file = of_gate(results)
    assert file.schema == SCHEMA == "promptops.gate/1"
    assert file.gate == results.gate
    assert file.reports == list(results.reports)
    for report in results.reports:
        details = results.details(report.run)
        assert details is not None
        pair = file.prompts[report.run]
        assert (pair.baseline, pair.candidate) == (details.baseline, details.candidate)


@pytest.mark.parametrize("name", [name for name in GATES if "hostile" in name])
def test_whatever_a_gate_says_its_file_is_read_back(name):
    file = of_gate(GATES[name])
    assert [suite.status for suite in file.gate.suites] == [
        "compared",
        "described",
        "untouched",
        "removed",
    ]
    assert list(file.prompts) == [each.run for each in file.reports]
    results = GATES[name]
    if name.removeprefix("hostile_") not in {"surrogate", "long", "unbroken", "fold"}:
        assert (file.gate, file.reports) == (results.gate, list(results.reports))


def test_prompts_that_are_not_kept_are_left_out():
    results = GATES["regression"]
    assert of_gate(Results(results.reports, results.gate)).prompts == {}
    nothing = {each.run: Texts(None, None) for each in results.reports}
    assert of_gate(Results(results.reports, results.gate, nothing.get)).prompts == {}


def test_a_long_source_is_cut_and_says_so():
    gate, report = GATES["may_go"].gate, examples.improved()
    long = prompt("ä" * LONGEST_SOURCE, includes={"a.txt": "x" * 150_000, "b.txt": "y" * 150_000})
    known = {report.run: Texts(prompt("z" * LONGEST_SOURCE), long)}
    pair = of_gate(Results([report], gate, known.get)).prompts[report.run]
    assert pair.baseline is not None
    assert pair.candidate is not None
    assert pair.baseline.source == "z" * LONGEST_SOURCE
    assert pair.candidate.source == "ä" * 100_000 + "… [100,000 characters left out]"
    assert pair.candidate.includes == {
        "a.txt": "x" * 150_000,
        "b.txt": "y" * 50_000 + "… [100,000 characters left out]",
    }


def test_names_and_roles_are_kept_where_there_is_no_room_for_more():
    gate, report = GATES["may_go"].gate, examples.improved()
    messages = [Message("system", "s" * 300_000), Message("user", "u" * 300)]
    known = {report.run: Texts(None, prompt("", messages=messages, params={"stop": ["END"]}))}
    (pair,) = of_gate(Results([report], gate, known.get)).prompts.values()
    assert pair.candidate is not None
    assert [message.role for message in pair.candidate.messages] == ["system", "user"]
    assert pair.candidate.messages[1].content == "… [300 characters left out]"
    assert pair.candidate.params == {"stop": ["END"]}


def many_reports(count: int, cases: list[CaseReport]) -> list[Report]:
    return [
        msgspec.structs.replace(examples.regressed(), run=f"run-{at}", cases=cases)
        for at in range(count)
    ]


def test_outputs_give_way_before_cases_do():
    output = "<é " * 1_300
    cases = [
        CaseReport(f"c{at}", "broken", 1.0, 0.0, baseline_output=output, candidate_output=output)
        for at in range(500)
    ]
    file = of_gate(Results(many_reports(3, cases), GATES["regression"].gate))
    for report in file.reports:
        assert [case.id for case in report.cases] == [case.id for case in cases]
        assert str(report.cases[0].candidate_output).endswith("characters left out]")
        assert report.warnings == examples.regressed().warnings


def test_the_gravest_cases_are_kept_and_the_rest_is_counted():
    same = [CaseReport(f"s{at}", "same", 1.0, 1.0) for at in range(30_000)]
    broken = [CaseReport(f"b{at}", "broken", 1.0, 0.0) for at in range(40)]
    file = of_gate(Results(many_reports(1, [*same, *broken]), GATES["regression"].gate))
    (report,) = file.reports
    kept = [case.id for case in report.cases]
    assert len(kept) == 1_000
    assert kept[-40:] == [case.id for case in broken]
    assert report.warnings[-1] == (
        "29,040 of 30,040 cases are left out of this file, which holds at most 5 MB"
    )


def test_hundreds_of_suites_fit_with_the_least_that_is_told():
    cases = examples.regressed().cases
    long = prompt("x" * 40_000)
    file = of_gate(
        Results(many_reports(400, cases), GATES["regression"].gate, lambda _run: Texts(long, long))
    )
    assert len(file.reports) == 400
    assert {report.verdict for report in file.reports} == {"regressed"}
