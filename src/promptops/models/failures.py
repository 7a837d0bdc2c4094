"""What went wrong with a call, from its HTTP status and body and not from an exception's class.

The client below maps the same fault to different classes per provider, and invents a status of 500
where no answer came at all; so the chain of causes is searched for the HTTP answer itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from promptops.models.redaction import Redactor
from promptops.values.response import Failure, FailureKind, Response

_LONGEST_MESSAGE = 300
_DEEPEST = 16

_NO_MONEY = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_not_active|credit balance is too low"
    r"|insufficient[ _](?:credits?|balance|funds)",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content_policy_violation|content management policy|responsibleaipolicy"
    r"|flagged",
    re.IGNORECASE,
)
# Said by clients that send nothing at all for want of a key or of a provider's name.
_NO_KEY = re.compile(
    r"missing credentials|api[_ ]key.{0,40}must be (?:set|passed)|missing .{0,20}api[_ ]key",
    re.IGNORECASE,
)
_NO_PROVIDER = re.compile(r"LLM Provider NOT provided", re.IGNORECASE)
_MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body|script)\b", re.IGNORECASE)

_BY_STATUS: dict[int, FailureKind] = {
    401: "authentication",
    402: "quota",
    403: "authentication",
    408: "timeout",
    409: "unavailable",
    425: "unavailable",
    429: "rate_limited",
    503: "overloaded",
    529: "overloaded",
}
_FATAL: frozenset[FailureKind] = frozenset({"authentication", "quota"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is known of a failed call."""

    status: int | None = None
    """Of a real HTTP answer; None where none came."""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    kind: FailureKind | None = None
    """Where there was no HTTP answer that tells."""
    fatal: bool = False


def failure(error: BaseException, redact: Redactor) -> Failure | Response:
    """What the error comes to.

    A provider's content filter is an answer of this version (refused), not a failure.
    """
    fault = inspect(error)
    status, body = fault.status, fault.body
    if status is not None and 400 <= status < 404 and _FILTERED.search(body):
        return Response(
            content="",
            finish_reason="content_filter",
            refusal=_message(fault, redact),
            flags=("empty", "filtered", "usage_missing"),
        )
    kind = fault.kind or _kind(status, body)
    # With 404 there is no such model or no such address.
    fatal = fault.fatal or kind in _FATAL or status == 404 or bool(_NO_PROVIDER.search(body))
    return Failure(
        kind=kind,
        message=_message(fault, redact),
        status=status,
        retry_after_seconds=retry_after(fault.headers),
        retryable=not fatal and kind != "rejected",
        fatal=fatal,
    )


def inspect(error: BaseException) -> Fault:
    """The fault at the bottom of a chain of exceptions."""
    chain = list(_chain(error))
    for each in reversed(chain):
        if found := _transport(each):
            return found
    answers = [fault for each in chain if (fault := _answered(each))]
    if answers:
        return answers[-1]
    unsent = _NO_KEY.search(str(error))
    return Fault(kind="authentication" if unsent else "malformed", body=str(error))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the server asks to wait; None where it does not, or makes no sense."""
    millis = _number(headers.get("retry-after-ms", ""))
    if millis is not None:
        return millis / 1000
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _kind(status: int | None, body: str) -> FailureKind:
    if status is None:
        return "malformed"
    if 400 <= status < 500 and _NO_MONEY.search(body):
        return "quota"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "unavailable" if status >= 500 else "rejected" if status >= 400 else "malformed"


def _chain(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    for _ in range(_DEEPEST):
        if each is None:
            return
        yield each
        each = each.__cause__ or each.__context__


def _transport(error: BaseException) -> Fault | None:
    """Faults below HTTP: nothing came, too little came, or what came is no text or no JSON."""
    if isinstance(error, ImportError):
        return Fault(kind="rejected", fatal=True, body=f"a package is missing: {error}")
    if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
        return Fault(kind="malformed", body="the answer is not valid JSON")
    if isinstance(error, TimeoutError):
        return Fault(kind="timeout", body="no answer in time")
    home, name = type(error).__module__.split(".")[0], type(error).__name__
    if isinstance(error, ConnectionError) or home in {"httpx", "httpcore", "aiohttp"}:
        if "Timeout" in name:
            return Fault(kind="timeout", body="no answer in time")
        if isinstance(error, ConnectionError) or "Status" not in name:
            return Fault(kind="connection", body=f"the connection failed: {_first_line(error)}")
    return None


def _answered(error: BaseException) -> Fault | None:
    """A real HTTP answer that an exception carries; the client's own inventions have no headers."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
    headers = (
        getattr(response, "headers", None)
        or getattr(error, "litellm_response_headers", None)
        or getattr(error, "headers", None)
    )
    if not isinstance(status, int) or not (headers or _ours(error) or status not in {200, 500}):
        return None
    body = _body(response) or str(getattr(error, "message", "")) or str(error)
    return Fault(
        status=status,
        body=body,
        headers={str(name).lower(): str(value) for name, value in dict(headers or {}).items()},
    )


def _ours(error: BaseException) -> bool:
    return type(error).__module__.startswith("promptops.")


def _body(response: Any) -> str:
    try:
        return str(response.text)
    except Exception:  # noqa: BLE001  # a body that was never read, or no response at all
        return ""


def _message(fault: Fault, redact: Redactor) -> str:
    said = _said(fault.body)
    if _MARKUP.search(said):
        said = "the body is HTML"
    said = redact(" ".join(said.split()))
    if len(said) > _LONGEST_MESSAGE:
        said = said[: _LONGEST_MESSAGE - 1] + "…"
    if fault.status is None:
        return said or "the call failed"
    return f"HTTP {fault.status}: {said}" if said else f"HTTP {fault.status}"


def _said(body: str) -> str:
    """The message in an error body of any provider's format, else the body."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    for key in ("error", "detail", "message"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    return value if isinstance(value, str) else body


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
