"""What readers of JUnit's XML are handed, by a strict parser and a schema of what they share."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from promptops.reports.discovery import find
from promptops.reports.junit.elements import Entry, Outcome, Suite, document
from promptops.reports.surface import Surface
from promptops.values.gate import GateReport, SuiteGate
from promptops.values.report import CaseReport, Report
from promptops.values.results import Results
from tests import examples
from tests.example_details import rendered
from tests.gate_examples import every_gate

EXAMPLES = examples.every_example()
GATES = every_gate()

SCHEMA = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="seconds">
    <xs:restriction base="xs:string"><xs:pattern value="[0-9]+[.][0-9]{3}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="moment">
    <xs:restriction base="xs:string">
      <xs:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"/>
    </xs:restriction>
  </xs:simpleType>
  <xs:complexType name="outcome">
    <xs:simpleContent>
      <xs:extension base="xs:string">
        <xs:attribute name="type" type="xs:token" use="required"/>
        <xs:attribute name="message" type="xs:string" use="required"/>
      </xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="property">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="value" type="xs:string" use="required"/>
  </xs:complexType>
  <xs:complexType name="test">
    <xs:sequence>
      <xs:choice minOccurs="0">
        <xs:element name="failure" type="outcome"/>
        <xs:element name="error" type="outcome"/>
        <xs:element name="skipped" type="outcome"/>
      </xs:choice>
      <xs:element name="system-out" type="xs:string" minOccurs="0"/>
    </xs:sequence>
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="classname" type="xs:string" use="required"/>
    <xs:attribute name="time" type="seconds" use="required"/>
  </xs:complexType>
  <xs:complexType name="suite">
    <xs:sequence>
      <xs:element name="properties" minOccurs="0">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="property" type="property" maxOccurs="unbounded"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
      <xs:element name="testcase" type="test" maxOccurs="unbounded"/>
      <xs:element name="system-out" type="xs:string" minOccurs="0"/>
    </xs:sequence>
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="skipped" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="time" type="seconds" use="required"/>
    <xs:attribute name="timestamp" type="moment"/>
  </xs:complexType>
  <xs:element name="testsuites">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="testsuite" type="suite" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence>
      <xs:attribute name="name" type="xs:string" use="required"/>
      <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
      <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
      <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
      <xs:attribute name="time" type="seconds" use="required"/>
    </xs:complexType>
  </xs:element>
</xs:schema>
"""
"""No more elements and attributes, and no freer an order, than the schemas of Surefire and of the
plugins of Jenkins share: one of them refuses `skipped` on the root, and `file` on a test."""

VALIDATOR = etree.XMLSchema(etree.fromstring(SCHEMA))


def read(text: str) -> ET.Element:
    VALIDATOR.assertValid(etree.fromstring(text.encode()))
    return ET.fromstring(text)


def junit(*reports: Report) -> ET.Element:
    return read(rendered("junit", reports, Surface()))


def of_gate(results: Results) -> ET.Element:
    return read(find("junit")(results, Surface()))


def outcomes(root: ET.Element) -> dict[str, str]:
    """Name of a test to what became of it."""
    found = {}
    for test in root.iter("testcase"):
        kinds = [child.tag for child in test if child.tag != "system-out"]
        assert len(kinds) <= 1
        found[test.get("name", "")] = kinds[0] if kinds else "passed"
    return found


def entry(root: ET.Element, name: str) -> ET.Element:
    (found,) = [each for each in root.iter("testcase") if each.get("name") == name]
    return found


def properties(root: ET.Element) -> dict[str, str]:
    return {each.get("name", ""): each.get("value", "") for each in root.iter("property")}


def exit_code(reports: list[Report]) -> int:
    return max((each.exit_code for each in reports), default=0)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_report_fits_the_schema_and_counts_itself(example):
    root = junit(*EXAMPLES[example])
    check_counts(root)
    failed = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert bool(failed) == bool(exit_code(EXAMPLES[example]))


@pytest.mark.parametrize("name", GATES)
def test_every_gate_does(name):
    root = of_gate(GATES[name])
    check_counts(root)
    gate = GATES[name].gate
    assert gate is not None
    failed = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert bool(failed) == bool(gate.exit_code)


