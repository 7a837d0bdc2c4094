"""What every report format holds, whichever file it lives in. Formats are found, not listed."""

from __future__ import annotations

import base64
import gzip
import html
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from promptops import reports
from promptops.errors import InputError
from promptops.reports.discovery import find, formats
from promptops.reports.surface import Surface
from promptops.values.report import Report
from promptops.values.results import Results
from tests.example_details import rendered
from tests.examples import every_example, regressed
from tests.gate_examples import every_gate
from tests.judged_examples import judged_report, judged_results

EXAMPLES = every_example()
GATES = every_gate()


def test_the_formats_that_are_promised_are_found():
    assert {"terminal", "json", "csv", "junit"} <= set(formats())


@pytest.mark.parametrize("name", formats())
def test_a_format_has_the_one_function(name):
    render = find(name)
    assert list(inspect.signature(render).parameters) == ["results", "surface"]
    module = importlib.import_module(render.__module__)
    assert module.__doc__, "a format says what it is for"


def test_what_is_no_format_has_no_render_function():
    folder = Path(next(iter(reports.__path__)))
    for name in {file.stem for file in folder.glob("*.py")} - {"__init__"}:
        module = importlib.import_module(f"promptops.reports.{name}")
        assert not hasattr(module, "render"), f"{name}.py looks like a format and is not found"


