"""One entry of a price list: what it says that a call costs, and at most."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promptops.values.price import StatedPrice
from promptops.values.request import canonical_json

MILLION = 1_000_000

_INPUT = ("input_cost_per_token", "cache_creation_input_token_cost", "cache_read_input_token_cost")
_MEDIA = tuple(f"input_cost_per_{kind}_token" for kind in ("audio", "image", "video"))
_UNCOUNTED_MEDIA = ("image", "pixel", "second", "audio_per_second", "video_per_second", "character")
"""What a picture, a sound or a film may be charged by besides its tokens."""
_CHEAPER = ("_batches", "_flex")
"""Ends of names: prices that are given for waiting, never dearer ones."""
_UPLIFTS = (
    "regional_processing_uplift_multiplier_eu",
    "regional_processing_uplift_multiplier_us",
    "regional_endpoint_uplift_multiplier",
)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a token, and what bounds the tokens of a call."""

    input_usd: float
    output_usd: float
    cached_input_usd: float | None = None
    """Of input that the provider had in its cache; None: as other input."""
    most_input_usd: float = 0.0
    """The dearest that input text may cost: long contexts, faster tiers, writing to a cache."""
    most_output_usd: float = 0.0
    """The dearest that output may cost: also its reasoning, and what it says aloud."""
    most_media_usd: float | None = 0.0
    """The dearest that input other than text may cost; None: it is not charged by the token."""
    most_fee_usd: float | None = 0.0
    """The most that a call costs besides its tokens; None: nothing bounds it."""
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None

    def __post_init__(self) -> None:
        """Hold that what is dearest is not below what is plain."""
        most = max(self.most_input_usd, self.input_usd, self.cached_input_usd or 0.0)
        object.__setattr__(self, "most_input_usd", most)
        object.__setattr__(self, "most_output_usd", max(self.most_output_usd, self.output_usd))
        if self.most_media_usd is not None:
            object.__setattr__(self, "most_media_usd", max(self.most_media_usd, most))

    @property
    def free(self) -> bool:
        """Whether no call can cost anything."""
        return not (self.most_input_usd or self.most_output_usd or self.most_fee_usd != 0.0)

    def of(
        self, input_tokens: float, output_tokens: float, cached_input_tokens: float = 0.0
    ) -> float:
        """US dollars of one answer at plain prices; cached tokens are among the input tokens."""
        cached = self.input_usd if self.cached_input_usd is None else self.cached_input_usd
        fresh = input_tokens - cached_input_tokens
        return (
            fresh * self.input_usd + cached_input_tokens * cached + output_tokens * self.output_usd
        )


def digest(entry: Mapping[str, Any]) -> str:
    """SHA-256, as 64 hex digits, of an entry's canonical JSON."""
    return hashlib.sha256(canonical_json(entry)).hexdigest()


def stated_entry(stated: StatedPrice) -> dict[str, Any]:
    """What a suite states, in the form of a list's entry."""
    entry: dict[str, Any] = {
        "input_cost_per_token": stated.input / MILLION,
        "output_cost_per_token": stated.output / MILLION,
        "source": "suite",
    }
    if stated.cached_input is not None:
        entry["cache_read_input_token_cost"] = stated.cached_input / MILLION
    return entry


def read_entry(entry: Mapping[str, Any], name: str = "") -> Price | None:
    """The price in an entry; None where it is not, or not only, by the token.

    `name` is the model's: some search the web at every call and charge for it.  Where prices rise
    with the length of the input, the plain ones are those of the shortest.
    """
    plain = _plain(entry)
    sent = _amount(plain.get("input_cost_per_token"))
    got = _amount(plain.get("output_cost_per_token"))
    if got is None and entry.get("mode") == "embedding":
        got = 0.0
    if sent is None or got is None:
        return None
    uplift = _uplift(entry)
    rates = [pair for each in (entry, *_tiers(entry)) for pair in _rates(each)]
    uncounted = any(_amount(entry.get(f"input_cost_per_{each}")) for each in _UNCOUNTED_MEDIA)
    media = uplift * _most(rates, *_MEDIA)
    return Price(
        sent,
        got,
        cached_input_usd=_amount(plain.get("cache_read_input_token_cost")),
        most_input_usd=uplift * max(sent, _most(rates, *_INPUT)),
        most_output_usd=uplift * max(got, _most(rates, "output_cost_per_")),
        most_media_usd=None if uncounted else media,
        most_fee_usd=_fee(entry, name),
        max_input_tokens=_limit(entry.get("max_input_tokens")),
        # Older entries hold one limit, of the output where the provider states that.
        max_output_tokens=_limit(entry.get("max_output_tokens")) or _limit(entry.get("max_tokens")),
    )


def _plain(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the plain prices stand: in the entry, or in the tier of the shortest inputs."""
    tiers = _tiers(entry)
    return tiers[0] if tiers and "input_cost_per_token" not in entry else entry


def _tiers(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    tiers = entry.get("tiered_pricing")
    return [each for each in tiers if isinstance(each, Mapping)] if isinstance(tiers, list) else []


def _rates(entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Prices by the token, by their names."""
    for name, value in entry.items():
        if "token" in name and "cost" in name and not name.endswith(_CHEAPER):
            amount = _amount(value)
            if amount is not None:
                yield name, amount


def _most(rates: list[tuple[str, float]], *beginnings: str) -> float:
    return max((usd for name, usd in rates if name.startswith(beginnings)), default=0.0)


def _uplift(entry: Mapping[str, Any]) -> float:
    """What dearer regions multiply prices by, at most."""
    own = entry.get("provider_specific_entry")
    found = [entry.get(name) for name in _UPLIFTS]
    found.append(own.get("us") if isinstance(own, Mapping) else None)
    return max([1.0, *(_amount(each) or 1.0 for each in found)])


def _fee(entry: Mapping[str, Any], name: str) -> float | None:
    """US dollars a call besides its tokens, where every call costs them."""
    if entry.get("citation_cost_per_token"):  # it searches as often as it likes
        return None
    fee = _amount(entry.get("input_cost_per_request")) or 0.0
    searches = entry.get("litellm_provider") == "perplexity" or "search" in name
    queries = entry.get("search_context_cost_per_query")
    if searches and isinstance(queries, Mapping):
        fee += max((_amount(each) or 0.0 for each in queries.values()), default=0.0)
    return fee


def _amount(value: object) -> float | None:
    return float(value) if type(value) in {int, float} and value >= 0 else None  # type: ignore[operator, arg-type]


def _limit(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None
