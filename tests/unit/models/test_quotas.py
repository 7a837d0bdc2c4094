from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.models.quotas import duration, read_quota
from promptops.values.quota import Quota

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6m0s",
    "set-cookie": "secret=1",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2030-01-01T12:00:30Z",
    "anthropic-ratelimit-tokens-limit": "5000",
    "anthropic-ratelimit-tokens-remaining": "4900",
    "anthropic-ratelimit-tokens-reset": "2030-01-01T13:01:00+01:00",
    "retry-after": "30",
}


@pytest.mark.parametrize("prefix", ["", "llm_provider-"], ids=["as sent", "as passed on"])
@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (OPENAI, Quota(60, 59, 1.0, 150_000, 149_984, 360.0)),
        (ANTHROPIC, Quota(50, 0, 30.0, 5000, 4900, 60.0)),
    ],
    ids=["openai", "anthropic"],
)
def test_headers(prefix: str, headers: dict[str, str], found: Quota):
    assert read_quota({prefix + name: text for name, text in headers.items()}, now=NOW) == found


def test_input_tokens_stand_for_tokens_where_nothing_else_does():
    headers = {"anthropic-ratelimit-input-tokens-remaining": "7"}
    assert read_quota(headers) == Quota(tokens_remaining=7)


def test_a_limit_of_a_day_is_none_of_a_minute():
    found = read_quota(OPENAI, "groq")
    assert found is not None
    assert (found.requests_limit, found.requests_remaining, found.tokens_limit) == (
        None, 59, 150_000,
    )  # fmt: skip


@pytest.mark.parametrize(
    "headers", [{}, {"retry-after": "1"}, {"x-ratelimit-limit-requests": "many"}]
)
def test_nothing_is_said(headers: dict[str, str]):
    assert read_quota(headers) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("1d", 86400.0),
        ("7.66s", 7.66),
        ("59", 59.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("-1s", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("1893456000", None),
        ("1s nonsense", None),
    ],
)
def test_durations(text: str, seconds: float | None):
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


def test_a_reset_that_is_over_is_now():
    headers = {"anthropic-ratelimit-tokens-reset": "2029-12-31T00:00:00Z"}
    assert read_quota(headers, now=NOW) == Quota(tokens_reset_seconds=0.0)


@given(
    st.dictionaries(
        st.sampled_from([*OPENAI, *ANTHROPIC]), st.text(max_size=60) | st.integers() | st.none()
    )
)
def test_no_header_crashes_it(headers: dict[str, Any]):
    found = read_quota(headers, now=NOW)
    assert found is None or isinstance(found, Quota)
