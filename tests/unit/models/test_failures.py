from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from promptops.models.failures import failure, retry_after
from promptops.models.provider import ProviderError
from promptops.models.redaction import Redactor
from promptops.values.response import Failure

REDACT = Redactor({"HOUSE_API_KEY": "tulip-mania-1637"})
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Http:
    def __init__(self, status: int, text: str, **headers: str) -> None:
        self.status_code = status
        self.text = text
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Answered(Exception):  # noqa: N818
    def __init__(self, response: Http) -> None:
        super().__init__("class names say nothing")
        self.response = response


class Invented(Exception):  # noqa: N818
    """What the client below raises where no answer came: a 500 of its own making."""

    status_code = 500
    headers = None


def of(error: BaseException) -> Failure:
    found = failure(error, REDACT)
    assert isinstance(found, Failure)
    return found


def below(cause: BaseException) -> BaseException:
    try:
        try:
            raise cause
        except type(cause) as error:
            raise Invented("Connection error.") from error
    except Invented as outer:
        return outer


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "1"}, 1.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "86400"}, 86400.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Tue, 01 Jan 2030 00:00:30 GMT"}, 30.0),
        ({"retry-after": "Tue, 01 Jan 2019 00:00:30 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None):
    assert retry_after(headers, NOW) == seconds


def test_the_deepest_answer_wins_over_what_was_made_of_it():
    found = of(below(Answered(Http(429, '{"error": {"message": "slow"}}', Retry_After="4"))))
    assert (found.kind, found.status, found.retry_after_seconds) == ("rate_limited", 429, 4.0)
    assert found.message == "HTTP 429: slow"


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (ConnectionResetError("reset by peer"), "connection"),
        (TimeoutError(), "timeout"),
        (json.JSONDecodeError("Expecting value", "<html>", 0), "malformed"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "malformed"),
    ],
)
def test_a_500_that_nobody_sent_is_not_believed(cause: BaseException, kind: str):
    found = of(below(cause))
    assert (found.kind, found.status, found.retryable) == (kind, None, True)


def test_a_missing_package_is_not_asked_again():
    found = of(below(ModuleNotFoundError("No module named 'mill'")))
    assert (found.retryable, found.fatal) == (False, True)
    assert "mill" in found.message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, '{"error": {"code": "insufficient_quota"}}', "quota"),
        (400, '{"error": {"message": "Your credit balance is too low"}}', "quota"),
        (
            429,
            '{"error": {"message": "You exceeded your current quota per minute"}}',
            "rate_limited",
        ),
        (500, '{"error": {"code": "insufficient_quota"}}', "unavailable"),
        (418, "", "rejected"),
        (599, "", "unavailable"),
    ],
)
def test_status_and_body_decide(status: int, body: str, kind: str):
    assert of(Answered(Http(status, body, a="b"))).kind == kind


def test_a_provider_of_ours_speaks_the_same_language():
    found = of(ProviderError(400, "too long"))
    assert (found.kind, found.status, found.retryable) == ("rejected", 400, False)
    assert found.message == "HTTP 400: too long"
    assert of(ProviderError(500, "broken")).retryable


@pytest.mark.parametrize(
    "said",
    [
        "key tulip-mania-1637 is wrong",
        "dHVsaXAtbWFuaWEtMTYzNw== is wrong",
        "Authorization: Bearer abcdefgh12345678",
        "Incorrect API key provided: sk-proj-********************wxyz",
    ],
)
def test_no_secret_is_in_a_message(said: str):
    message = of(Answered(Http(401, json.dumps({"error": {"message": said}}), a="b"))).message
    assert "[redacted]" in message
    assert not any(each in message for each in ("tulip", "dHVsaXA", "abcdefgh", "sk-proj"))


@pytest.mark.parametrize("body", ["<!DOCTYPE html><p>x", "  <HTML lang=en>", "oops <script>x"])
def test_markup_is_never_in_a_message(body: str):
    message = of(Answered(Http(502, body, a="b"))).message
    assert "<" not in message
    assert message == "HTTP 502: the body is HTML"


@pytest.mark.parametrize(
    "body", ['{"error": "plain"}', '{"detail": "plain"}', '{"message": "plain"}', "plain"]
)
def test_a_message_is_found_in_any_format(body: str):
    assert of(Answered(Http(400, body, a="b"))).message == "HTTP 400: plain"


def test_a_message_is_one_short_line():
    message = of(Answered(Http(400, "long\n" * 1000, a="b"))).message
    assert len(message) < 320
    assert "\n" not in message


def test_a_loop_of_causes_ends():
    first, second = Invented("a"), Invented("b")
    first.__cause__, second.__cause__ = second, first
    assert of(first).kind == "malformed"


