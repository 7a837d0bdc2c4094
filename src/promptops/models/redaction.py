"""Secrets out of texts that are shown or stored."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

HIDDEN = "[redacted]"

_NAMES = re.compile(
    r"(KEYS?|TOKENS?|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(_\d+)?$", re.IGNORECASE
)
_SHAPES = re.compile(
    r"\b(?:sk-|pk-|rk-|gsk_|xai-|hf_|r8_|nvapi-|pplx-|AIza|AKIA)[A-Za-z0-9_*.\-]{8,}"
    r"|(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=\-]{8,}"
)
_SHORTEST = 8
_SHORTEST_LINE = 20
"""Of a secret of many lines, such as a private key: each line that is as long is one as well."""


class Redactor:
    """Knows the secrets of an environment, and the shapes that keys have.

    Secrets are the values of variables whose names say so, and what stands in URLs for a user, a
    password or a key.  Each is known as it is, in base64 wherever it stands in what was encoded
    (both alphabets), URL-encoded, and as JSON writes it.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        secrets = {secret for each in environ.items() for secret in _secrets(*each)}
        coats = {coat for secret in secrets for coat in _coats(secret)}
        # The longest first: a secret that begins like another leaves no rest of itself.
        self._coats = tuple(sorted(coats, key=lambda each: (-len(each), each)))
        found = "|".join(map(re.escape, self._coats)) or r"(?!)"
        # Base64 may end in a letter that holds a few bits more, and in padding.
        self._pattern = re.compile(f"(?:{found})(?:[A-Za-z0-9+/_-]?=+)?")
        self.longest = max((len(each) for each in self._coats), default=0) + 3
        """Characters of the longest text that is hidden."""

    def __call__(self, text: str) -> str:
        """`text` without secrets, nor anything that is shaped like one: for messages and logs."""
        return _SHAPES.sub(HIDDEN, self.exact(text))

    def exact(self, text: str) -> str:
        """`text` without the secrets of the environment: for answers, which may say anything."""
        # Looking for each as it stands is many times faster than one pattern with many branches.
        if not any(coat in text for coat in self._coats):
            return text
        return self._pattern.sub(HIDDEN, text)

    def exactly(self, value: Any) -> Any:
        """A JSON value, texts and keys in it as by `exact`; the same object where none changes."""
        return _redone(value, self.exact)


def _redone(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        pairs = [(redact(str(key)), _redone(each, redact)) for key, each in value.items()]
        same = all(new is old for (_, new), old in zip(pairs, value.values(), strict=True)) and all(
            new == old for (new, _), old in zip(pairs, value, strict=True)
        )
        return value if same else dict(pairs)
    if isinstance(value, list | tuple):
        items = [_redone(each, redact) for each in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)
    return value


def _secrets(name: str, value: str) -> Iterator[str]:
    """The secrets that a variable holds."""
    secret = value.strip()
    found = [*_of_url(secret)]
    if _NAMES.search(name) and not _names_a_file(secret):
        found.append(secret)
        lines = secret.splitlines() if "\n" in secret else []
        found += [line for line in map(str.strip, lines) if _is_a_key_line(line)]
    yield from (each for each in found if len(each) >= _SHORTEST)


def _of_url(value: str) -> Iterator[str]:
    """User, password and keys in a URL, as they stand in it and as they are sent."""
    if "://" not in value:
        return
    try:
        parts = urlsplit(value)
        password, user = parts.password, parts.username
    except ValueError:  # no URL after all
        return
    login = parts.netloc.rpartition("@")[0]
    # A user without a password is a key.
    for each in (login if password else None, password, None if password else user):
        if each:
            yield each
            yield unquote(each)
    yield from (each for name, each in parse_qsl(parts.query) if _NAMES.search(name))


def _names_a_file(value: str) -> bool:
    return value.lower().endswith((".json", ".pem", ".p12")) and "\n" not in value


def _is_a_key_line(line: str) -> bool:
    return len(line) >= _SHORTEST_LINE and not line.startswith("-----")


def _coats(secret: str) -> Iterator[str]:
    """How a secret may be written."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(secret)[1:-1].replace("/", "\\/")
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]  # JSON within JSON
    yield repr(secret)[1:-1]
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    for encoded in _in_base64(secret.encode("utf-8", "surrogatepass")):
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


def _in_base64(secret: bytes) -> Iterator[str]:
    """The letters that depend on the secret alone, at each of three places in what is encoded."""
    for before, lead in enumerate((0, 2, 3)):
        whole = base64.b64encode(bytes(before) + secret).decode()
        yield whole[lead : (before + len(secret)) * 8 // 6]
