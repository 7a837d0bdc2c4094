from __future__ import annotations

import msgspec
import pytest

from promptops.reports import words
from promptops.reports.safe_text import PLAIN_FORMS
from promptops.reports.symbols import ASCII, UNICODE
from promptops.values.report import Cost, EconomyReport
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
        (-0.0003, "−0.0003"),
        (-1e-17, "0.00"),
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
        (0.0246, "$0.025"),
        (0.0996, "$0.100"),
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
    assert words.paid(Cost(unpriced_calls=1), made=0) == "$0 paid now"
    some = words.paid(Cost(incurred_usd=1.0, unpriced_calls=2))
    assert some == "at least $1.00 paid now, and 2 calls without a known price"


def test_what_was_paid_says_of_how_much_and_what_may_come_on_top():
    cost = Cost(incurred_usd=0.0312, at_risk_usd=0.0004, budget_usd=2.0)
    told = "$0.031 of $2.00 paid now; up to $0.00040 more for calls that never answered"
    assert words.paid(cost) == told
    assert words.paid(Cost(budget_usd=0.5)) == "$0 of $0.50 paid now"
    some = words.paid(Cost(incurred_usd=1.0, unpriced_calls=2, budget_usd=3.0))
    assert some == "at least $1.00 of $3.00 paid now, and 2 calls without a known price"


@pytest.mark.parametrize(
    ("share", "limit", "shown"),
    [
        (0.41, None, "+41%"),
        (-0.034, None, "−3%"),
        (0.0, 0.25, "0%"),
        (-0.0001, None, "0%"),
        (0.2531, 0.25, "+25.3%"),
        (0.24996, 0.25, "+24.996%"),
        (0.25, 0.25, "+25%"),
        (25.0, None, "+2,500%"),
    ],
)
def test_an_increase_is_never_told_on_the_other_side_of_its_limit(share, limit, shown):
    assert words.percent(share, UNICODE, limit) == shown


def test_an_increase_without_an_interval_is_a_dash():
    unknown = EconomyReport("cost", "usd", None, None, None)
    assert words.increase(unknown, UNICODE) == words.increase_between(unknown, UNICODE) == "–"
    assert words.increase_between(examples.economy()[0], UNICODE) == "+21% to +27%"


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("usd", 0.00012, "$0.00012"),
        ("usd", None, "unknown"),
        ("tokens", None, "unknown"),
        ("tokens", 12.34, "12.3"),
        ("tokens", 1234.5, "1,234"),
        ("seconds", 0.31, "310 ms"),
    ],
)
def test_an_amount_is_told_in_its_unit(unit, value, shown):
    assert words.amount(EconomyReport("cost", unit, None, None, None), value) == shown


@pytest.mark.parametrize(
    ("value", "apart", "shown"),
    [
        (0.11, (0.0,), "11"),
        (-0.112, (0.0,), "11.2"),
        (0.0, (0.0,), "0"),
        (1.0, (0.0,), "100"),
        (-0.0003, (0.0,), "0.03"),
        (0.0003, (), "0"),
        (-0.0499, (0.0, -0.05), "4.99"),
        (-0.04996, (0.0, -0.05), "4.996"),
        (-0.05, (0.0, -0.05), "5"),
        (-0.0501, (0.0, -0.05), "5.01"),
        (1e-17, (0.0,), "0"),
    ],
)
def test_points_never_move_onto_the_margin_or_zero(value, apart, shown):
    assert words.points(value, apart) == shown


@pytest.mark.parametrize(
    ("value", "moved", "whole"),
    [
        (-0.004, "−0.4 points", "0"),
        (0.01, "+1 point", "+1"),
        (-0.01, "−1 point", "−1"),
        (-1e-18, "0 points", "0"),
        (-0.062, "−6.2 points", "−6"),
    ],
)
def test_a_difference_in_points_has_its_sign_and_noun(value, moved, whole):
    assert words.moved_points(value, UNICODE) == moved
    assert words.whole_points(value, UNICODE) == whole


@pytest.mark.parametrize(("value", "shown"), [(0.06, "6"), (0.0631, "6.4"), (0.0600001, "6.1")])
def test_what_can_be_seen_is_never_told_smaller(value, shown):
    assert words.points_up(value) == shown


def test_a_stopped_run_says_how_much_it_had():
    report = examples.stopped()
    assert words.samples_had(report) == "14 of 240 samples were had"
    assert words.samples_had(msgspec.structs.replace(report, meta={})) == "14 samples were had"
    lost = msgspec.structs.replace(report, candidate=examples.arm(2, samples=6, failures=2))
    assert words.samples_had(lost) == "12 of 240 samples were had"


def test_sureness_is_said_only_where_the_run_says_it():
    told = [
        words.sureness(msgspec.structs.replace(examples.passed(), meta=meta))
        for meta in ({}, {"alpha": 0.025}, {"alpha": "0.05"}, {"alpha": 1.5})
    ]
    assert told == ["", "97.5% sure", "", ""]


def test_ascii_has_one_plain_form_for_every_sign():
    for name in UNICODE.__slots__:
        signs, plain_signs = getattr(UNICODE, name), getattr(ASCII, name)
        if isinstance(signs, str):
            signs, plain_signs = {name: signs}, {name: plain_signs}
        for meaning, sign in signs.items():
            assert plain_signs[meaning] == PLAIN_FORMS.get(sign, sign)
            assert plain_signs[meaning].isascii()
    assert ASCII.dot == "-"