def test_a_body_that_cannot_be_read_is_none():
    class Unread(Http):
        def __init__(self) -> None:
            super().__init__(503, "", a="b")
            del self.text

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    assert of(Answered(Unread())).kind == "overloaded"


@pytest.mark.parametrize(
    "text",
    [
        "OpenAIException - Missing credentials. Please pass an `api_key`, `workload_identity`",
        "The api_key client option must be set either by passing api_key to the client",
    ],
)
def test_a_call_that_was_never_sent_for_want_of_a_key_is_fatal(text):
    found = failure(RuntimeError(text), Redactor({}))
    assert isinstance(found, Failure)
    assert (found.kind, found.fatal, found.retryable) == ("authentication", True, False)


class ClientConnectorError(Exception):
    """Known by its name: the HTTP client is not imported here."""


@pytest.mark.parametrize(
    ("error", "billable"),
    [
        (TimeoutError(), True),
        (ConnectionResetError("reset by peer"), True),
        (json.JSONDecodeError("Expecting value", "<html>", 0), True),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), True),
        (RuntimeError("nobody knows what"), True),
        (Answered(Http(200, "no JSON", a="b")), True),
        (ConnectionRefusedError("refused"), False),
        (ModuleNotFoundError("No module named 'mill'"), False),
        (RuntimeError("Missing credentials. Please pass an `api_key`"), False),
        (Answered(Http(302, "", a="b")), False),
        (ProviderError(500, "broken"), False),
        *(
            (Answered(Http(status, "no", a="b")), False)
            for status in (400, 401, 408, 429, 500, 503)
        ),
    ],
)
def test_what_may_be_billed(error: Exception, billable: bool):
    assert of(below(error)).billable is billable


def test_a_connection_that_was_never_made_is_not_billed():
    error = ClientConnectorError("cannot connect")
    error.__cause__ = OSError("no route to host")
    assert not of(below(error)).billable


@pytest.mark.parametrize(
    ("status", "body", "seconds"),
    [
        (429, '{"error": {"message": "Please try again in 20ms."}}', 0.02),
        (429, '{"error": {"message": "Please try again in 6m0s."}}', 360.0),
        (429, '{"error": {"details": [{"@type": "RetryInfo", "retryDelay": "34.5s"}]}}', 34.5),
        (503, "retry in 2s", 2.0),
        (429, "Please try again in 2 seconds.", 2.0),
        (429, "try again in 20 milliseconds", None),
        (429, "try again in a while", None),
        (400, "try again in 2s", None),
    ],
)
def test_a_delay_that_only_the_body_names(status: int, body: str, seconds: float | None):
    assert of(Answered(Http(status, body, a="b"))).retry_after_seconds == seconds


def test_a_header_goes_before_the_body():
    found = of(Answered(Http(429, "try again in 20s", Retry_After="1")))
    assert found.retry_after_seconds == 1.0


def test_googles_wrong_key_is_a_wrong_key():
    body = '{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}'
    found = of(Answered(Http(400, body, a="b")))
    assert (found.kind, found.fatal) == ("authentication", True)


def test_an_answer_that_the_client_could_not_read_is_malformed_and_was_paid_for():
    body = "Error converting to valid response block=usageMetadata not found. Got={'candidates': 1}"
    found = of(Answered(Http(422, body, a="b")))
    assert (found.kind, found.retryable, found.billable, found.status) == (
        "malformed", True, True, None,
    )  # fmt: skip
    assert "candidates" not in found.message


def test_no_trace_of_code_is_in_a_message():
    error = RuntimeError("it broke\nTraceback (most recent call last):\n  File secret.py, line 1")
    assert of(error).message == "it broke"
    error.__cause__ = KeyError("usage")
    assert of(error).message == "the answer could not be read: 'usage'"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("litellm.APIError: APIError: OpenAIException - it crashed", "it crashed"),
        (
            "litellm.InternalServerError: Empty or invalid response from LLM endpoint. Received: 1",
            "the answer could not be read",
        ),
    ],
)
def test_a_message_names_no_class_of_the_client_below(said: str, shown: str):
    assert of(RuntimeError(said)).message == shown


def test_a_body_that_is_passed_on_as_python_writes_it():
    assert of(Answered(Http(500, "{'type': 'x', 'message': 'it crashed'}", a="b"))).message == (
        "HTTP 500: it crashed"
    )


def test_an_empty_allowance_of_a_day_is_no_passing_limit():
    body = '{"error": {"details": [{"violations": [{"quotaId": "GenerateRequestsPerDay-Free"}]}]}}'
    assert of(Answered(Http(429, body, a="b"))).kind == "quota"
