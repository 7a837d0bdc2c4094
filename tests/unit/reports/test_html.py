"""The page as text: what a browser is handed. Browsers themselves are in tests/browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from promptops.reports.formats.html import render
from promptops.reports.html.case_data import CRITICAL, LOST, OWN_FAILURE, UNCOMPARED, UNSCORABLE
from promptops.reports.html.markup import Markup, element, text
from promptops.reports.html.plotting import Scale
from promptops.reports.html.reports_page import anchors_of
from promptops.reports.surface import Surface
from promptops.values.details import CaseDetails, SampleDetails
from promptops.values.report import LookReport, Report
from promptops.values.results import Results
from promptops.values.score import Score, Unscorable
from tests import examples
from tests.example_details import results_of
from tests.gate_examples import every_gate, hostile_results


class Parsed(HTMLParser):
    """Elements, texts, and the data parts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.parts: list[tuple[dict[str, str | None], str]] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._open.append(tag)
            self.parts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._open:
            self.texts.append(data)
            return
        attributes, before = self.parts[-1]
        self.parts[-1] = (attributes, before + data)


def page_of(results: Results) -> str:
    return render(results, Surface())


def unpacked(data: str) -> Any:
    return msgspec.json.decode(gzip.decompress(base64.b64decode(msgspec.json.decode(data))))


def data_of(results: Results) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    """Index and blocks of the first report."""
    parts = Parsed(page_of(results)).parts
    index = next(data for named, data in parts if named.get("data-index") == "0")
    blocks = [data for named, data in parts if named.get("data-report") == "0"]
    return unpacked(index), [unpacked(data) for data in blocks]


def test_the_policy_names_the_one_script_and_the_one_style():
    parsed = Parsed(page_of(results_of([examples.improved()])))
    policies = [
        named["content"] or ""
        for tag, named in parsed.tags
        if tag == "meta" and named.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    rules = dict(each.strip().partition(" ")[::2] for each in policies[0].split(";"))
    acting = [data for named, data in parsed.parts if named.get("type") != "application/json"]
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in acting]
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digests[0]}'",
        "script-src": f"'sha256-{digests[1]}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_names_no_other_file_and_no_address():
    page = page_of(results_of([examples.regressed()]))
    parsed = Parsed(page)
    for _, named in parsed.tags:
        assert not {"src", "srcset", "action", "style", "onclick", "onload"} & named.keys()
        assert re.match(r"#|data:,$", named.get("href") or "#")
    assert "http://" not in page
    assert "https://" not in page
    style = next(data for named, data in parsed.parts if "type" not in named)
    assert "url(" not in style
    assert "@import" not in style


