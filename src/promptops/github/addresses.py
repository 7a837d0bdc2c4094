"""Where a request may go, and what may go with it."""

from __future__ import annotations

import httpx

from promptops.errors import InputError, NoVerdictError

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def checked_address(url: str, what: str = "GITHUB_API_URL", loopback: bool = True) -> str:
    """An address that a secret may be sent to: https, or this machine.

    Raises:
        InputError: it is another.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise InputError(f"{what} is no address") from None
    local = loopback and parts.host in LOOPBACK and parts.scheme == "http"
    if not parts.host or parts.userinfo or not (parts.scheme == "https" or local):
        raise InputError(f"{what} has to begin with https://", hint="https://api.github.com")
    return url.rstrip("/")


def joined(place: httpx.URL, headers: httpx.Headers) -> httpx.URL:
    """Where a redirect leads.

    Raises:
        NoVerdictError: nowhere.
    """
    named = headers.get("location", "")
    try:
        if named:
            return place.join(named)
    except httpx.InvalidURL:
        pass
    raise NoVerdictError("GitHub sends the download on, and not to an address")


def checked_token(token: str) -> str:
    """A token that a header can hold. It is in no message.

    Raises:
        InputError: it is none.
    """
    if not token:
        raise InputError(
            "GITHUB_TOKEN is not set",
            hint="env: {GITHUB_TOKEN: ${{ github.token }}} in the step",
        )
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise InputError("GITHUB_TOKEN is no token: it has blanks or other signs in it")
    return token