def test_a_near_miss_is_told():
    with pytest.raises(InputError, match="no report format 'jsn'") as caught:
        find("jsn")
    assert caught.value.hint == "did you mean 'json'?"


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_format_answers_with_text_and_prints_nothing(name, example, capfd):
    text = rendered(name, EXAMPLES[example], Surface())
    assert isinstance(text, str)
    assert text.endswith("\n")
    text.encode("utf-8")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_format_is_a_function_of_its_values(name, example, monkeypatch):
    surface = Surface(width=90)
    first = rendered(name, EXAMPLES[example], surface)
    for variable, value in {"COLUMNS": "40", "NO_COLOR": "1", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(variable, value)
    assert rendered(name, every_example()[example], surface) == first


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_format_works_where_nothing_is_kept_behind_its_reports(name, example, capfd):
    text = find(name)(Results(EXAMPLES[example]), Surface())
    assert text.endswith("\n")
    text.encode("utf-8")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("gate", GATES)
def test_a_format_takes_a_gate(name, gate, capfd):
    results = GATES[gate]
    text = find(name)(results, Surface(width=90))
    assert text.endswith("\n")
    text.encode("utf-8")
    assert capfd.readouterr() == ("", "")
    assert find(name)(every_gate()[gate], Surface(width=90)) == text
    bare = find(name)(Results(results.reports, results.gate), Surface(width=90))
    assert bare.endswith("\n")


OF_CASES_ALONE = {"csv"}
"""Formats without a place for what has no cases."""


@pytest.mark.parametrize("name", sorted(set(formats()) - OF_CASES_ALONE))
@pytest.mark.parametrize("gate", [name for name in GATES if "hostile" not in name])
def test_a_format_names_what_no_report_tells(name, gate):
    results = GATES[gate]
    assert results.gate is not None
    text = " ".join(find(name)(results, Surface(width=200)).split())
    for suite in results.gate.suites:
        assert suite.suite in text
    for prompt in results.gate.uncovered:
        assert prompt in text


@pytest.mark.parametrize("name", formats())
def test_a_format_says_who_supplied_the_answers(name):
    results = GATES["supplied"]
    assert results.gate is not None
    text = find(name)(results, Surface(width=200))
    assert letters("recorded on 2026-10-02 by the pull request") in letters(html.unescape(text))


def letters(text):
    return re.sub(r"[\W_]+", "", text)


@pytest.mark.parametrize("name", [name for name in formats() if name != "json"])
@pytest.mark.parametrize("example", ["improved", "passed", "regressed", "inconclusive", "invalid"])
def test_a_format_for_people_names_verdict_suite_and_run(name, example):
    (report,) = EXAMPLES[example]
    text = rendered(name, EXAMPLES[example], Surface())
    assert report.verdict in text.lower()
    assert report.suite in text


@pytest.mark.parametrize("name", formats())
def test_an_unknown_cost_is_never_shown_as_nothing(name):
    text = rendered(name, EXAMPLES["inconclusive"], Surface())
    assert "$0" not in text
    if "cost" in text.lower():
        assert "unknown" in text or '"cost_usd": null' in text or "unpriced" in text


@pytest.mark.parametrize("name", formats())
def test_a_format_imports_no_other_and_rich_only_where_it_draws(name):
    code = (
        "import sys\n"
        "from promptops.reports.discovery import find, formats\n"
        "known = formats()\n"
        "start = 'promptops.reports.formats.'\n"
        "found = lambda: {m.removeprefix(start) for m in sys.modules if m.startswith(start)}\n"
        "assert not found() & set(known), found()\n"
        f"find({name!r})\n"
        f"assert found() & set(known) == {{{name!r}}}, found()\n"
        "print([m for m in ('rich', 'litellm', 'git', 'numpy', 'jinja2') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == ("['rich']" if name == "terminal" else "[]")


SAID = {
    "a vote": "example/large-2",
    "who could not tell": "cannot tell",
    "why the judge says so": "The order names Thursday",
    "a person": "Ana Ficta",
    "a person's label": "useless",
    "a person's comment": "vague",
    "why it gates": "gates: its agreement with people is known",
    "why it observes": "observes: below the bar",
    "how many labels": "80",
}


def unpacked(name, results):
    """What a format says, with what a page has packed."""
    text = find(name)(results, Surface(width=120))
    packed = re.findall(r'"(H4sI[A-Za-z0-9+/=]*)"', text)
    text += "".join(gzip.decompress(base64.b64decode(each)).decode() for each in packed)
    return " ".join(text.replace("\\", "").replace("−", "-").split())


OF_CASES = [name for name in formats() if "order-0" in unpacked(name, judged_results())]
"""Formats that tell about single cases; another one may tell verdicts alone."""


def test_all_formats_of_ours_tell_about_cases():
    assert {"terminal", "markdown", "html", "json", "junit", "csv"} <= set(OF_CASES)


@pytest.mark.parametrize("name", OF_CASES)
@pytest.mark.parametrize("what", SAID)
def test_a_format_of_cases_says_what_judges_and_people_said(name, what):
    assert SAID[what] in unpacked(name, judged_results())


@pytest.mark.parametrize("name", OF_CASES)
def test_a_format_of_cases_has_the_corrected_difference_beside_the_raw_one(name):
    text = unpacked(name, judged_results())
    assert re.search(r"\+?0\.02", text)
    assert "-0.05" in text or "-0.0493" in text
    raw = msgspec.structs.replace(
        judged_report().metrics[0], corrected_delta=None, corrected_interval=None, labels=12
    )
    report = msgspec.structs.replace(judged_report(), metrics=[raw])
    text = unpacked(name, judged_results(report=report))
    assert "-0.0493" not in text
    assert re.search(r"12 labelled pairs|labelled pairs|\"labels\": ?12", text)


SUPPLIED = "the answers were supplied with the change (recorded 2026-10-02), not drawn here"


def supplied() -> Report:
    """As `eval --replay` makes one: no store has its run."""
    report = regressed()
    return msgspec.structs.replace(
        report,
        warnings=[SUPPLIED, *report.warnings],
        meta={**report.meta, "supplied": SUPPLIED},
    )


@pytest.mark.parametrize("name", formats())
def test_every_format_says_that_answers_were_supplied(name):
    text = " ".join(html.unescape(rendered(name, [supplied()], Surface())).split())
    assert SUPPLIED in text.replace("`", "")


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("most", [1, 8])
def test_no_format_sends_a_reader_to_a_run_that_no_store_has(name, most):
    report, surface = supplied(), Surface(max_cases=most)
    told = f"promptops report {report.run}"
    assert told not in rendered(name, [report], surface)
    if name in {"terminal", "markdown", "html", "junit"}:
        assert told in rendered(name, [regressed()], surface)