def check_counts(root: ET.Element) -> None:
    totals: Counter[str] = Counter()
    for suite in root:
        found = Counter(child.tag for test_ in suite.iter("testcase") for child in test_)
        tests = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(tests)
        assert int(suite.get("failures", "")) == found["failure"]
        assert int(suite.get("errors", "")) == found["error"]
        assert int(suite.get("skipped", "")) == found["skipped"]
        assert len({each.get("name") for each in tests}) == len(tests)
        totals.update({"tests": len(tests), **found})
    assert int(root.get("tests", "")) == totals["tests"]
    assert int(root.get("failures", "")) == totals["failure"]
    assert int(root.get("errors", "")) == totals["error"]
    assert len({suite.get("name") for suite in root}) == len(root)


def test_a_regression_fails_its_verdict_its_metric_and_its_broken_cases():
    root = junit(examples.regressed())
    found = outcomes(root)
    assert found["verdict"] == found["metric exact"] == "failure"
    assert found["metric short"] == "passed"
    assert [name for name in found if "faithful" in name] == []
    assert found["case city-001"] == "failure"
    assert [name for name in found if name.startswith("case") and found[name] == "failure"] == [
        f"case city-{at:03}" for at in range(1, 13)
    ]
    failure = entry(root, "case city-002").find("failure")
    assert failure is not None
    assert failure.get("message") == "broken: 1.00 → 0.00"
    assert failure.text == (
        "broken: 1.00 → 0.00\nwhy: empty answer\n--- v2 said:\nQuito\n--- v3 said:\n(empty)"
    )


def test_what_only_observes_is_a_property():
    told = properties(junit(examples.regressed()))
    assert told["observed faithful"] == "0.90 → 0.89: −0.01 (−0.05 to +0.02)"
    assert told["baseline.version"] == "v2"
    assert told["candidate.version"] == "v3"
    assert told["candidate.digest"] == "31c9e4ab" * 8
    assert told["candidate.commit"] == "3d4f00ba" * 5
    assert told["cost"] == "at least $1.20 paid now, and 12 calls without a known price"


def test_a_broken_case_is_no_failure_where_the_suite_may_merge():
    root = junit(examples.improved())
    assert outcomes(root)["verdict"] == "passed"
    skipped = entry(root, "case city-001").find("skipped")
    assert skipped is not None
    told = "broken: 1.00 → 0.00; no failure by itself: the verdict is improved"
    assert skipped.get("message") == told
    fixed = entry(root, "case city-002")
    assert [child.tag for child in fixed] == ["system-out"]
    assert "--- v2 said:\nQuito" in (fixed[0].text or "")


def test_inconclusive_follows_the_exit_code():
    found = outcomes(junit(examples.inconclusive()))
    assert found["verdict"] == found["metric exact"] == "skipped"
    asked = msgspec.structs.replace(examples.inconclusive(), exit_code=3)
    found = outcomes(junit(asked))
    assert found["verdict"] == found["metric exact"] == "error"
    assert found["case city-001"] == "skipped"


def test_invalid_is_an_error_and_a_false_alarm_is_none():
    found = outcomes(junit(examples.invalid()))
    assert found["verdict"] == found["metric exact"] == "error"
    found = outcomes(junit(examples.false_alarm()))
    assert set(found.values()) <= {"skipped", "passed"}
    assert found["verdict"] == "skipped"


def test_limits_on_cost_and_latency_are_tests():
    root = junit(examples.dearer())
    found = outcomes(root)
    assert (found["limit cost"], found["limit latency"]) == ("failure", "passed")
    assert "limit tokens" not in found
    failure = entry(root, "limit cost").find("failure")
    assert failure is not None
    told = "regressed: +41% (+36% to +47%), where 25% is allowed"
    assert failure.get("message") == told
    lost = entry(junit(examples.unpriced()), "limit cost").find("error")
    assert lost is not None
    assert lost.get("message") == "invalid: not known of 120 pairs, where 25% is allowed"


def test_a_first_version_has_nothing_that_could_fail():
    report = examples.first_version()
    marked = [msgspec.structs.replace(case, critical=True) for case in report.cases]
    found = outcomes(junit(msgspec.structs.replace(report, cases=marked)))
    assert found == {"verdict": "skipped", "metric exact": "skipped"}


