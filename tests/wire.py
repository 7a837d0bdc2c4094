"""What providers put on the wire: addresses, answers, errors, usage and headers of three formats.

Plain values without a server: `tests/loopback.py` serves them, and `WIRES` names them all.  A fault
is written down once, in the words of `Said` and the methods of `Wire`, and sent in every format.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

KEYS = {
    "openai": "sk-loopback-0123456789abcdef",
    "anthropic": "sk-ant-loopback-0123456789abcdef",
    "gemini": "AIzaLoopback0123456789abcdefghijk",
}


class Counts(NamedTuple):
    """Tokens; `cached` of those of the input came out of a cache."""

    input: int = 10
    output: int = 2
    cached: int = 0


COUNTS = Counts()


@dataclass(frozen=True)
class Said:
    """What an answer says, before it has a format."""

    text: str | None = "ok"
    ended: str = "stop"
    """`stop`, `length`, `filtered` or `tools` in the provider's own word; any other word as it
    is."""
    calls: tuple[tuple[str, str, Any], ...] = ()
    """Tool calls: id, name and arguments."""
    counts: Counts | None = COUNTS
    model: str = ""
    """Who says it answered; empty for the one that was asked."""


@dataclass(frozen=True)
class Spoken:
    """A status with a body, and the headers that stand with them."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]


class Wire(ABC):
    """One provider's format."""

    name: str
    model: str
    """As litellm's model string; its price is listed."""
    snapshot: str
    """A dated name of the same model."""
    other: str
    """Another model of the same provider."""
    filtered: str
    """The finish reason of an answer that a content filter stopped."""

    @property
    def key(self) -> str:
        return KEYS[self.name]

    @abstractmethod
    def environ(self, origin: str) -> dict[str, str]:
        """What the environment must hold for `model` to be asked at `http://host:port`."""

    @abstractmethod
    def speaks(self, path: str) -> bool:
        """Whether a request for a chat's answer at this path is in this format."""

    @abstractmethod
    def question(self, body: Mapping[str, Any]) -> str:
        """The text of the last user message."""

    @abstractmethod
    def answer(self, said: Said) -> dict[str, Any]: ...

    @abstractmethod
    def nothing(self, how: Any) -> dict[str, Any]:
        """An answer whose list of answers is `how`: empty, or null."""

    @abstractmethod
    def error(self, status: int, message: str = "no") -> dict[str, Any]: ...

    @abstractmethod
    def no_money(self) -> Spoken: ...

    @abstractmethod
    def wrong_key(self) -> Spoken:
        """The key is repeated in the message, as OpenAI does in part."""

    @abstractmethod
    def later(self, seconds: int) -> Spoken:
        """A 429 that says in its body alone how long to wait."""

    @abstractmethod
    def limits(self, *, limit: int, remaining: int, seconds: float) -> dict[str, str]:
        """Headers on the requests that are left; none where the provider sends none."""