def test_the_script_never_makes_markup_of_text():
    script = Parsed(page_of(results_of([]))).parts[1][1]
    assert "textContent" in script
    for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function("):
        assert way not in script
    assert not re.search(r"setAttribute\(\s*[\"'](on|style|src)", script)


@pytest.mark.parametrize("canary", examples.CANARIES)
def test_hostile_text_is_text(canary):
    parsed = Parsed(page_of(hostile_results(examples.CANARIES[canary])))
    harmless = Parsed(page_of(hostile_results("harmless")))
    assert {tag for tag, _ in parsed.tags} <= {tag for tag, _ in harmless.tags}
    assert {key for _, named in parsed.tags for key in named} <= {
        key for _, named in harmless.tags for key in named
    }
    for named, data in parsed.parts:
        if named.get("type") == "application/json":
            assert re.fullmatch(r'"[A-Za-z0-9+/=]+"', data)


def test_a_text_is_escaped_made_visible_and_cut():
    assert text('<b title="x">&') == "&lt;b title=&quot;x&quot;&gt;&amp;"
    assert text("a\u202eb") == "a\\u202eb"
    assert text("x" * 2_000) == "x" * 1_000 + "…"
    assert text("x" * 1_000) == "x" * 1_000
    assert element("p", "<i>", Markup("<b>x</b>"), title='"') == (
        '<p title="&quot;">&lt;i&gt;<b>x</b></p>'
    )
    assert element("line", x1="0", hidden=True, class_=None) == '<line x1="0" hidden/>'


@pytest.mark.parametrize("name", [name for name in examples.every_example() if name != "none"])
def test_elements_are_closed_in_their_order(name):
    open_elements: list[str] = []
    page = page_of(results_of(examples.every_example()[name])).split("<body>")[1]
    page = re.sub(r"<script[^>]*>[^<]*</script>", "", page)
    for close, tag, alone in re.findall(r"<(/?)([a-z0-9]+)[^>]*?(/?)>", page):
        if close and tag not in {"body", "html"}:
            assert open_elements.pop() == tag
        elif not close and not alone:
            open_elements.append(tag)
    assert open_elements == []


def test_ids_are_there_once():
    for name, results in every_gate().items():
        ids = [named["id"] for _, named in Parsed(page_of(results)).tags if "id" in named]
        assert len(ids) == len(set(ids)), name


def test_an_anchor_stands_for_one_report():
    runs = ["a", "a", "b c", "x" * 500, "half \ud800", ""]
    reports = [msgspec.structs.replace(examples.passed(), run=run) for run in runs]
    anchors = anchors_of(reports)
    assert anchors[:3] == ["run=a", "run=a~2", "run=b%20c"]
    assert len(set(anchors)) == len(anchors)
    assert max(map(len, anchors)) < 100


def test_the_index_tells_where_every_case_is():
    results = results_of([examples.early()])
    index, blocks = data_of(results)
    cases = index["cases"]
    report = results.reports[0]
    assert cases["id"] == [case.id for case in report.cases]
    assert cases["change"] == [case.change for case in report.cases]
    for at, (block, place) in enumerate(cases["block"]):
        assert blocks[block][place]["details"]["id"] == cases["id"][at]
    bits = cases["bits"]
    assert [bool(each & UNCOMPARED) for each in bits] == [False] * 142 + [True] * 58
    assert index["versions"] == ["v1", "v2"]


@pytest.mark.parametrize("example", ["first_version", "alone"])
def test_no_case_is_called_uncompared_where_nothing_is_compared(example):
    index, _ = data_of(results_of(examples.every_example()[example]))
    assert index["cases"]["id"]
    assert not any(bits & UNCOMPARED for bits in index["cases"]["bits"])


def test_the_two_draws_of_one_version_have_names_of_their_own():
    index, _ = data_of(results_of([examples.noise()]))
    assert index["versions"] == ["v2, first draw", "v2, second draw"]


@dataclass(frozen=True)
class Shuffled:
    """Details in another order than the report's, one missing, one unknown."""

    report: Report

    baseline = None
    candidate = None

    def cases(self) -> Iterator[CaseDetails]:
        yield CaseDetails("nobody")
        for case in reversed(self.report.cases[1:]):
            yield CaseDetails(case.id, {"message": f"of {case.id}"})


def test_details_find_their_case_whatever_their_order():
    report = msgspec.structs.replace(examples.regressed(), cases=examples.cases(broken=2, same=3))
    index, blocks = data_of(Results([report], None, lambda _: Shuffled(report)))
    found = [blocks[block][place] for block, place in index["cases"]["block"]]
    assert found[0]["details"] is None
    assert found[0]["outputs"] == [
        report.cases[0].baseline_output,
        report.cases[0].candidate_output,
    ]
    for case, behind in zip(report.cases[1:], found[1:], strict=True):
        assert behind["details"]["columns"] == {"message": f"of {case.id}"}


@dataclass(frozen=True)
class Flawed:
    """Samples that went wrong, each in its own way."""

    baseline = None
    candidate = None

    def cases(self) -> Iterator[CaseDetails]:
        samples = {
            "city-001": SampleDetails("candidate", 0, scores={"exact": Score(0.0, "refused")}),
            "city-002": SampleDetails("candidate", 0, scores={"exact": Unscorable("no")}),
            "city-003": SampleDetails("candidate", 0, failure="timeout"),
            "city-004": SampleDetails("candidate", 0, scores={"exact": Score(1.0, "right")}),
        }
        for id_, sample in samples.items():
            yield CaseDetails(id_, samples=[sample])


def test_what_went_wrong_in_a_case_is_marked():
    cases = [examples.case(1, critical=True), *(examples.case(at) for at in (2, 3, 4))]
    report = msgspec.structs.replace(examples.passed(), cases=cases)
    index, _ = data_of(Results([report], None, lambda _: Flawed()))
    assert index["cases"]["bits"] == [CRITICAL | OWN_FAILURE, UNSCORABLE, LOST, 0]


@dataclass(frozen=True)
class Large:
    """Cases of a hundred kilobytes each."""

    report: Report

    baseline = None
    candidate = None

    def cases(self) -> Iterator[CaseDetails]:
        for at, case in enumerate(self.report.cases):
            sample = SampleDetails("candidate", 0, content=f"{at} " * 30_000)
            yield CaseDetails(case.id, samples=[sample])


def test_large_cases_are_parted_into_blocks():
    report = msgspec.structs.replace(examples.passed(), cases=examples.cases(same=20))
    index, blocks = data_of(Results([report], None, lambda _: Large(report)))
    sizes = [len(msgspec.json.encode(block)) for block in blocks]
    assert len(sizes) > 4
    assert min(sizes[:-1]) >= 256_000
    assert max(sizes) < 2 * 256_000
    block, place = index["cases"]["block"][13]
    assert blocks[block][place]["details"]["samples"][0]["content"].startswith("13 ")


def test_a_lone_surrogate_is_kept_as_its_code():
    results = hostile_results(examples.CANARIES["surrogate"])
    _, blocks = data_of(results)
    content = blocks[0][0]["details"]["samples"][0]["content"]
    assert content == "half \\ud800 and \\udfff"


def test_one_page_is_the_same_every_time():
    results = results_of([examples.regressed()])
    assert page_of(results) == page_of(results)


def test_the_words_are_those_of_every_format():
    (report,) = [examples.early()]
    told = " ".join(Parsed(page_of(results_of([report]))).texts)
    assert "exact is worse by 11.2 points (15.8 to 6.3), surely more than the margin of 5" in told
    assert "stopped after 284 of 2,000 calls, saving $0.41" in told


def test_what_is_not_known_is_said():
    told = " ".join(Parsed(page_of(results_of([examples.inconclusive()]))).texts)
    assert "unknown" in told
    assert "$0" not in told
    told = " ".join(Parsed(page_of(results_of([examples.unpriced()]))).texts)
    assert "not known of 120 pairs" in told


def test_what_is_not_known_is_said_once():
    bars = page_of(results_of([examples.unpriced()])).partition('class="economy"')[2]
    assert bars.count("not known of 120 pairs") == 1
    assert "not known not known" not in bars


def test_a_version_by_itself_has_no_level_of_sureness():
    page = page_of(results_of([examples.first_version()]))
    assert "<h3>What was drawn</h3>" in page
    assert "<h3>How sure</h3>" not in page
    assert "over all looks together" not in page


def test_one_look_over_cases_like_these_is_told_as_that():
    report = examples.population()
    path = [LookReport(60, -0.05, (-0.3, 0.2)), LookReport(120, -0.06, (-0.12, 0.01))]
    metrics = [msgspec.structs.replace(report.metrics[0], path=path), *report.metrics[1:]]
    page = page_of(results_of([msgspec.structs.replace(report, metrics=metrics)]))
    assert "The verdict rests on one look at the end, over cases like these." in page
    assert "could stop" not in page
    assert "over all looks together" not in page


@pytest.mark.parametrize("reach", [0.0004, 0.0049, 0.012, 0.049, 0.0999, 0.35, 1.0])
def test_every_scale_of_differences_can_be_read(reach):
    report = examples.passed()
    metric = msgspec.structs.replace(
        report.metrics[0], delta=0.0, interval=(-reach, reach), population_interval=None
    )
    report = msgspec.structs.replace(
        report, metrics=[metric], meta=report.meta | {"margin": reach / 2}
    )
    axis = page_of(results_of([report])).partition('class="plot axis"')[2].partition("</svg>")[0]
    ticks = re.findall(r'class="tick">([^<]*)<', axis)
    assert len(ticks) >= 3
    assert len(set(ticks)) == len(ticks)
    assert ticks[len(ticks) // 2] == "0"


def test_a_served_page_leads_back_to_the_list():
    results = results_of([examples.passed()])
    assert "All runs" not in page_of(results)
    page = Parsed(render(results, Surface(index="../../")))
    assert ("a", {"href": "../../", "class": "tab"}) in page.tags


def test_a_path_is_drawn_where_there_were_looks():
    report = examples.early()
    page = page_of(results_of([report]))
    assert "after 142 pairs −11.2 points (−15.8 to −6.3)" in page
    assert len(re.findall(r'<circle cx="[0-9.]+%" cy="[0-9.]+" r="3"', page)) == 3
    once = msgspec.structs.replace(
        report.metrics[0], path=[LookReport(142, -0.112, (-0.158, -0.063))]
    )
    page = page_of(results_of([msgspec.structs.replace(report, metrics=[once])]))
    assert "How the estimate settled" not in page


def test_a_scale_keeps_within_its_ends():
    scale = Scale(-0.2, 0.2, 3.0, 97.0)
    assert scale.at(0.0) == pytest.approx(50.0)
    assert scale.at(-9.0) == 3.0
    assert scale.at(9.0) == 97.0
    assert scale.ticks(4) == [-0.2, -0.1, 0.0, 0.1, 0.2]
    assert Scale(0.0, 0.0).ticks() == [0.0]
    assert Scale(0.0, 0.0).at(0.0) == 0.0


@pytest.mark.parametrize("ends", [(-1.0, 1.0), (0.0, 1e-9), (-3e-5, 2e-5), (0.0, 1e7)])
def test_ticks_are_few_round_and_within(ends):
    found = Scale(*ends).ticks(5)
    assert 2 <= len(found) <= 11
    assert all(ends[0] * 1.001 - 1e-9 <= each <= ends[1] * 1.001 + 1e-9 for each in found)
