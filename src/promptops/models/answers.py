"""An answer in OpenAI's format into a `Response`. Pure: plain mappings in, a value out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from promptops.values.response import Failure, Response, Usage

LONGEST = 1_000_000
"""Characters of an answer that are kept."""

_ENDED = frozenset({"stop", "STOP", "end_turn", "stop_sequence", "COMPLETE", "eos", "eos_token"})
_DATED = re.compile(
    r"(?:[-@:_](?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{2}-\d{2}|\d{3,4}|v\d+(?::\d+)?|latest))+$"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def read_answer(body: Mapping[str, Any], *, asked: str) -> Response | Failure:
    """The first choice of an answer, without its price and latency.

    `asked` is the model string of the request.  No choice at all is a failure, never an empty pass.
    """
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, Mapping) or not isinstance(choice.get("message"), Mapping):
        return Failure(kind="malformed", message="the answer holds no choice")
    message = choice["message"]
    flags: list[str] = []
    content = _cut(_clean(_text(message.get("content")), flags), flags)
    refusal = _refusal(message)
    calls = _calls(message.get("tool_calls"), flags)
    if not content and not calls:
        flags.insert(0, "empty")
    usage = read_usage(body.get("usage"))
    if usage is None:
        flags.append("usage_missing")
    model = body.get("model")
    model = _clean(str(model), flags) if model else None
    if model and differs(asked, model):
        flags.append("model_differs")
    return Response(
        content=content,
        tool_calls=calls,
        finish_reason=_clean(_reason(choice), flags),
        refusal=_cut(_clean(refusal, flags), flags) if refusal else None,
        response_model=model,
        usage=usage,
        flags=tuple(dict.fromkeys(flags)),
    )


def read_vector(body: Mapping[str, Any]) -> Response | Failure:
    """The one vector of an embedding's answer, as a JSON list in the content; without its price."""
    rows = body.get("data")
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
    vector = row.get("embedding") if isinstance(row, Mapping) else None
    numbers = isinstance(vector, list) and all(type(each) in {int, float} for each in vector)
    if not vector or not numbers:
        return Failure(kind="malformed", message="the answer holds no vector")
    content = msgspec.json.encode(vector).decode()
    return Response(content, finish_reason="stop", usage=read_usage(body.get("usage")))


def read_usage(usage: Any) -> Usage | None:
    """Tokens as the provider counted them; None where it did not say.

    The client below writes zeros for usage that is missing; no prompt is empty.
    """
    if not isinstance(usage, Mapping):
        return None
    sent, got = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if not sent and not got:
        return None
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
    return Usage(input_tokens=sent, output_tokens=got, cached_input_tokens=min(cached, sent))


def differs(asked: str, answered: str) -> bool:
    """Whether another model answered than was asked; a dated snapshot of the same name did not."""
    wanted, got = (_stem(name) for name in (asked, answered))
    return wanted != got and not asked.startswith(("azure/", "azure_ai/"))  # deployments' own names


def _stem(model: str) -> str:
    name = model.rpartition("/")[2].lower()
    return _DATED.sub("", name)


def _reason(choice: Mapping[str, Any]) -> str:
    """As the provider said it, where it said neither of the common words nor a synonym of one.

    The client below turns what it does not know, and even `network_error`, into `stop`.
    """
    own = choice.get("provider_specific_fields")
    native = own.get("native_finish_reason") if isinstance(own, Mapping) else None
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


def _clean(text: str, flags: list[str]) -> str:
    """Lone surrogates written out: no file, store or report could hold them."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    flags.append("escaped")
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _clean_all(value: Any, flags: list[str]) -> Any:
    if isinstance(value, str):
        return _cut(_clean(value, flags), flags)
    if isinstance(value, Mapping):
        return {_clean(str(key), flags): _clean_all(each, flags) for key, each in value.items()}
    return [_clean_all(each, flags) for each in value] if isinstance(value, list) else value


def _calls(calls: Any, flags: list[str]) -> list[dict[str, Any]]:
    """As they came, doubled or malformed; what is no mapping becomes one, so that it is seen."""
    found = calls if isinstance(calls, list) else [calls] if calls else []
    return [
        _clean_all(call if isinstance(call, Mapping) else {"malformed": repr(call)}, flags)
        for call in found
    ]


def _cut(text: str, flags: list[str]) -> str:
    if len(text) <= LONGEST:
        return text
    flags.append("cut")
    return text[:LONGEST]


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
