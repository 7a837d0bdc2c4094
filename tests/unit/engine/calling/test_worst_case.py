from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.engine.calling.worst_case import worst_case, worst_case_of_text
from promptops.models.price_entry import Price
from promptops.models.prices import FREE, price
from promptops.values.price import StatedPrice
from promptops.values.request import Message, Request

LISTED = Price(
    1e-6, 2e-6, most_input_usd=4e-6, most_output_usd=8e-6, max_input_tokens=50_000,
    max_output_tokens=1_000,
)  # fmt: skip
PICTURE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "https://pics.example/a.png"}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def ask(text: Any = "x", **fields: Any) -> Request:
    return Request("ficta/model", (Message("user", text),), **fields)


def test_bytes_bound_the_input_and_the_limit_bounds_the_output():
    short = worst_case(ask(params={"max_tokens": 7}), LISTED)
    longer = worst_case(ask("x" + "é" * 100, params={"max_tokens": 7}), LISTED)
    assert short.tokens is not None
    assert longer.tokens is not None
    assert longer.tokens - short.tokens == 200  # bytes, not letters
    assert short.usd == pytest.approx((short.tokens - 7) * 4e-6 + 7 * 8e-6)
    assert short.unbounded == ""


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(1, 5))
def test_no_text_has_more_tokens_than_the_bound(text: str, messages: int):
    """Bytes are the finest tokens that there are."""
    asked = Request("m", (Message("user", text),) * messages, {"max_tokens": 1})
    found = worst_case(asked, LISTED).tokens
    assert found is not None
    assert found >= min(50_000, messages * len(text.encode())) + 1


@pytest.mark.parametrize(
    ("params", "output"),
    [
        ({}, 1000),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6}, 6),
        ({"max_tokens": 5, "max_completion_tokens": 9}, 9),
        ({"max_tokens": 5, "n": 3}, 15),
        ({"max_tokens": 5000}, 5000),
        ({"n": 2}, 2000),
        ({"max_tokens": True}, 1000),
        ({"max_tokens": 0}, 1000),
        ({"max_tokens": "5"}, 1000),
        ({"max_tokens": 5, "reasoning_effort": "high"}, 5),
    ],
)
def test_the_longest_answer(params, output):
    without_input = Price(0.0, 1.0, max_input_tokens=1, max_output_tokens=1000)
    assert worst_case(ask(params=params), without_input).usd == output


def test_what_was_predicted_is_paid_as_output():
    plain = Price(0.0, 1.0, max_input_tokens=1)
    prediction = {"type": "content", "content": "a" * 500}
    usd = worst_case(ask(params={"max_tokens": 5, "prediction": prediction}), plain).usd
    assert usd is not None
    assert usd > 505


@pytest.mark.parametrize(
    "more", [{"tools": (TOOL,)}, {"output_schema": {"type": "object", "title": "t" * 3000}}]
)
def test_tools_and_schemas_are_sent_too(more):
    plain = worst_case(ask(), LISTED).tokens
    with_more = worst_case(ask(**more), LISTED).tokens
    assert plain is not None
    assert with_more is not None
    assert with_more > plain + 1000


def test_the_models_own_limit_caps_the_input():
    assert worst_case(ask("x" * 10**6, params={"max_tokens": 1}), LISTED).tokens == 50_001


def test_pictures_take_all_that_the_model_takes_or_are_unknown():
    asked = ask([{"type": "text", "text": "see"}, PICTURE], params={"max_tokens": 10})
    assert worst_case(asked, LISTED).tokens == 50_010
    no_limit = worst_case(asked, Price(1e-6, 1e-6))
    assert (no_limit.tokens, no_limit.usd) == (None, None)
    assert "picture" in no_limit.unbounded
    by_the_piece = Price(1e-6, 1e-6, most_media_usd=None, max_input_tokens=5)
    assert worst_case(asked, by_the_piece).usd is None
    assert worst_case(ask(params={"max_tokens": 1}), by_the_piece).usd is not None
    dear = Price(1e-6, 1e-6, most_media_usd=1e-3, max_input_tokens=1000)
    assert worst_case(asked, dear).usd == pytest.approx(1.0 + 10 * 1e-6)


@pytest.mark.parametrize(
    ("asked", "of", "why"),
    [
        (ask(params={"max_tokens": 5}), None, "price is unknown"),
        (ask(), Price(1e-6, 1e-6), "length of an answer"),
        (ask(tools=({"type": "web_search"},)), LISTED, "own tools"),
        (ask(params={"web_search_options": {"search_context_size": "low"}}), LISTED, "own tools"),
        (ask(), Price(1e-6, 1e-6, most_fee_usd=None, max_output_tokens=5), "searches"),
    ],
)
def test_what_has_no_bound_says_why(asked, of, why):
    found = worst_case(asked, of)
    assert found.usd is None
    assert why in found.unbounded


def test_tokens_are_bounded_where_only_the_price_is_unknown():
    assert worst_case(ask(params={"max_tokens": 5}), None).tokens is not None


def test_what_is_free_costs_nothing_however_long():
    found = worst_case(ask(), FREE)
    assert (found.tokens, found.usd) == (None, 0.0)


def test_fees_by_the_call_are_added():
    with_fee = Price(0.0, 0.0, most_fee_usd=0.012, max_output_tokens=5)
    assert worst_case(ask(), with_fee).usd == pytest.approx(0.012)


def test_vectors():
    found = worst_case_of_text("é" * 100, price("text-embedding-3-small"))
    assert found.tokens == 232
    assert found.usd == pytest.approx(232 * 0.02e-6)
    assert worst_case_of_text("x" * 10**6, price("text-embedding-3-small")).tokens == 8191
    assert worst_case_of_text("x", None).usd is None
    assert worst_case_of_text("x", FREE).usd == 0.0


def test_a_stated_price_bounds_a_model_that_no_list_knows():
    stated = {"openai/house": StatedPrice(1.0, 2.0)}
    asked = Request("openai/house", (Message("user", "x"),), {"max_tokens": 1000})
    found = worst_case(asked, price("openai/house", stated))
    assert found.tokens is not None
    assert found.usd == pytest.approx((found.tokens - 1000) * 1e-6 + 1000 * 2e-6)
