from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from promptops.models.costs import Costs
from promptops.models.price_entry import digest, stated_entry
from promptops.values.price import StatedPrice
from promptops.values.response import Response, Usage

LIST: dict[str, dict[str, Any]] = {
    "ficta/mill": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
    "ficta/mill-2": {"input_cost_per_token": 3e-6, "output_cost_per_token": 4e-6},
    "ficta/gift": {"input_cost_per_token": 0, "output_cost_per_token": 0},
}
NONE: Mapping[str, StatedPrice] = {}


def answered(model: str | None = None, usage: Usage | None = Usage(1000, 10, 900)) -> Response:  # noqa: B008
    return Response("x", usage=usage, response_model=model)


@pytest.mark.parametrize(
    ("model", "by", "entry"),
    [
        ("ficta/mill", None, "ficta/mill"),
        ("ficta/mill", "mill-2", "ficta/mill-2"),
        ("ficta/mill", "unlisted", "ficta/mill"),
        ("ficta/unlisted", "mill", None),
    ],
)
def test_the_entry_of_whoever_answered(model: str, by: str | None, entry: str | None):
    costs = Costs(NONE, LIST.get)
    usd, name = costs.cost(answered(by), model, lambda: 0.5)
    if entry is None:
        assert (usd, name) == (None, None)
        assert not costs.entries
    else:
        assert (usd, name) == (0.5, digest(LIST[entry]))
        assert costs.entries[name or ""] == LIST[entry]


@pytest.mark.parametrize("worked_out", [None, 0.0])
def test_what_cannot_be_worked_out_is_unknown_and_never_nothing(worked_out):
    costs = Costs(NONE, LIST.get)
    assert costs.cost(answered(), "ficta/mill", lambda: worked_out) == (None, None)
    assert costs.cost(answered(), "ficta/gift", lambda: worked_out) == (
        0.0,
        digest(LIST["ficta/gift"]),
    )


def test_without_usage_nothing_is_known():
    costs = Costs({"ficta/mill": StatedPrice(1, 2)}, LIST.get)
    assert costs.cost(answered(usage=None), "ficta/mill", lambda: 0.5) == (None, None)


def test_what_the_suite_states_goes_before_the_list():
    stated = StatedPrice(1, 2, 0.1)
    costs = Costs({"ficta/mill": stated}, LIST.get)
    usd, name = costs.cost(answered("mill-2"), "ficta/mill", lambda: 0.5)
    assert usd == pytest.approx(100e-6 + 900 * 0.1e-6 + 10 * 2e-6)
    assert name == digest(stated_entry(stated))
    assert costs.entries[name] == stated_entry(stated)


def test_what_runs_here_is_free_unless_the_suite_says_otherwise():
    assert Costs(NONE, LIST.get).cost(answered(), "embedded/smollm2-135m", lambda: 1.0) == (
        0.0,
        None,
    )
