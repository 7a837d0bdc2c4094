"""What judges and people said, counted by hand and then by every format."""

from __future__ import annotations

import csv
import html
import io
import json
from dataclasses import replace

import jsonschema_rs
import msgspec
import pytest

from promptops.cli.commenting import comment_of
from promptops.cli.trend_points import point
from promptops.github.gate_file import decode_gate
from promptops.history.versions import Version
from promptops.reports.case_words import case_words, vote_told
from promptops.reports.discovery import find, formats
from promptops.reports.gate_file import MOST_BYTES
from promptops.reports.headline import headline
from promptops.reports.judged_results import JudgedResults, by_answer, digest_of, judged, said_by
from promptops.reports.schema import gate_schema, report_schema
from promptops.reports.surface import Surface
from promptops.reports.symbols import UNICODE
from promptops.reports.votes import Votes, differ, judging_told, read_votes
from promptops.values.details import SampleDetails
from promptops.values.label import Label, PairLabel, output_digest
from promptops.values.report import LookReport, Report
from promptops.values.response import Response
from promptops.values.results import Results
from promptops.values.score import Vote
from tests import examples
from tests.gate_examples import every_gate
from tests.judged_examples import BAD, JudgedDetails, judged_report, judged_results, labels


def shown(format_: str, results: Results | None = None, width: int = 120) -> str:
    return find(format_)(results or judged_results(), Surface(width))


def test_votes_are_counted():
    found = read_votes(judged_results(), judged_report()).metrics
    helpful, preferred = found["helpful"], found["preferred"]
    assert (helpful.answers, helpful.cannot_tell, helpful.unscored) == (12, 1, 0)
    assert (helpful.voted, helpful.divided) == (9, 1)  # two have one value, one has none
    small, large = helpful.voters
    assert (small.by, small.votes, small.silent, small.mean) == ("example/small-1", 11, 0, 1.0)
    assert (large.votes, large.silent) == (9, 2)
    assert large.mean == pytest.approx(8 / 9)
    assert (preferred.answers, preferred.pairs, preferred.flipped) == (6, 6, 6)
    assert (preferred.decided, preferred.first) == (12, 0)
    assert preferred.voted == 0, "two words of one judge in two orders are one vote"


def test_what_the_note_says_is_not_said_twice():
    preferred = read_votes(judged_results(), judged_report()).metrics["preferred"]
    assert judging_told(preferred) == [
        "6 of 6 pairs flipped with the order",
        "the answer shown first won 0% of 12 votes",
    ]
    note = "the answer shown first won 0% of 12 votes; 6 of 6 pairs flipped with the order"
    assert judging_told(preferred, note) == []


def test_nothing_is_read_of_a_report_without_judges():
    def details(_: str) -> JudgedDetails:
        raise AssertionError("nobody asked for them")

    report = examples.passed()
    bare = [msgspec.structs.replace(each, judge=None) for each in report.metrics]
    report = msgspec.structs.replace(report, metrics=bare)
    assert read_votes(Results([report], None, details), report, {"a"}) == Votes()


def test_votes_differ_where_values_do():
    one, other = Vote(1.0, "yes", by="a"), Vote(0.0, "no", by="b")
    assert differ([one, other])
    assert not differ([one, one])
    assert not differ([one, Vote(None, "down", by="b")])
    orders = [
        Vote(value, "first", by=by, order=order)
        for by, values in (("a", (1.0, 0.0)), ("b", (0.0, 1.0)))
        for value, order in zip(values, ("baseline first", "candidate first"), strict=True)
    ]
    assert not differ(orders), "the order decides for both: each comes to a tie"


def test_one_vote_in_words():
    assert vote_told(Vote(1.0, "yes", by="a/b")) == "a/b says yes (1.00)"
    assert vote_told(Vote(0.25)) == "a vote says 0.25"
    assert vote_told(Vote(None, "down", by="a/b")) == "a/b: down"
    assert vote_told(Vote(1.0, "second", by="a", order="baseline first")) == (
        "a (baseline first) says second (1.00)"
    )


def test_a_label_belongs_to_what_was_said():
    report = judged_report()
    (case, *_) = JudgedDetails(report).cases()
    told = case_words(case, report, by_answer(labels(report)))
    version = report.candidate.version
    assert f"helpful of v{version}: Ana Ficta says useless: vague" in told.people
    assert f"helpful of v{version}: Bo Example says cannot tell" in told.people
    assert sum("preferred" in each for each in told.people) == 2
    assert digest_of(case.samples[1]) == output_digest(Response(f"{BAD} (c0)"))
    elsewhere = msgspec.structs.replace(case, id="another")
    assert case_words(elsewhere, report, by_answer(labels(report))).people == []


def test_of_several_answers_the_sample_is_told():
    report = judged_report()
    (case, *_) = JudgedDetails(report).cases()
    again = [
        msgspec.structs.replace(case.samples[1], index=1, content="Another answer."),
        msgspec.structs.replace(case.samples[1], index=2),
    ]
    several = msgspec.structs.replace(case, samples=[*case.samples, *again])
    told = case_words(several, report, by_answer(labels(report))).people
    version = report.candidate.version
    assert f"helpful of v{version}, sample 1: Ana Ficta says useless: vague" in told
    assert len(told) == len(case_words(case, report, by_answer(labels(report))).people)


