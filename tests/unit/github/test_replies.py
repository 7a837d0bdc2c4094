"""What an answer of GitHub's means."""

from __future__ import annotations

import json

import httpx
import pytest

from promptops.errors import ExitCode
from promptops.github.replies import Reply, refusal, trouble_of


def reply(status: int, body: object = None, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, httpx.Headers(names), data)


SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize(
    ("answer", "undone", "seconds"),
    [
        (reply(429, retry_after="7"), True, 7.0),
        (reply(403, SECONDARY, retry_after="60"), True, 60.0),
        (reply(403, SECONDARY), True, 60.0),
        (reply(429), True, 60.0),
        (reply(403, {}, x_ratelimit_remaining="0", x_ratelimit_reset="1090"), True, 91.0),
        (reply(403, {}, x_ratelimit_remaining="0", x_ratelimit_reset="10"), True, 1.0),
        (reply(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), True, 60.0),
        (reply(502, b"<html>Bad gateway</html>"), False, None),
        (reply(503, retry_after="3"), False, 3.0),
    ],
)
def test_what_may_pass(answer, undone, seconds):
    trouble = trouble_of(answer, now=1000.0)
    assert trouble is not None
    assert (trouble.undone, trouble.seconds) == (undone, seconds)


@pytest.mark.parametrize(
    "answer",
    [
        reply(200),
        reply(403, {"message": "Resource not accessible by integration"}),
        reply(403, {}, x_ratelimit_remaining="4999"),
        reply(404),
        reply(422),
        reply(501),
    ],
)
def test_what_is_final(answer):
    assert trouble_of(answer, now=1000.0) is None


def test_a_missing_permission_is_named():
    answer = reply(
        403,
        {"message": "Resource not accessible by integration"},
        x_accepted_github_permissions="issues=write; pull_requests=write,contents=read",
    )
    error = refusal(answer, "POST", "/repos/a/b/issues/7/comments")
    assert error.exit_code is ExitCode.INPUT
    assert "Resource not accessible by integration" in error.message
    assert error.hint == (
        "the job needs  permissions: {issues: write}  or  {pull-requests: write, contents: read}"
    )


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (
            reply(401, {"message": "Bad credentials"}),
            2,
            "does not accept the token: Bad credentials",
        ),
        (reply(403, {}), 2, "is not allowed"),
        (reply(404, b"<html>"), 2, "no such thing"),
        (reply(410), 2, "no such thing"),
        (reply(301), 2, "from elsewhere"),
        (reply(422, {"message": "Validation Failed"}), 2, "422: Validation Failed"),
        (reply(501, b"<html>no</html>"), 3, "GitHub answers 501"),
    ],
)
def test_a_refusal_says_what_and_how_to_mend_it(answer, code, said):
    error = refusal(answer, "GET", "/repos/a/b/pulls")
    assert int(error.exit_code) == code
    assert said in str(error)
    assert "<html>" not in str(error)


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff", b"[" * 100_000, {"message": 7}, {}])
def test_a_body_without_words_has_none(body):
    assert reply(500, body).message == ""


def test_long_words_are_cut():
    assert len(reply(422, {"message": "long " * 1000}).message) <= 200
