from __future__ import annotations

from typing import Any

import pytest

from promptops.models.price_entry import Price, digest, read_entry, stated_entry
from promptops.values.price import StatedPrice

PLAIN: dict[str, Any] = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}


def read(name: str = "", **more: Any) -> Price:
    found = read_entry(PLAIN | more, name)
    assert found is not None
    return found


def test_plain_prices_and_limits():
    found = read(
        cache_read_input_token_cost=1e-7,
        max_input_tokens=128_000,
        max_output_tokens=4096,
        max_tokens=9,
    )
    assert found == Price(
        1e-6, 2e-6, 1e-7, max_input_tokens=128_000, max_output_tokens=4096,
    )  # fmt: skip
    assert found.most_input_usd == 1e-6
    assert found.most_output_usd == 2e-6


@pytest.mark.parametrize("limit", [None, 0, -1, "128000", True, 1.5])
def test_limits_that_make_no_sense_are_unknown(limit):
    found = read(max_input_tokens=limit, max_output_tokens=limit, max_tokens=limit)
    assert (found.max_input_tokens, found.max_output_tokens) == (None, None)


def test_the_one_limit_of_older_entries():
    assert read(max_tokens=77).max_output_tokens == 77


@pytest.mark.parametrize(
    ("more", "most_input", "most_output"),
    [
        ({"input_cost_per_token_above_200k_tokens": 5e-6}, 5e-6, 2e-6),
        ({"output_cost_per_token_above_200k_tokens": 5e-6}, 1e-6, 5e-6),
        ({"input_cost_per_token_priority": 4e-6, "input_cost_per_token_flex": 9e-6}, 4e-6, 2e-6),
        ({"input_cost_per_token_batches": 9e-6, "output_cost_per_token_batches": 9e-6}, 1e-6, 2e-6),
        ({"cache_creation_input_token_cost": 1.25e-6}, 1.25e-6, 2e-6),
        ({"cache_creation_input_token_cost_above_1hr": 3e-6}, 3e-6, 2e-6),
        ({"output_cost_per_reasoning_token": 7e-6}, 1e-6, 7e-6),
        ({"output_cost_per_audio_token": 8e-6}, 1e-6, 8e-6),
        ({"regional_processing_uplift_multiplier_eu": 1.1}, 1.1e-6, 2.2e-6),
        ({"provider_specific_entry": {"us": 1.5, "fast": 6}}, 1.5e-6, 3e-6),
        ({"cache_creation_input_token_cost": 0.0}, 1e-6, 2e-6),
    ],
)
def test_the_dearest(more, most_input, most_output):
    found = read(**more)
    assert found.most_input_usd == pytest.approx(most_input)
    assert found.most_output_usd == pytest.approx(most_output)
    assert (found.input_usd, found.output_usd) == (1e-6, 2e-6)


def test_tiers_begin_with_the_shortest():
    tiers = [
        {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "range": [0, 256_000]},
        {"input_cost_per_token": 5e-6, "output_cost_per_token": 6e-6, "range": [256_000, 1e6]},
    ]
    found = read_entry({"tiered_pricing": tiers})
    assert found is not None
    assert (found.input_usd, found.output_usd) == (1e-6, 2e-6)
    assert (found.most_input_usd, found.most_output_usd) == (5e-6, 6e-6)


@pytest.mark.parametrize("tiers", [[], None, 3, ["x"], [{}]])
def test_tiers_that_say_nothing(tiers):
    assert read_entry({"tiered_pricing": tiers}) is None


def test_sounds_and_pictures():
    assert read(input_cost_per_audio_token=9e-6).most_media_usd == 9e-6
    assert read(input_cost_per_audio_token=9e-6).most_input_usd == 1e-6
    assert read(input_cost_per_image=0.01).most_media_usd is None
    assert read(input_cost_per_image=0).most_media_usd == 1e-6


def test_fees_of_a_call():
    queries = {"search_context_size_low": 0.005, "search_context_size_high": 0.012}
    assert read().most_fee_usd == 0
    assert read(input_cost_per_request=0.005).most_fee_usd == 0.005
    assert read(search_context_cost_per_query=queries).most_fee_usd == 0
    sonar = read(litellm_provider="perplexity", search_context_cost_per_query=queries)
    assert sonar.most_fee_usd == 0.012
    preview = read("gpt-4o-search-preview", search_context_cost_per_query=queries)
    assert preview.most_fee_usd == 0.012
    assert read(citation_cost_per_token=1e-6).most_fee_usd is None
    assert not read(citation_cost_per_token=1e-6).free


def test_cached_input_has_its_own_price():
    assert Price(1e-6, 2e-6, 1e-7).of(1000, 10, 900) == pytest.approx(
        100 * 1e-6 + 900 * 1e-7 + 10 * 2e-6
    )
    assert Price(1e-6, 2e-6).of(1000, 10, 900) == pytest.approx(1000 * 1e-6 + 10 * 2e-6)


def test_what_is_stated_has_the_form_of_the_list():
    entry = stated_entry(StatedPrice(0.15, 0.6, 0.075))
    assert read_entry(entry) == Price(0.15e-6, 0.6e-6, 0.075e-6)
    assert read_entry(stated_entry(StatedPrice(0.15, 0.6))) == Price(0.15e-6, 0.6e-6)
    assert entry["source"] == "suite"


def test_a_digest_tells_entries_apart_and_not_their_order():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 1.5})
    assert len(digest({})) == 64
