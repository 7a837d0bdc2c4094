"""What went wrong with a call, from its HTTP status and body and not from an exception's class.

The client below maps the same fault to different classes per provider, and invents a status of 500
where no answer came at all; so the chain of causes is searched for the HTTP answer itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from promptops.models.quotas import duration
from promptops.models.redaction import Redactor
from promptops.values.response import Failure, FailureKind, Response

_LONGEST_MESSAGE = 300
_DEEPEST = 16

_NO_MONEY = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_not_active|credit balance is too low"
    r"|insufficient[ _](?:credits?|balance|funds)"
    r'|"quotaId"\s*:\s*"[^"]*PerDay',  # of Google: it comes back tomorrow
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content_policy_violation|content management policy|content filtering policy"
    r"|responsibleaipolicy|flagged",
    re.IGNORECASE,
)
# Said by clients that send nothing at all for want of a key or of a provider's name.
_NO_KEY = re.compile(
    r"missing credentials|api[_ ]key.{0,40}must be (?:set|passed)|missing .{0,20}api[_ ]key",
    re.IGNORECASE,
)
_NO_PROVIDER = re.compile(r"LLM Provider NOT provided", re.IGNORECASE)
# Google answers 400 to a key that it does not know.
_WRONG_KEY = re.compile(r"API_KEY_INVALID|API key not valid|API key expired", re.IGNORECASE)
# Where a delay is named in the body alone: Google's RetryInfo, and OpenAI's words.
_DELAY = re.compile(
    r'"retryDelay"\s*:\s*"(?P<google>[0-9.]+s)"'
    r"|(?:try again|retry) in (?P<words>(?:[0-9.]+\s?(?:ms|[hs]|m(?!illi))\s*)+)",
    re.IGNORECASE,
)
# Raised before a byte of the request was sent.
_UNSENT = frozenset(
    {
        "ClientConnectorCertificateError",
        "ClientConnectorDNSError",
        "ClientConnectorError",
        "ClientConnectorSSLError",
        "ClientProxyConnectionError",
        "ConnectError",
        "ConnectTimeout",
        "ConnectionRefusedError",
        "ConnectionTimeoutError",
        "InvalidURL",
        "InvalidUrlClientError",
        "LocalProtocolError",
        "NonHttpUrlClientError",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "gaierror",
    }
)
# The client below says 422 of its own where an answer lacks what it looks for.
_UNREADABLE = re.compile(
    r"Error converting to valid response block|Empty or invalid response from LLM endpoint"
    r"|provider returned 'choices' that",
    re.IGNORECASE,
)
_CLASSES = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception)\s*[:-]\s*)+")
"""Names of exceptions that the client below writes before what was said."""
_TRACE = "Traceback (most recent call last)"
_QUOTED = re.compile(r"^\{.*'message': '([^']+)'")
"""An error body that the client below passes on as Python writes it."""
_TLS = re.compile(r" ssl:(?:<[^>]*>|\w+)")
"""How aiohttp writes the certificates that it trusts."""
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
    sent: bool = True
    """Whether the request may have reached whoever answers."""


class UnusableError(Exception):
    """What came over HTTP and must go no further: a redirect, or more than can be held."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.body)
        self.fault = fault


def failure(error: BaseException, redact: Redactor) -> Failure | Response:
    """What the error comes to.

    A provider's content filter is an answer of this version (refused), not a failure.
    """
    return failure_of(inspect(error), redact)


def failure_of(fault: Fault, redact: Redactor) -> Failure | Response:
    """What a fault comes to; as `failure`."""
    status, body = fault.status, fault.body
    if status is not None and 400 <= status < 404 and _FILTERED.search(body):
        return Response(
            content="",
            finish_reason="content_filter",
            refusal=_message(fault, redact),
            flags=("empty", "filtered", "usage_missing"),
        )
    kind = fault.kind or _kind(status, body)
    # With 404 there is no such model or no such address; and no answer of a model is a redirect.
    nowhere = status is not None and (300 <= status < 400 or status == 404)
    fatal = fault.fatal or kind in _FATAL or nowhere or bool(_NO_PROVIDER.search(body))
    return Failure(
        kind=kind,
        message=_message(fault, redact),
        status=status,
        retry_after_seconds=_wait(fault),
        retryable=not fatal and kind != "rejected",
        fatal=fatal,
        billable=fault.sent and not fatal and (status is None or 200 <= status < 300),
    )


def inspect(error: BaseException) -> Fault:
    """The fault at the bottom of a chain of exceptions."""
    chain = list(_chain(error))
    if known := next((each for each in chain if isinstance(each, UnusableError)), None):
        return known.fault
    sent = not any(type(each).__name__ in _UNSENT for each in chain)
    for each in reversed(chain):
        if found := _transport(each):
            return replace(found, sent=sent)
    answers = [fault for each in chain if (fault := _answered(each))]
    if any(_UNREADABLE.search(fault.body) for fault in answers):
        return Fault(kind="malformed", body="the answer could not be read")
    if answers:
        return answers[-1]
    unsent = any(_NO_KEY.search(str(each)) for each in chain)
    return Fault(
        kind="authentication" if unsent else "malformed",
        body=_unexpected(chain),
        sent=sent and not unsent,
    )


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


def _wait(fault: Fault) -> float | None:
    """Seconds that the server asks to wait, in a header or, where it is busy, in its words."""
    seconds = retry_after(fault.headers)
    if seconds is not None or fault.status not in {429, 503, 529}:
        return seconds
    found = _DELAY.search(fault.body)
    return duration((found["google"] or found["words"]).replace(" ", "")) if found else None


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
    if status == 400 and _WRONG_KEY.search(body):
        return "authentication"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "unavailable" if status >= 500 else "rejected" if status >= 300 else "malformed"


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
        found = _QUOTED.search(body)
        return found[1] if found else body
    for key in ("error", "detail", "message"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    return value if isinstance(value, str) else body


def _unexpected(chain: list[BaseException]) -> str:
    """What is said of an error that nobody foresaw, without the code that it went through."""
    if isinstance(chain[-1], (LookupError, TypeError, AttributeError)):
        return f"the answer could not be read: {_first_line(chain[-1])}"
    said = str(chain[0]).partition(_TRACE)[0]
    if _UNREADABLE.search(said):
        return "the answer could not be read"
    return _CLASSES.sub("", said)


def _first_line(error: BaseException) -> str:
    text = _TLS.sub("", str(error).strip())
    return text.splitlines()[0] if text else type(error).__name__