def test_critical_cases_are_there_though_nothing_changed():
    kept = examples.case(1, critical=True)
    lost = msgspec.structs.replace(examples.case(2, critical=True), candidate=None)
    report = msgspec.structs.replace(examples.passed(), cases=[kept, lost, examples.case(3)])
    found = outcomes(junit(report))
    assert found["case city-001"] == "passed"
    assert found["case city-002"] == "skipped"
    assert "case city-003" not in found


def test_models_and_suites_have_names_of_their_own():
    root = junit(*examples.two_models())
    names = [suite.get("name") for suite in root]
    assert names == ["extract-city (example/small-1)", "extract-city (example/large-2)"]
    groups = {each.get("classname") for each in root.iter("testcase")}
    assert groups == {f"promptops.{name}" for name in names}
    dotted = msgspec.structs.replace(examples.passed(), suite="answers.v1.2")
    (group,) = {each.get("classname") for each in junit(dotted).iter("testcase")}
    assert group == "promptops.answers_v1_2"


def test_time_is_in_seconds_and_a_moment_has_no_zone():
    (suite,) = junit(examples.passed())
    assert (suite.get("time"), suite.get("timestamp")) == ("41.200", "2026-10-02T09:15:04")
    odd = msgspec.structs.replace(examples.passed(), seconds=float("nan"), created="today")
    (suite,) = junit(odd)
    assert (suite.get("time"), suite.get("timestamp")) == ("0.000", None)


def test_a_gate_says_what_no_report_does():
    root = of_gate(GATES["regression"])
    found = outcomes(root)
    assert found["may merge"] == "failure"
    assert found["suite extract-order"] == "skipped"
    assert "suite extract-city" not in found
    assert [suite.get("name") for suite in root] == [
        "promptops",
        "extract-city",
        "answer-from-context",
    ]
    assert outcomes(of_gate(GATES["uncovered"])) == {
        "may merge": "passed",
        "suite extract-city": "skipped",
        "prompt summarise-thread": "skipped",
    }
    found = outcomes(of_gate(GATES["removed"]))
    assert (found["may merge"], found["suite answer-from-context"]) == ("error", "skipped")
    told = properties(of_gate(GATES["supplied"]))
    assert told["supplied"].startswith("recorded on 2026-10-02")


def test_a_suite_whose_report_is_lost_still_stands_against_merging():
    gate = GateReport(
        may_merge=False,
        exit_code=1,
        reasons=[],
        base="0" * 40,
        base_how="",
        head=None,
        dirty=False,
        suites=[SuiteGate("city", "city", "compared", run="r", verdict="regressed", exit_code=1)],
    )
    found = outcomes(of_gate(Results([], gate)))
    assert found == {"may merge": "failure", "suite city": "failure"}


def test_many_changed_cases_are_bounded_and_counted():
    broken = [
        CaseReport(
            f"c{at}", "broken", 1.0, 0.0, baseline_output="x<" * 2000, candidate_output="&" * 4000
        )
        for at in range(3_000)
    ]
    report = msgspec.structs.replace(
        examples.regressed(), cases=[*examples.cases(fixed=900), *broken]
    )
    text = rendered("junit", [report], Surface())
    assert len(text.encode()) < 30_000_000
    root = read(text)
    (suite,) = root
    assert int(suite.get("failures", "")) == 1_002
    said = suite.find("system-out")
    assert said is not None
    assert f"2,900 more cases changed: promptops report {report.run}" in (said.text or "")


TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["]]>", "<![CDATA[", "&#0;", "\r\n\t", "\ufffe\uffff", "\ud800", "\"'", "<?xml?>", "\u0085"]
)


@settings(deadline=None, max_examples=150)
@given(TEXTS, TEXTS)
def test_whatever_is_said_it_is_read_by_a_strict_parser(one, other):
    entries = [
        Entry(one, Outcome("failure", "broken", other, one + other), other),
        Entry(other),
        Entry(one),
    ]
    suite = Suite(one, entries, 1.5, other, [(one, other)], one)
    root = read(document([suite, suite]))
    assert [len(each.findall("testcase")) for each in root] == [3, 3]
    values = [value for element in root.iter() for value in element.attrib.values()]
    assert not [value for value in values if "\n" in value]
    for char in "".join([*values, *root.itertext()]):
        assert char in "\n\u200c\u200d" or unicodedata.category(char)[0] != "C"
