"""The most that one call may use, told before it is made.

A tokenizer that falls back to bytes makes no more tokens of a text than it has bytes in UTF-8; the
JSON of a request holds all its texts, and what a template writes around them fits an allowance.
An answer ends at its limit, hidden reasoning included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.models.price_entry import Price
from promptops.values.account import Purpose
from promptops.values.request import Request

MESSAGE_TOKENS = 32
"""What a chat template writes around one message, at most."""
TOOL_TOKENS = 64
"""What is written around one tool."""
PREAMBLE_TOKENS = 1024
"""What a provider says to a model before its tools or its output schema."""

_LIMITS = ("max_tokens", "max_completion_tokens")
_UNBOUNDED = frozenset(
    {"web_search_options", "modalities", "audio", "speed", "plugins", "mcp_servers", "container"}
)
"""Parameters with which a call is charged for more than the tokens of its text."""


@dataclass(frozen=True, slots=True)
class WorstCase:
    """What one call uses at most, input and output together."""

    tokens: int | None
    """None: nothing bounds them."""
    usd: float | None
    """None: nothing bounds it."""
    unbounded: str = ""
    """Why a bound is missing, in words; empty where none is."""


def worst_case(request: Request, price: Price | None) -> WorstCase:
    """The most that one call may use; `price` is the model's, None where it is unknown."""
    sent = _input_tokens(request, price)
    got = _output_tokens(request.params, price)
    if _has_own_tools(request):
        return _bounded(None, None, price, "the provider's own tools are charged for besides")
    if sent is None:
        return _bounded(None, got, price, "nothing says how many tokens a picture or file has")
    rate = 0.0
    if price is not None:
        media = price.most_media_usd if _has_media(request) else 0.0
        if media is None:
            return _bounded(None, got, price, "pictures or sounds are not charged by the token")
        rate = max(price.most_input_usd, media)
    return _bounded(sent, got, price, "nothing limits the length of an answer", rate)


def worst_of(request: Request, purpose: Purpose, price: Price | None) -> WorstCase:
    """The most that a call for this purpose may use; an embedding's request holds its one text."""
    if purpose == "embedding":
        return worst_case_of_text(str(request.messages[0].content), price)
    return worst_case(request, price)


def worst_case_of_text(text: str, price: Price | None) -> WorstCase:
    """The most that the vector of one text may use."""
    sent = _capped(len(text.encode("utf-8", "surrogatepass")) + MESSAGE_TOKENS, price)
    return _bounded(sent, 0, price, "", price.most_input_usd if price else 0.0)


def _bounded(
    sent: int | None, got: int | None, price: Price | None, why: str, rate: float = 0.0
) -> WorstCase:
    """Tokens in and out at `rate` US dollars a token of input; `why` where either is unknown."""
    tokens = None if sent is None or got is None else sent + got
    reason = why if tokens is None else ""
    if price is None:
        return WorstCase(tokens, None, reason or "its price is unknown")
    if price.free:
        return WorstCase(tokens, 0.0, reason)
    if sent is None or got is None:
        return WorstCase(tokens, None, reason)
    if price.most_fee_usd is None:
        return WorstCase(tokens, None, "it searches the web as often as it likes")
    usd = sent * rate + got * price.most_output_usd + price.most_fee_usd
    return WorstCase(tokens, usd)


def _input_tokens(request: Request, price: Price | None) -> int | None:
    if _has_media(request):
        return price.max_input_tokens if price else None
    tokens = len(msgspec.json.encode(request)) + MESSAGE_TOKENS * (len(request.messages) + 1)
    if request.tools or request.output_schema is not None or "response_format" in request.params:
        tokens += PREAMBLE_TOKENS + TOOL_TOKENS * len(request.tools)
    return _capped(tokens, price)


def _capped(tokens: int, price: Price | None) -> int:
    """No more than the model takes: it refuses what is longer."""
    most = price.max_input_tokens if price else None
    return tokens if most is None else min(tokens, most)


def _output_tokens(params: Mapping[str, Any], price: Price | None) -> int | None:
    stated = [each for each in (_count(params.get(name)) for name in _LIMITS) if each]
    most = max(stated) if stated else price.max_output_tokens if price else None
    if most is None:
        return None
    answers = max(1, _count(params.get("n")), _count(params.get("best_of")))
    # What was predicted and not said is charged as output.
    predicted = len(msgspec.json.encode(params["prediction"])) if "prediction" in params else 0
    return most * answers + predicted


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _has_media(request: Request) -> bool:
    return any(
        isinstance(message.content, list)
        and any(part.get("type", "text") not in {"text", "refusal"} for part in message.content)
        for message in request.messages
    )


def _has_own_tools(request: Request) -> bool:
    """Whether the provider itself may search, run or fetch something."""
    return any(tool.get("type", "function") != "function" for tool in request.tools) or any(
        request.params.get(name) for name in _UNBOUNDED
    )