class OpenAI(Wire):
    """POST /v1/chat/completions."""

    name = "openai"
    model = "openai/gpt-4o-mini"
    snapshot = "gpt-4o-mini-2024-07-18"
    other = "gpt-4o"
    filtered = "content_filter"
    words: Mapping[str, str] = {"filtered": "content_filter", "tools": "tool_calls"}

    def environ(self, origin: str) -> dict[str, str]:
        return {"OPENAI_API_BASE": f"{origin}/v1", "OPENAI_API_KEY": self.key}

    def speaks(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def question(self, body: Mapping[str, Any]) -> str:
        return _last(body.get("messages"))

    def answer(self, said: Said) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.calls:
            message["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": name, "arguments": given}}
                for id_, name, given in said.calls
            ]
        ended = self.words.get(said.ended, said.ended)
        body: dict[str, Any] = {
            "id": "chatcmpl-loopback",
            "object": "chat.completion",
            "created": 1700000000,
            "model": said.model or self.snapshot,
            "choices": [{"index": 0, "message": message, "finish_reason": ended}],
        }
        if said.counts:
            body["usage"] = {
                "prompt_tokens": said.counts.input,
                "completion_tokens": said.counts.output,
                "total_tokens": said.counts.input + said.counts.output,
                "prompt_tokens_details": {"cached_tokens": said.counts.cached},
            }
        return body

    def nothing(self, how: Any) -> dict[str, Any]:
        return self.answer(Said()) | {"choices": how}

    def error(self, status: int, message: str = "no") -> dict[str, Any]:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def no_money(self) -> Spoken:
        text = "You exceeded your current quota, please check your plan and billing details."
        body = self.error(429, text)
        body["error"] |= {"type": "insufficient_quota", "code": "insufficient_quota"}
        return Spoken(429, body, {})

    def wrong_key(self) -> Spoken:
        body = self.error(401, f"Incorrect API key provided: {self.key}.")
        body["error"]["code"] = "invalid_api_key"
        return Spoken(401, body, {})

    def later(self, seconds: int) -> Spoken:
        text = (
            f"Rate limit reached for gpt-4o-mini: Limit 3, Used 3. Please try again in {seconds}s."
        )
        body = self.error(429, text)
        body["error"] |= {"type": "requests", "code": "rate_limit_exceeded"}
        return Spoken(429, body, {})

    def limits(self, *, limit: int, remaining: int, seconds: float) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": str(limit),
            "x-ratelimit-remaining-requests": str(remaining),
            "x-ratelimit-reset-requests": f"{int(seconds * 1000)}ms",
        }


