"""Prices without litellm, held against litellm's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from promptops.models import prices
from promptops.models.price_entry import Price
from promptops.models.prices import FREE, price
from promptops.values.price import StatedPrice

ALIKE = [
    "openai/gpt-4.1-mini",
    "gpt-4.1-mini",
    "gpt-4.1-mini-2025-04-14",
    "openai/gpt-4.1-mini-2099-01-01",
    "openai/GPT-4.1-mini",
    "claude-sonnet-4-5",
    "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-flash",
    "vertex_ai/gemini-2.5-flash",
    "gemini-2.5-flash",
    "mistral/mistral-small-latest",
    "deepseek/deepseek-chat",
    "azure/gpt-4.1-mini",
    "azure_ai/gpt-4.1-mini",
    "ft:gpt-4o-mini-2024-07-18:ficta::abc",
    "text-embedding-3-small",
]
UNKNOWN = [
    "openai/loop",
    "nowhere/nothing",
    "azure/our-own-deployment",
    "anthropic/gpt-4.1-mini",
    "openai/claude-sonnet-4-5",
    "no-such-model",
]
ASK_LITELLM = """
import json, sys
from promptops.models.opening import open_model
open_model()
import litellm
found = {}
for model in sys.argv[1:]:
    try:
        found[model] = litellm.cost_per_token(model, prompt_tokens=1000, completion_tokens=100)
    except Exception:
        found[model] = None
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def litellm_says() -> dict[str, list[float] | None]:
    """In a process of its own: litellm takes seconds, and other tests watch that it stays away."""
    done = subprocess.run(
        [sys.executable, "-c", ASK_LITELLM, *ALIKE, *UNKNOWN],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[float] | None] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("model", ALIKE)
def test_a_price_is_what_litellm_would_charge(litellm_says, model):
    said, found = litellm_says[model], price(model)
    assert said is not None
    assert found is not None
    assert 1000 * found.input_usd == pytest.approx(said[0])
    assert 100 * found.output_usd == pytest.approx(said[1])
    assert found.of(1000, 100) == pytest.approx(sum(said))
    assert sum(said) > 0


@pytest.mark.parametrize("model", UNKNOWN)
def test_what_litellm_cannot_price_is_unknown(litellm_says, model):
    assert litellm_says[model] is None
    assert price(model) is None


def test_a_model_in_this_process_is_free():
    assert price("embedded/smollm2-135m") == FREE == Price(0.0, 0.0)


def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    """Another list in place of litellm's."""
    place = tmp_path / "prices.json"
    if text is not None:
        place.write_text(text)
    monkeypatch.setattr(prices, "_places", lambda: iter([place]))
    monkeypatch.setattr(prices, "_list", prices._list.__wrapped__)
    monkeypatch.setattr(prices, "_listed", prices._listed.__wrapped__)


@pytest.mark.parametrize("text", [None, "", "[1, 2]", "{not json", '{"gpt-4.1-mini": 3}'])
def test_without_a_list_that_can_be_read_every_price_is_unknown(tmp_path, monkeypatch, text):
    listed(tmp_path, monkeypatch, text)
    assert prices.price("gpt-4.1-mini") is None
    assert prices.price("embedded/smollm2-135m") == FREE


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}, Price(1e-6, 2e-6)),
        ({"input_cost_per_token": 0, "output_cost_per_token": 0}, FREE),
        ({"input_cost_per_token": 1e-6, "mode": "embedding"}, Price(1e-6, 0.0)),
        ({"input_cost_per_token": 1e-6}, None),
        ({"output_cost_per_token": 1e-6}, None),
        ({"input_cost_per_token": "1e-6", "output_cost_per_token": 2e-6}, None),
        ({"input_cost_per_token": None, "output_cost_per_token": None}, None),
        ({"input_cost_per_token": -1, "output_cost_per_token": 1e-6}, None),
        ({"input_cost_per_token": True, "output_cost_per_token": 1e-6}, None),
        ({}, None),
    ],
)
def test_only_what_is_listed_as_a_price_is_one(tmp_path, monkeypatch, entry, found):
    listed(
        tmp_path, monkeypatch, json.dumps({"ficta/model": entry | {"litellm_provider": "ficta"}})
    )
    assert prices.price("ficta/model") == found


def test_what_a_suite_states_goes_before_the_list_and_keeps_its_limits():
    stated = {"openai/gpt-4o-mini": StatedPrice(1, 2, 0.25), "openai/loop": StatedPrice(3, 4)}
    found, listed_price = price("openai/gpt-4o-mini", stated), price("openai/gpt-4o-mini")
    assert found is not None
    assert listed_price is not None
    assert (found.input_usd, found.output_usd, found.cached_input_usd) == (1e-6, 2e-6, 0.25e-6)
    assert found.most_input_usd == 1e-6
    assert found.max_input_tokens == listed_price.max_input_tokens == 128_000
    assert found.max_output_tokens == 16_384
    assert price("openai/loop", stated) == Price(3e-6, 4e-6)
    assert price("gpt-4o-mini", stated) == price("gpt-4o-mini")  # whole strings, no guesses


def test_a_stated_price_of_zero_is_free():
    found = price("openai/loop", {"openai/loop": StatedPrice(0, 0)})
    assert found is not None
    assert found.free


def test_every_model_of_the_list_is_never_dearer_than_its_dearest():
    entries, _ = prices._list()
    seen = 0
    for name in entries:
        found = prices.price(name)
        if found is not None:
            seen += 1
            assert found.most_input_usd >= max(found.input_usd, found.cached_input_usd or 0)
            assert found.most_output_usd >= found.output_usd
            assert found.max_output_tokens is None or found.max_output_tokens > 0
    assert seen > 2000


def test_an_absent_litellm_is_no_error(monkeypatch):
    monkeypatch.setattr(prices, "_list", prices._list.__wrapped__)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert list(prices._places()) == []
    assert prices._list() == ({}, {})


def test_the_list_is_read_when_a_price_is_asked_for_and_litellm_never_imported():
    code = (
        "import sys\n"
        "from promptops.models import prices\n"
        "assert prices._list.cache_info().currsize == 0\n"
        "for model in ('gpt-4.1-mini', 'gpt-4.1', 'openai/loop'):\n"
        "    prices.price(model)\n"
        "assert prices._list.cache_info().misses == 1\n"
        "assert 'litellm' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
