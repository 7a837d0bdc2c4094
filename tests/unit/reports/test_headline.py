"""The finding in one sentence, for each way an evaluation can end."""

from __future__ import annotations

import msgspec
import pytest

from promptops.reports.headline import finding, headline, told_by
from promptops.reports.symbols import ASCII
from tests import examples

UNDECIDED = "it may be worse by 5 or more, or no worse at all"
SAME = "the same version on both sides"


def changed(report, **fields):
    return msgspec.structs.replace(report, **fields)


@pytest.mark.parametrize(
    ("example", "sentence"),
    [
        ("improved", "exact is better by 62 points (55 to 69), sure at 95%"),
        (
            "passed",
            (
                "exact is no worse: +1 point (-3.1 to +4.8);"
                " any drop is under the margin of 5, sure at 95%"
            ),
        ),
        (
            "small_drop",
            (
                "exact has a small real drop of 1.2 points (2 to 0.4), within the margin of 5,"
                " sure at 95%; stopped after 200 of 240 calls"
            ),
        ),
        ("regressed", "exact is worse by 11 points (16 to 6), sure at 95%"),
        ("dearer", "cost rose by 41% (+36% to +47%), more than the 25% that the gate allows"),
        ("perhaps_dearer", "cost is undecided: +24% (+21% to +27%), where the gate allows 25%"),
        ("unpriced", "cost is not known of 120 of 120 pairs: too many for a verdict"),
        (
            "early",
            (
                "exact is worse by 11.2 points (15.8 to 6.3), surely more than the margin of 5,"
                " at 95%; stopped after 284 of 2,000 calls, saving $0.41"
            ),
        ),
        (
            "inconclusive",
            f"exact is undecided: -2 points (-8 to +4), each end sure at 95%; {UNDECIDED}",
        ),
        ("hopeless", "exact is undecided: -4.8 points (-8.2 to -0.03), each end sure at 95%"),
        (
            "population",
            (
                "exact is undecided over cases like these: -6 points (-14 to +2),"
                f" each end sure at 95%; {UNDECIDED}"
            ),
        ),
        (
            "noise",
            (
                f"{SAME}, so what differs is noise: exact -1.2 points (-4 to +1.7);"
                " a drop of 6 points or more would stand out of it"
            ),
        ),
        (
            "false_alarm",
            (
                f"{SAME}: exact -6 points (-11 to -1) is a false alarm,"
                " which happens at most 5% of the time"
            ),
        ),
        ("invalid", "exact: 9 of 120 pairs are missing (calls lost: 0 baseline, 9 candidate)"),
        ("first_version", "first version: nothing to compare with yet; exact is 0.82"),
        ("alone", "scored alone: compared with nothing; exact is 0.82"),
        ("stopped_at_once", "stopped before its end: example/small-1: the key is not accepted"),
    ],
)
def test_the_headline_says_no_more_than_the_evidence(example, sentence):
    (report,) = examples.every_example()[example]
    assert headline(report, ASCII) == sentence


def test_the_finding_leaves_out_what_was_saved():
    assert headline(examples.early(), ASCII) == (
        finding(examples.early(), ASCII) + "; stopped after 284 of 2,000 calls, saving $0.41"
    )


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (0.41, "; stopped after 284 of 2,000 calls, saving $0.41"),
        (0.0, "; stopped after 284 of 2,000 calls"),
        (None, "; stopped after 284 of 2,000 calls"),
    ],
)
def test_money_is_saved_only_where_it_is_known_and_some(usd, told):
    report = examples.early()
    report = changed(report, budget=changed(report.budget, saved_usd=usd))
    assert headline(report, ASCII).endswith(f", at 95%{told}")


def test_an_end_near_the_margin_is_told_on_its_side_of_it():
    near = examples.metric(baseline=0.9, candidate=0.88, interval=(-0.0498, 0.01), verdict="passed")
    told = headline(changed(examples.passed(), metrics=[near]), ASCII)
    assert told.startswith("exact is no worse: -2 points (-4.98 to +1);")


def test_a_verdict_over_the_population_rests_on_the_wider_interval():
    metric = examples.metric(
        baseline=0.9,
        candidate=0.7,
        interval=(-0.22, -0.18),
        population_interval=(-0.3, -0.1),
        verdict="regressed",
    )
    report = changed(
        examples.population(), verdict="regressed", reasons=["exact fell"], metrics=[metric]
    )
    assert headline(report, ASCII) == (
        "exact is worse by 20 points (30 to 10) over cases like these, sure at 95%"
    )


def test_a_regression_by_a_critical_case_is_told_by_its_reason():
    report = changed(
        examples.passed(), verdict="regressed", reasons=["critical case city-009 is broken"]
    )
    assert headline(report, ASCII) == "critical case city-009 is broken"
    same = changed(report, meta=report.meta | {"itself": True})
    assert headline(same, ASCII) == (
        f"{SAME}, so this is a false alarm: critical case city-009 is broken"
    )


def test_a_rise_of_a_version_over_itself_is_none():
    risen = examples.metric(baseline=0.7, candidate=0.8, interval=(0.01, 0.2), verdict="improved")
    report = changed(examples.noise(), verdict="improved", metrics=[risen])
    assert headline(report, ASCII) == (
        f"{SAME}: exact +10 points (+1 to +20) is a rise that is none,"
        " which happens at most 5% of the time"
    )


def test_a_pass_without_an_interval_to_show_for_it_is_told_by_its_reason():
    why = "every request is the same on both versions: nothing can differ"
    same = examples.metric(baseline=0.8, candidate=0.8, interval=(-0.2, 0.2), verdict="passed")
    report = changed(examples.passed(), reasons=[why], metrics=[same])
    assert headline(report, ASCII) == why


def test_a_run_that_says_little_is_told_with_little():
    assert headline(changed(examples.passed(), meta={}), ASCII) == (
        "exact is no worse: +1 point (-3.1 to +4.8)"
    )
    blind = examples.metric(interval=None)
    assert headline(changed(examples.passed(), reasons=[], metrics=[blind]), ASCII) == (
        "no metric could be compared"
    )


def test_a_stopped_run_says_so_once():
    report = changed(examples.stopped(), reasons=["the key is not accepted"])
    assert headline(report, ASCII) == "stopped before its end: the key is not accepted"
    assert headline(changed(report, meta={}), ASCII) == "the key is not accepted"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("exact fell by 11.0 points (6.0 to 16.0)", True),
        ("short fell by 2.0 points (1.0 to 3.0)", True),
        ("critical case city-001 broke", False),
        ("faithful fell by 1.0 points (0.1 to 2.0)", False),
        ("stopped before its end: the budget is spent", False),
    ],
)
def test_a_reason_that_the_sentence_or_the_table_tells_is_not_repeated(reason, told):
    report = examples.regressed()
    assert told_by(headline(report, ASCII), reason, report) is told


def test_a_limit_that_was_kept_is_told_by_the_table_alone():
    kept = examples.economy({"tokens": 2.0}, tokens={"verdict": "passed"})
    report = changed(examples.passed(), economy=kept)
    told = headline(report, ASCII)
    assert told.startswith("exact is no worse")
    reason = "tokens surely rose by no more than the 200% that the gate allows"
    assert told_by(told, reason, report)
    assert not told_by(told, reason, examples.passed())
    assert not told_by(told, examples.dearer().reasons[0], report)


def test_where_scores_are_open_too_they_are_what_is_told():
    report = changed(
        examples.inconclusive(),
        economy=examples.economy({"cost": 0.25}, cost={"verdict": "inconclusive"}),
    )
    assert headline(report, ASCII).startswith("exact is undecided")