class Anthropic(Wire):
    """POST /v1/messages."""

    name = "anthropic"
    model = "anthropic/claude-haiku-4-5"
    snapshot = "claude-haiku-4-5-20251001"
    other = "claude-sonnet-4-5-20250929"
    filtered = "refusal"
    words: Mapping[str, str] = {
        "stop": "end_turn",
        "length": "max_tokens",
        "filtered": "refusal",
        "tools": "tool_use",
    }
    kinds: Mapping[int, str] = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        529: "overloaded_error",
    }

    def environ(self, origin: str) -> dict[str, str]:
        return {"ANTHROPIC_API_BASE": origin, "ANTHROPIC_API_KEY": self.key}

    def speaks(self, path: str) -> bool:
        return path.endswith("/messages")

    def question(self, body: Mapping[str, Any]) -> str:
        return _last(body.get("messages"))

    def answer(self, said: Said) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        if said.text is not None:
            content.append({"type": "text", "text": said.text})
        content += [
            {"type": "tool_use", "id": id_, "name": name, "input": _object(given)}
            for id_, name, given in said.calls
        ]
        body: dict[str, Any] = {
            "id": "msg_loopback",
            "type": "message",
            "role": "assistant",
            "model": said.model or self.snapshot,
            "content": content,
            "stop_reason": self.words.get(said.ended, said.ended),
            "stop_sequence": None,
        }
        if said.counts:
            body["usage"] = {
                "input_tokens": said.counts.input - said.counts.cached,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": said.counts.cached,
                "output_tokens": said.counts.output,
            }
        return body

    def nothing(self, how: Any) -> dict[str, Any]:
        return self.answer(Said()) | {"content": how, "stop_reason": None}

    def error(self, status: int, message: str = "no") -> dict[str, Any]:
        kind = self.kinds.get(status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": "req_loopback",
        }

    def no_money(self) -> Spoken:
        text = (
            "Your credit balance is too low to access the Anthropic API. "
            "Please go to Plans & Billing to upgrade or purchase credits."
        )
        return Spoken(400, self.error(400, text), {})

    def wrong_key(self) -> Spoken:
        return Spoken(401, self.error(401, f"invalid x-api-key {self.key}"), {})

    def later(self, seconds: int) -> Spoken:
        text = f"This request would exceed your rate limit. Please try again in {seconds} seconds."
        return Spoken(429, self.error(429, text), {})

    def limits(self, *, limit: int, remaining: int, seconds: float) -> dict[str, str]:
        # In whole seconds, as they are sent: rounded up, so that the wait is no shorter than said.
        when = datetime.now(UTC) + timedelta(seconds=seconds + 0.999)
        return {
            "anthropic-ratelimit-requests-limit": str(limit),
            "anthropic-ratelimit-requests-remaining": str(remaining),
            "anthropic-ratelimit-requests-reset": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


class Gemini(Wire):
    """POST /v1beta/models/<model>:generateContent."""

    name = "gemini"
    model = "gemini/gemini-2.5-flash"
    snapshot = "gemini-2.5-flash"
    other = "gemini-2.5-pro"
    filtered = "SAFETY"
    words: Mapping[str, str] = {
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "filtered": "SAFETY",
        "tools": "STOP",
    }
    kinds: Mapping[int, str] = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
    }

    def environ(self, origin: str) -> dict[str, str]:
        return {"GEMINI_API_BASE": f"{origin}/v1beta", "GEMINI_API_KEY": self.key}

    def speaks(self, path: str) -> bool:
        return path.partition("?")[0].endswith(":generateContent")

    def question(self, body: Mapping[str, Any]) -> str:
        asked = [each for each in body.get("contents") or [] if each.get("role") == "user"]
        parts = asked[-1].get("parts") if asked else []
        return "".join(str(part.get("text", "")) for part in parts or [])

    def answer(self, said: Said) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        if said.text is not None:
            parts.append({"text": said.text})
        parts += [
            {"functionCall": {"id": id_, "name": name, "args": _object(given)}}
            for id_, name, given in said.calls
        ]
        candidate: dict[str, Any] = {
            "finishReason": self.words.get(said.ended, said.ended),
            "index": 0,
        }
        if said.ended != "filtered":
            candidate["content"] = {"parts": parts, "role": "model"}
        body: dict[str, Any] = {
            "candidates": [candidate],
            "modelVersion": said.model or self.snapshot,
            "responseId": "loopback",
        }
        if said.counts:
            body["usageMetadata"] = {
                "promptTokenCount": said.counts.input,
                "candidatesTokenCount": said.counts.output,
                "totalTokenCount": said.counts.input + said.counts.output,
            }
            if said.counts.cached:
                body["usageMetadata"]["cachedContentTokenCount"] = said.counts.cached
        return body

    def nothing(self, how: Any) -> dict[str, Any]:
        return self.answer(Said()) | {"candidates": how}

    def error(self, status: int, message: str = "no") -> dict[str, Any]:
        kind = self.kinds.get(status, "UNKNOWN")
        return {"error": {"code": status, "message": message, "status": kind}}

    def no_money(self) -> Spoken:
        body = self.error(429, "You exceeded your current quota, please check your plan.")
        body["error"]["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": "generativelanguage.googleapis.com/free_tier_requests",
                        "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                        "quotaValue": "20",
                    }
                ],
            }
        ]
        return Spoken(429, body, {})

    def wrong_key(self) -> Spoken:
        text = f"API key not valid. Please pass a valid API key. ({self.key})"
        body = self.error(400, text)
        body["error"]["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
        ]
        return Spoken(400, body, {})

    def later(self, seconds: int) -> Spoken:
        body = self.error(429, f"Resource has been exhausted. Please retry in {seconds}.0s.")
        body["error"]["details"] = [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}
        ]
        return Spoken(429, body, {})

    def limits(self, *, limit: int, remaining: int, seconds: float) -> dict[str, str]:
        del limit, remaining, seconds
        return {}


WIRES: dict[str, Wire] = {wire.name: wire for wire in (OpenAI(), Anthropic(), Gemini())}


def spoken(path: str) -> Wire | None:
    """The format that a request at this path is written in."""
    return next((wire for wire in WIRES.values() if wire.speaks(path)), None)


def _last(messages: Any) -> str:
    contents = [each.get("content") for each in messages or [] if each.get("role") == "user"]
    content = contents[-1] if contents else None
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def _object(given: Any) -> Any:
    """Arguments as an object, where OpenAI has them as text."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return given
