from __future__ import annotations

import msgspec
import pytest

from promptops.reports import words
from promptops.reports.safe_text import PLAIN_FORMS
from promptops.reports.symbols import ASCII, UNICODE
from promptops.values.report import Cost
from tests import examples


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "unscored"),
        (0.0, "0.00"),
        (1.0, "1.00"),
        (0.825, "0.82"),
        (0.997, "0.997"),
        (0.9996, ">0.999"),
        (0.004, "0.004"),
        (0.0001, "<0.001"),
    ],
)
def test_a_score_is_never_rounded_to_perfect_or_nothing(value, shown):
    assert words.score(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0.00"),
        (-0.0, "0.00"),
        (0.62, "+0.62"),
        (-0.11, "−0.11"),
        (-0.004, "−0.004"),
    ],
)
def test_a_difference_has_its_sign(value, shown):
    assert words.signed(value, UNICODE) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "unknown"),
        (0.0, "$0"),
        (0.0000012, "$0.0000012"),
        (0.00123, "$0.0012"),
        (0.0241, "$0.024"),
        (0.1, "$0.10"),
        (1.204, "$1.20"),
        (12_345.678, "$12,345.68"),
    ],
)
def test_money_is_unknown_or_nothing_but_never_mistaken(usd, shown):
    assert words.money(usd) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "unknown"),
        (0.0, "0 ms"),
        (0.312, "312 ms"),
        (0.9999, "1.0 s"),
        (41.24, "41.2 s"),
        (125, "2 min 05 s"),
        (119.7, "2 min 00 s"),
    ],
)
def test_durations(value, shown):
    assert words.seconds(value) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (100, 148, "+48%"),
        (100, 98, "−2%"),
        (100, 100, "same"),
        (0, 5, ""),
        (None, 5, ""),
        (5, None, ""),
        (1, 51, "+5,000%"),
    ],
)
def test_relative_changes(before, after, shown):
    assert words.relative(before, after, UNICODE) == shown


def test_what_was_paid_says_what_is_not_known():
    assert words.paid(Cost()) == "$0 paid now"
    assert words.paid(Cost(unpriced_calls=1)) == "unknown: 1 call without a known price"
    some = words.paid(Cost(incurred_usd=1.0, unpriced_calls=2))
    assert some == "at least $1.00 paid now, and 2 calls without a known price"


@pytest.mark.parametrize(
    ("example", "sentence"),
    [
        ("improved", "exact +0.62: at least +0.55, 95% sure"),
        ("passed", "exact +0.01: no worse than -0.03, 95% sure"),
        ("regressed", "exact -0.11: -0.06 or worse, 95% sure"),
        ("inconclusive", "exact -0.02: anything from -0.08 to +0.04, each end 95% sure"),
        (
            "invalid",
            "exact: 9 of 120 pairs are missing (calls lost: 0 baseline, 9 candidate)",
        ),
        ("first_version", "first version: nothing to compare with yet; exact is 0.82"),
        ("alone", "scored alone: compared with nothing; exact is 0.82"),
        ("stopped_at_once", "stopped before its end: example/small-1: the key is not accepted"),
    ],
)
def test_the_headline_says_no_more_than_the_evidence(example, sentence):
    (report,) = examples.every_example()[example]
    assert words.headline(report, ASCII) == sentence


def test_a_stopped_run_says_so_once_and_how_much_it_had():
    report = msgspec.structs.replace(examples.stopped(), reasons=["the key is not accepted"])
    assert words.headline(report, ASCII) == "stopped before its end: the key is not accepted"
    assert words.samples_had(report) == "14 of 240 samples were had"
    assert words.samples_had(msgspec.structs.replace(report, meta={})) == "14 samples were had"
    lost = msgspec.structs.replace(report, candidate=examples.arm(2, samples=6, failures=2))
    assert words.samples_had(lost) == "12 of 240 samples were had"
    whole = msgspec.structs.replace(report, meta={})
    assert words.headline(whole, ASCII) == "the key is not accepted"


def test_a_small_real_drop_is_called_one():
    told = examples.metric(baseline=0.9, candidate=0.88, interval=(-0.03, -0.01), verdict="passed")
    report = msgspec.structs.replace(examples.passed(), metrics=[told])
    assert words.headline(report, ASCII) == (
        "exact -0.02: a small real drop, no worse than -0.03, 95% sure"
    )


def test_a_regression_by_a_critical_case_is_told_by_its_reason():
    report = msgspec.structs.replace(
        examples.passed(), verdict="regressed", reasons=["critical case city-009 is broken"]
    )
    assert words.headline(report, ASCII) == "critical case city-009 is broken"


def test_sureness_is_said_only_where_the_run_says_it():
    report = msgspec.structs.replace(examples.passed(), meta={})
    assert words.headline(report, ASCII) == "exact +0.01: no worse than -0.03"
    report = msgspec.structs.replace(examples.passed(), meta={"alpha": 0.025})
    assert words.sureness(report) == "97.5% sure"


def test_ascii_has_one_plain_form_for_every_sign():
    for name in UNICODE.__slots__:
        signs, plain_signs = getattr(UNICODE, name), getattr(ASCII, name)
        if isinstance(signs, str):
            signs, plain_signs = {name: signs}, {name: plain_signs}
        for meaning, sign in signs.items():
            assert plain_signs[meaning] == PLAIN_FORMS.get(sign, sign)
            assert plain_signs[meaning].isascii()
    assert ASCII.dot == "-"


def test_the_metric_that_regressed_most_decides():
    metrics = [
        examples.metric("fine", 0.5, 0.9, (0.3, 0.5), verdict="improved"),
        examples.metric("bad", 0.9, 0.8, (-0.15, -0.05), verdict="regressed"),
        examples.metric("worst", 0.9, 0.5, (-0.5, -0.3), verdict="regressed"),
        examples.metric("seen", 0.9, 0.1, (-0.9, -0.7), role="observe"),
    ]
    report = msgspec.structs.replace(examples.regressed(), metrics=metrics)
    decided = words.deciding_metric(report)
    assert decided is not None
    assert decided.name == "worst"
