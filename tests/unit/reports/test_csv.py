"""The table of cases, as the csv module and a spreadsheet read it."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from promptops.reports.discovery import find
from promptops.reports.surface import Surface
from promptops.values.details import CaseDetails, PromptText, SampleDetails
from promptops.values.report import Report
from promptops.values.results import Results
from promptops.values.score import Score, Unscorable
from tests import examples
from tests.example_details import rendered
from tests.gate_examples import every_gate

EXAMPLES = examples.every_example()
LEADING = [
    *("run", "suite", "prompt", "model", "verdict", "baseline_version", "candidate_version"),
    *("case", "change", "critical", "tags", "baseline", "candidate", "delta"),
]


class Known:
    """Details with these cases."""

    baseline: PromptText | None = None
    candidate: PromptText | None = None

    def __init__(self, *cases: CaseDetails) -> None:
        self._cases = cases

    def cases(self):
        yield from self._cases


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    heads, *rows = list(reader)
    assert all(len(row) == len(heads) for row in rows)
    assert len(set(heads)) == len(heads)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def table(results: Results) -> list[dict[str, str]]:
    return read(find("csv")(results, Surface()))


def alone(report: Report, *cases: CaseDetails) -> list[dict[str, str]]:
    return table(Results([report], details={report.run: Known(*cases)}.get))


@pytest.mark.parametrize("example", [name for name in EXAMPLES if "hostile" not in name])
def test_every_case_is_a_row(example):
    reports = EXAMPLES[example]
    rows = read(rendered("csv", reports, Surface()))
    assert [row["case"] for row in rows] == [case.id for each in reports for case in each.cases]
    runs = [each.run for each in reports for _ in each.cases]
    assert [row["run"] for row in rows] == runs


def test_lines_end_as_the_standard_asks_and_each_is_a_row():
    text = rendered("csv", [examples.regressed()], Surface())
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r") == text.count("\r\n") == 57


def test_a_row_has_what_its_case_is_and_what_became_of_it():
    report = examples.regressed()
    (row, *_) = [
        row for row in read(rendered("csv", [report], Surface())) if row["case"] == "city-003"
    ]
    assert list(row)[: len(LEADING)] == LEADING
    assert (row["run"], row["suite"], row["model"]) == (
        "20261002-0915-7f3a",
        "extract-city",
        "example/small-1",
    )
    assert (row["verdict"], row["baseline_version"], row["candidate_version"]) == (
        "regressed",
        "v2",
        "v3",
    )
    assert (row["change"], row["critical"]) == ("broken", "")
    assert (row["baseline"], row["candidate"], row["delta"]) == ("1", "0", "-1")
    assert (row["exact baseline"], row["exact candidate"]) == ("1", "0")
    assert (row["faithful baseline"], row["faithful candidate"]) == ("0.9", "0.3")
    assert row["baseline_output"] == "Tromsø"
    assert row["candidate_output"].startswith("Kyoto 京都 was lovely 🌸")
    assert row["why"] == "expected 'Tromsø'"


def test_critical_and_uncompared_cases_are_marked():
    rows = read(rendered("csv", [examples.regressed()], Surface()))
    assert [row["case"] for row in rows if row["critical"]] == ["city-001"]
    rows = read(rendered("csv", [examples.early()], Surface()))
    assert [row["change"] for row in rows].count("not compared") == 58
    assert {row["delta"] for row in rows if row["change"] == "not compared"} == {""}
    rows = read(rendered("csv", [examples.first_version()], Surface()))
    assert {(row["baseline"], row["baseline_version"]) for row in rows} == {("", "")}


def test_details_fill_in_what_the_report_leaves_out():
    report = msgspec.structs.replace(examples.passed(), cases=[examples.case(1)])
    (bare,) = table(Results([report]))
    assert (bare["tags"], bare["exact baseline"], bare["baseline_output"]) == ("", "", "")
    samples = [
        SampleDetails("baseline", 1, content="second", scores={"exact": Score(1.0)}),
        SampleDetails("baseline", 0, content="first", scores={"exact": Score(0.5)}),
        SampleDetails("candidate", 0, content="new", scores={"exact": Unscorable("no")}),
    ]
    known = CaseDetails(
        "city-001", {"message": "To Lyon.", "n": 3, "all": ["a", 1]}, ("short",), samples=samples
    )
    (row,) = alone(report, known)
    assert (row["tags"], row["baseline_output"], row["candidate_output"]) == (
        "short",
        "first",
        "new",
    )
    assert (row["exact baseline"], row["exact candidate"]) == ("0.75", "")
    assert row["dataset message"] == "To Lyon."
    assert (row["dataset n"], row["dataset all"]) == ("3", '["a", 1]')


def test_what_the_report_says_goes_before_its_details():
    report = msgspec.structs.replace(examples.passed(), cases=[examples.case(1, "broken")])
    sample = SampleDetails("candidate", 0, content="other", scores={"exact": Score(0.25)})
    (row,) = alone(report, CaseDetails("city-001", samples=[sample]))
    assert (row["exact candidate"], row["candidate_output"][:11]) == ("0", "The message")


def test_details_in_another_order_or_with_gaps_go_to_their_cases():
    report = msgspec.structs.replace(
        examples.passed(), cases=[examples.case(at) for at in (1, 2, 3)]
    )
    behind = [CaseDetails(f"city-00{at}", tags=(str(at),)) for at in (9, 3, 1)]
    assert [row["tags"] for row in alone(report, *behind)] == ["1", "", "3"]


def test_suites_with_other_scorers_stand_in_one_table():
    one = msgspec.structs.replace(examples.passed(), cases=[examples.case(1)])
    other = msgspec.structs.replace(
        one, run="r2", suite="answer", metrics=[examples.metric("similarity")]
    )
    rows = read(rendered("csv", [one, other], Surface()))
    found = [(row["suite"], row["exact baseline"], row["similarity baseline"]) for row in rows]
    assert found == [("extract-city", "1", ""), ("answer", "", "1")]


def test_the_columns_of_a_wide_dataset_are_bounded():
    report = msgspec.structs.replace(examples.passed(), cases=[examples.case(1)])
    (row,) = alone(report, CaseDetails("city-001", {f"c{at}": at for at in range(20_000)}))
    assert [name for name in row if name.startswith("dataset")] == [
        f"dataset c{at}" for at in range(40)
    ]


def test_nothing_evaluated_is_a_table_of_no_rows():
    text = rendered("csv", [], Surface())
    assert read(text) == []
    assert text.splitlines()[0].removeprefix("\ufeff").split(",")[:14] == LEADING


def test_supplied_answers_are_marked_in_every_row():
    rows = table(every_gate()["supplied"])
    assert {row["supplied"][:22] for row in rows} == {"recorded on 2026-10-02"}
    assert "supplied" not in table(every_gate()["regression"])[0]


def test_of_a_gate_that_drew_some_answers_itself_only_the_others_are_marked():
    report = examples.passed()
    mixed = msgspec.structs.replace(report, suite="answer", meta={"supplied": "by =its author"})
    gate = every_gate()["supplied"].gate
    rows = table(Results([report, mixed], gate))
    assert {(row["suite"], row["supplied"]) for row in rows} == {
        ("extract-city", ""),
        ("answer", "by =its author"),
    }
    assert {row["supplied"] for row in table(Results([mixed]))} == {"by =its author"}