def test_a_label_belongs_to_an_answer_that_came():
    broken = SampleDetails("candidate", 0, content="half \ud800")
    assert digest_of(broken) == output_digest(Response("half \ud800"))
    assert digest_of(SampleDetails("candidate", 0, failure="timeout")) is None


def test_what_people_say_of_a_pair():
    pair = PairLabel("m", "c", "aa", "bb", "first", "Ana Ficta", "")
    assert (said_by(pair, "aa"), said_by(pair, "bb")) == (
        "better than the other",
        "worse than the other",
    )
    tie = msgspec.structs.replace(pair, better="tie")
    assert said_by(tie, "bb") == "as good as the other"
    assert said_by(Label("m", "c", "aa", 0.5, "Ana Ficta", ""), "aa") == "0.50"


@pytest.mark.parametrize("format_", ["terminal", "markdown", "html", "junit", "csv", "json"])
def test_every_format_says_who_voted_how(format_: str):
    text = shown(format_)
    assert "example/small-1" in text
    assert "example/large-2" in text


@pytest.mark.parametrize("format_", ["terminal", "markdown", "junit"])
def test_formats_for_readers_say_all_of_it(format_: str):
    text = " ".join(shown(format_).replace("\\", "").split())
    for told in (
        "the judge cannot tell of 1 of 12 answers",
        "votes differ on 1 of 9 answers",
        "6 of 6 pairs flipped with the order",
        "observes: below the bar",
        "says useless (0.00)",
        "Ana Ficta says useless",
        "80 labelled pairs",
    ):
        assert told in text, told


def test_the_verdict_rests_on_the_corrected_difference():
    found = headline(judged_report(), UNICODE)
    assert found.startswith("helpful is worse by 4.9 points (9.1 to 0.8), corrected by 80 labelled")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_has_both_differences_below_each_other(width: int):
    lines = shown("terminal", width=width).splitlines()
    raw = next(at for at, line in enumerate(lines) if " helpful " in line and "0.70" in line)
    assert "+0.02" in lines[raw]
    assert "corrected" in lines[raw + 1]
    assert "−0.05" in lines[raw + 1]
    assert "the verdict rests on it" in " ".join(" ".join(lines).split())


def told_of(format_: str, report: Report) -> str:
    """What a format says of it, in one line and without marks."""
    text = html.unescape(shown(format_, judged_results(report=report)))
    return " ".join(text.replace("\\", "").replace("`", "").split())


@pytest.mark.parametrize("format_", ["terminal", "markdown", "html"])
def test_a_verdict_by_labels_is_told_once_and_asks_for_labels(format_: str):
    report = judged_report()
    found = "helpful, by people's labels of 80 pairs, fell by 4.9 points (0.8 to 9.1)"
    again = msgspec.structs.replace(report, reasons=[found])
    assert "by people's labels of" not in told_of(format_, again)
    helpful, *others = report.metrics
    open_ = msgspec.structs.replace(
        helpful, verdict="inconclusive", corrected_interval=(-0.1, 0.01)
    )
    undecided = msgspec.structs.replace(
        report, verdict="inconclusive", exit_code=3, metrics=[open_, *others]
    )
    text = told_of(format_, undecided)
    assert "ore labels, on both answers of pairs drawn at random, would settle it" in text
    assert "promptops review parcel --metric helpful" in text
    assert "too near the line" not in text


@pytest.mark.parametrize("format_", ["terminal", "markdown", "html"])
def test_where_nothing_gates_no_number_of_pairs_is_asked_for(format_: str):
    report = judged_report()
    why = "helpful observes, and does not gate: nobody measured it"
    observed = [
        msgspec.structs.replace(each, role="observe", verdict=None) for each in report.metrics
    ]
    undecided = msgspec.structs.replace(
        report, verdict="inconclusive", exit_code=0, reasons=[why], metrics=observed
    )
    text = told_of(format_, undecided)
    assert why in text
    for wrong in ("too near the line", "plan for more pairs", "can see a drop"):
        assert wrong not in text, wrong


def test_the_path_of_a_corrected_metric_is_told_to_be_the_judges_own():
    report = judged_report()
    path = [LookReport(60, 0.03, (-0.05, 0.1)), LookReport(120, 0.02, (-0.02, 0.05))]
    helpful = report.metrics[0]
    looked = msgspec.structs.replace(helpful, path=path)
    text = shown("html", judged_results(report=msgspec.structs.replace(report, metrics=[looked])))
    assert "as the judge sees it, and not put right by labels" in text
    assert 'class="plot path observed"' in text
    raw = msgspec.structs.replace(looked, corrected_delta=None, verdict="passed")
    text = shown("html", judged_results(report=msgspec.structs.replace(report, metrics=[raw])))
    assert "as the judge sees it" not in text
    assert 'class="plot path passed"' in text


