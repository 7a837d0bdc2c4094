"""An answer in OpenAI's format into a `Response`. Pure: plain mappings in, a value out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from promptops.models.raw_answers import LARGEST
from promptops.models.redaction import Redactor
from promptops.values.response import Failure, Response, Usage

LONGEST = 1_000_000
"""Characters of an answer that are kept."""
_LONGEST_WORD = 64
"""Characters of a text among the numbers of a usage; longer ones are no part of it."""
_DEEPEST_USAGE = 4
_MOST_IN_USAGE = 64

_ENDED = frozenset(
    {
        "COMPLETE",
        "STOP",
        "end_turn",
        "eos",
        "eos_token",
        "stop",
        "stop_sequence",
        "tool_calls",  # where the client below asks for JSON by way of a tool, and undoes that
        "tool_use",
    }
)
_DATED = re.compile(
    r"(?:[-@:_](?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{2}-\d{2}|\d{3,4}|v\d+(?::\d+)?|latest))+$"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NO_SECRETS = Redactor({})


def read_answer(
    body: Mapping[str, Any],
    *,
    asked: str,
    redact: Redactor = _NO_SECRETS,
    heard: str = "",
) -> Response | Failure:
    """The first choice of an answer, without its price and latency.

    `asked` is the model string of the request; `heard` is the finish reason as the provider
    itself said it, where that is known.  No choice at all is a failure, never an empty pass.
    What the environment keeps secret is hidden wherever the answer repeats it, and flagged.
    """
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, Mapping) or not isinstance(choice.get("message"), Mapping):
        return Failure(kind="malformed", message="the answer holds no choice", billable=True)
    message = choice["message"]
    page = _Page(redact)
    content = page.text(_text(message.get("content")))
    refusal = _refusal(message)
    calls = _calls(message.get("tool_calls"), page)
    flags = page.flags
    if not content and not calls:
        flags.insert(0, "empty")
    usage = read_usage(body.get("usage"))
    if usage is None:
        flags.append("usage_missing")
    model = body.get("model")
    model = page.text(str(model)) if model else None
    if model and differs(asked, model):
        flags.append("model_differs")
    return Response(
        content=content,
        tool_calls=calls,
        finish_reason=page.text(_reason(choice, heard)),
        refusal=page.text(refusal) if refusal else None,
        response_model=model,
        usage=usage,
        raw_usage=page.value(read_raw_usage(body)) if usage else None,
        flags=tuple(dict.fromkeys(flags)),
    )


def read_vector(body: Mapping[str, Any], redact: Redactor = _NO_SECRETS) -> Response | Failure:
    """The one vector of an embedding's answer, as a JSON list in the content; without its price."""
    rows = body.get("data")
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
    vector = row.get("embedding") if isinstance(row, Mapping) else None
    numbers = isinstance(vector, list) and all(type(each) in {int, float} for each in vector)
    if not vector or not numbers:
        return Failure(kind="malformed", message="the answer holds no vector", billable=True)
    content = msgspec.json.encode(vector).decode()
    usage = read_usage(body.get("usage"))
    raw = _Page(redact).value(read_raw_usage(body)) if usage else None
    return Response(content, finish_reason="stop", usage=usage, raw_usage=raw)


def read_usage(usage: Any) -> Usage | None:
    """Tokens as the provider counted them; None where it did not say, or said what is no count.

    The client below writes zeros for usage that is missing; no prompt is empty.
    """
    if not isinstance(usage, Mapping):
        return None
    counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if any(isinstance(each, int | float) and not 0 <= each < LARGEST for each in counts):
        return None
    sent, got = map(_count, counts)
    if not sent and not got:
        return None
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
    return Usage(input_tokens=sent, output_tokens=got, cached_input_tokens=min(cached, sent))


def read_raw_usage(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The usage as it was sent, without what is empty; the tier that served it is part of it."""
    usage = body.get("usage")
    if not isinstance(usage, Mapping):
        return None
    tier = body.get("service_tier")
    found = _figures({"service_tier": tier, **usage} if tier else usage, _DEEPEST_USAGE)
    return found if isinstance(found, dict) and found else None


def _figures(value: Any, depth: int) -> Any:
    """Numbers and short words, however they are nested; None for all else."""
    if isinstance(value, bool | int | float):
        # A number that JSON cannot write, or a store cannot hold, is none.
        return value if abs(value) < LARGEST else None
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_WORD else None
    if not depth or not isinstance(value, Mapping | list):
        return None
    if isinstance(value, list):
        items = [_figures(each, depth - 1) for each in value[:_MOST_IN_USAGE]]
        return [each for each in items if each is not None]
    pairs = [(key, _figures(each, depth - 1)) for key, each in value.items()]
    return {
        str(key)[:_LONGEST_WORD]: each for key, each in pairs[:_MOST_IN_USAGE] if each is not None
    }


def differs(asked: str, answered: str) -> bool:
    """Whether another model answered than was asked; a dated snapshot of the same name did not."""
    wanted, got = (_stem(name) for name in (asked, answered))
    return wanted != got and not asked.startswith(("azure/", "azure_ai/"))  # deployments' own names


def _stem(model: str) -> str:
    name = model.rpartition("/")[2].lower()
    return _DATED.sub("", name)


def _reason(choice: Mapping[str, Any], heard: str) -> str:
    """As the provider said it, where it said neither of the common words nor a synonym of one.

    The client below turns what it does not know, and even `network_error`, into `stop`.
    """
    own = choice.get("provider_specific_fields")
    native = heard or (own.get("native_finish_reason") if isinstance(own, Mapping) else None)
    known = str(choice.get("finish_reason") or "")
    return str(native) if native and known == "stop" and native not in _ENDED else known


def _refusal(message: Mapping[str, Any]) -> str | None:
    own = message.get("provider_specific_fields")
    said = message.get("refusal") or (own.get("refusal") if isinstance(own, Mapping) else None)
    return str(said) if said else None


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # some servers answer in parts
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return ""


class _Page:
    """Texts of one answer made fit to be kept, and what was odd about them."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact
        self.flags: list[str] = []

    def text(self, text: str) -> str:
        """Without lone surrogates, which nothing could hold; without secrets; and not too long."""
        if not text.isascii() and _SURROGATE.search(text):
            self.flags.append("escaped")
            text = _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        # A secret that the limit cuts in two is looked for as a whole.
        seen = text[: LONGEST + self._redact.longest]
        hidden = self._redact.exact(seen)
        if hidden is not seen:
            self.flags.append("redacted")
            if len(text) > len(seen):  # what moved up from the end may be half a secret
                hidden = hidden[: -self._redact.longest]
        if len(text) > LONGEST:
            self.flags.append("cut")
        return hidden[:LONGEST]

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, int | float) and not _storable(value):
            self.flags.append("escaped")
            return str(value)
        return value


def _storable(number: float) -> bool:
    """Whether both JSON and 64 bits can hold it."""
    if isinstance(number, int):
        return -(2**63) <= number < 2**63
    return math.isfinite(number)


def _calls(calls: Any, page: _Page) -> list[dict[str, Any]]:
    """As they came, doubled or malformed; what is no mapping becomes one, so that it is seen."""
    found = calls if isinstance(calls, list) else [calls] if calls else []
    return [
        page.value(call if isinstance(call, Mapping) else {"malformed": repr(call)})
        for call in found
    ]


def _count(value: Any) -> int:
    proper = isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST
    return value if proper else 0
