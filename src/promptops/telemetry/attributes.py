"""What is said of a call and of a run, by the names of the GenAI conventions. Pure.

Source: OpenTelemetry semantic conventions 1.41, "Generative AI", client spans and metrics (status:
development).  What they have no name for is called `promptops.…`.

Never said: messages, answers, tools, schemas, stop sequences, what an error said, headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from promptops.values.account import Account
from promptops.values.observing import Attempt, Called
from promptops.values.report import Report
from promptops.values.response import Failure, Response

SCHEMA = "https://opentelemetry.io/schemas/1.41.0"

Value = str | bool | int | float | Sequence[str]
Attributes = dict[str, Value]
Redact = Callable[[str], str]

LONGEST = 200
"""Characters of a text."""
_MOST = 2**63 - 1
"""What the wire can hold of a whole number; one that is larger would lose its whole batch."""

_PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "cohere_chat": "cohere",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "vertex_ai": "gcp.vertex_ai",
    "vertex_ai_beta": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""litellm's names to those of the conventions, where they differ."""

_WHOLE = {
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
}
_REAL = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,39}")


def operation(called: Called) -> str:
    """The name of the operation."""
    return "embeddings" if called.account.purpose == "embedding" else "chat"


def model_name(called: Called) -> str:
    """The model as its provider names it."""
    _, slash, name = called.request.model.partition("/")
    return plain(name if slash else called.request.model)


def asked(called: Called) -> Attributes:
    """Who was asked for what: the labels of metrics, and the first of a span's attributes."""
    peer = called.peer
    found: Attributes = {
        "gen_ai.operation.name": operation(called),
        "gen_ai.provider.name": _PROVIDERS.get(peer.provider, plain(peer.provider) or "unknown"),
        "gen_ai.request.model": model_name(called),
    }
    if peer.address:
        found["server.address"] = plain(peer.address)
        if peer.port:
            found["server.port"] = peer.port
    return found


def accounted(account: Account) -> Attributes:
    """On whose account: labels that have few values."""
    return {
        "promptops.suite": plain(account.suite),
        "promptops.prompt": plain(account.prompt),
        "promptops.prompt.version": account.version,
        "promptops.purpose": account.purpose,
    }


def of_call(called: Called, redact: Redact) -> Attributes:
    """All that a call's span says."""
    last = called.attempts[-1].outcome
    found = asked(called) | _parameters(called) | accounted(called.account)
    found["promptops.prompt.digest"] = called.account.digest
    found["promptops.retries"] = len(called.attempts) - 1
    return found | (_failed(last) if isinstance(last, Failure) else _answered(last, redact))


def of_attempt(number: int, attempt: Attempt) -> Attributes:
    """What is said of an attempt that failed and was made again; `number` counts from 1."""
    assert isinstance(attempt.outcome, Failure)
    return _failed(attempt.outcome) | {
        "promptops.attempt": number,
        "promptops.attempt.seconds": attempt.ended - attempt.began,
    }


def response_model(called: Called, redact: Redact) -> Attributes:
    """The model that says it answered, where one does."""
    last = called.attempts[-1].outcome
    if isinstance(last, Failure) or not last.response_model:
        return {}
    return {"gen_ai.response.model": plain(redact(last.response_model))}


def of_report(report: Report) -> Attributes:
    """What a run came to."""
    found: Attributes = {
        "promptops.prompt": plain(report.prompt),
        "promptops.model": plain(report.model),
        "promptops.verdict": report.verdict,
        "promptops.exit_code": report.exit_code,
        "promptops.candidate.version": report.candidate.version,
        "promptops.candidate.digest": report.candidate.digest,
        "promptops.calls.made": report.calls.made,
        "promptops.calls.retried": report.calls.retried,
        "promptops.cost.incurred_usd": report.cost.incurred_usd,
        "promptops.cost.evaluated_usd": report.cost.evaluated_usd,
        "promptops.cost.at_risk_usd": report.cost.at_risk_usd,
        "promptops.cost.unpriced_calls": report.cost.unpriced_calls,
    }
    if report.baseline:
        found["promptops.baseline.version"] = report.baseline.version
        found["promptops.baseline.digest"] = report.baseline.digest
    return found | {f"promptops.samples.{name}": count for name, count in sources(report).items()}


def sources(report: Report) -> dict[str, int]:
    """Samples by where they came from: drawn now, found in the store, shared by both arms."""
    drawn = report.candidate.samples + (report.baseline.samples if report.baseline else 0)
    calls = report.calls
    made = max(0, drawn - calls.cached - calls.shared)
    return {"made": made, "cached": calls.cached, "shared": calls.shared}


def plain(text: str) -> str:
    """A text that can be encoded, and is no longer than a name should be."""
    text = text[:LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _parameters(called: Called) -> Attributes:
    params: Mapping[str, object] = called.request.params
    found: Attributes = {}
    for name, value in params.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MOST:
            continue
        if name in _WHOLE and isinstance(value, int):
            found[_WHOLE[name]] = value
        elif name in _REAL:
            found[_REAL[name]] = float(value)
    if called.request.output_schema is not None:
        found["gen_ai.output.type"] = "json"
    return found


def _answered(response: Response, redact: Redact) -> Attributes:
    found: Attributes = {}
    if response.response_model:
        found["gen_ai.response.model"] = plain(redact(response.response_model))
    if response.finish_reason:
        found["gen_ai.response.finish_reasons"] = [_reason(redact(response.finish_reason))]
    if usage := response.usage:
        found["gen_ai.usage.input_tokens"] = min(usage.input_tokens, _MOST)
        found["gen_ai.usage.output_tokens"] = min(usage.output_tokens, _MOST)
        found["gen_ai.usage.cache_read.input_tokens"] = min(usage.cached_input_tokens, _MOST)
    if response.cost_usd is not None:
        found["promptops.cost_usd"] = response.cost_usd
    return found


def _failed(failure: Failure) -> Attributes:
    found: Attributes = {"error.type": failure.kind}
    if failure.status is not None:
        found["http.response.status_code"] = failure.status
    return found


def _reason(text: str) -> str:
    """A finish reason is a word; what is not may be anything."""
    return text if _REASON.fullmatch(text) else "_OTHER"