def test_wherever_a_difference_stands_beside_a_verdict_it_is_the_one_that_it_rests_on():
    report = judged_report()
    other = msgspec.structs.replace(report, run="20261002-0917-aaaa", model="example/large-2")
    both = JudgedResults([report, other])
    rows = [line for line in shown("markdown", both).splitlines() if "parcel` regressed" in line]
    told = "| **−0.05** by labels | −0.09 to −0.01 |"
    assert [told in row for row in rows if row.startswith("|")] == [True, True]
    by_model = shown("terminal", both).split("parcel by model")[1]
    assert by_model.count("0.72 (−0.05)") == 2
    digest = report.candidate.digest
    version = Version(2, digest, None, "", "", "", "", dirty=False, path="", loaded=None)
    (score,) = point(version, report, ["helpful"]).scores
    told_ = (score.delta, score.interval, score.verdict)
    assert told_ == (-0.0493, (-0.0911, -0.0081), "regressed")


def test_an_uncorrected_metric_says_how_many_labels_there_are():
    report = judged_report()
    few = msgspec.structs.replace(
        report.metrics[0], corrected_delta=None, corrected_interval=None, labels=12
    )
    report = msgspec.structs.replace(report, metrics=[few, report.metrics[1]])
    text = shown("terminal", judged_results(report=report))
    assert "12 labelled pairs" in text
    assert "the verdict rests on it" not in text


def test_the_sheet_has_columns_for_it():
    rows = list(csv.DictReader(io.StringIO(shown("csv").removeprefix("\ufeff"), newline="")))
    first, second, third = rows[:3]
    assert "says useless (0.00)" in first["helpful votes candidate"]
    assert first["preferred votes"].count("says second") == 2
    assert "Ana Ficta says useless" in first["people"]
    assert (first["helpful raw delta"], first["helpful corrected delta"]) == ("0.02", "-0.0493")
    assert first["helpful labelled pairs"] == "80"
    assert "example/large-2: cannot tell" in second["helpful votes baseline"]
    assert (third["helpful cannot tell baseline"], third["people"]) == ("1", "")


def test_a_sheet_without_judges_has_none_of_them():
    report = examples.passed()
    bare = [msgspec.structs.replace(each, judge=None, note="a note") for each in report.metrics]
    plain = find("csv")(Results([msgspec.structs.replace(report, metrics=bare)]), Surface())
    assert not {"people", "votes", "corrected", "note"} & set(
        plain.splitlines()[0].replace(",", " ").split()
    )


def test_json_keeps_its_contract_and_adds_what_was_said():
    text = shown("json")
    (value,) = json.loads(text)
    jsonschema_rs.validator_for(report_schema()).validate([value])
    assert value["judging"]["helpful"]["voters"][1]["by"] == "example/large-2"
    assert value["judging"]["preferred"]["flipped"] == 6
    assert list(value["said"]) == ["order-0"]
    assert value["metrics"][0]["corrected_delta"] == -0.0493
    assert msgspec.json.decode(text, type=list[Report]) == [judged_report()]
    broken = {**value, "judging": {"helpful": {"answers": "many"}}}
    assert not jsonschema_rs.validator_for(report_schema()).is_valid([broken])


@pytest.mark.parametrize("format_", formats())
def test_formats_take_results_of_which_nothing_more_is_known(format_: str):
    report = judged_report()
    text = find(format_)(Results([report]), Surface())
    assert "helpful" in text
    assert "large-2" not in text


def test_plain_results_are_taken_for_judged_ones():
    plain = Results([judged_report()])
    assert list(judged(plain).labels(judged_report())) == []
    known = judged_results()
    assert judged(known) is known


def test_the_file_of_a_gate_carries_what_was_said_to_the_comment():
    gate = every_gate()["supplied"].gate
    assert gate is not None
    known = replace(judged_results(), gate=gate)
    text = find("json")(known, Surface())
    jsonschema_rs.validator_for(gate_schema()).validate(json.loads(text))
    file = decode_gate(text.encode())
    run = judged_report().run
    assert file.said[run].judging["helpful"].voters[1].by == "example/large-2"
    assert "helpful of v2: Ana Ficta says useless: vague" in file.said[run].cases["order-0"].people
    comment = " ".join(comment_of(file).replace("\\", "").split())
    for told in ("votes differ on 1 of 9 answers", "says useless (0.00)", "Ana Ficta says useless"):
        assert told in comment


def test_a_file_of_a_gate_that_has_to_be_small_leaves_cases_out():
    cases = [
        msgspec.structs.replace(judged_report().cases[0], id=f"order-{at}", why="w" * 4000)
        for at in range(4000)
    ]
    report = msgspec.structs.replace(judged_report(), cases=cases)
    known = replace(judged_results(report=report), gate=every_gate()["supplied"].gate)
    text = find("json")(known, Surface())
    assert len(text.encode()) <= MOST_BYTES
    file = decode_gate(text.encode())
    left = {case.id for case in file.reports[0].cases}
    assert set(file.said[report.run].cases) <= left
    assert file.said[report.run].judging["preferred"].flipped == 4000
