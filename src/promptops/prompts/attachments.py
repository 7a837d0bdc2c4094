"""What a message carries beside text (pictures, sound, files), and where it may come from.

Clients fetch the addresses in such parts by themselves, before anything is sent.  So an address
stands in the prompt file, where a reviewer sees it; a case brings the data itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promptops.prompts.prompt import PromptMessage, Step, strings

HINT = "write an https address into the prompt file, or give the case a data: URL (base64)"

_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:(?=\S)|\s*//|.*://", re.DOTALL)
_HTTPS = re.compile(r"https://[^\s\\@]+\Z", re.IGNORECASE)
_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=_-]*\Z", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]*\Z")
_WORDS = re.compile(r"(?:[\w-]+(?:[ .][\w-]+)*)?\Z")
_ADDRESS = re.compile(r"(?:url|uri|file_id)\Z")
_BYTES = frozenset({"data", "file_data"})


def attached(messages: list[PromptMessage]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text of the messages' parts, with its path, but what `type: text` parts say."""
    for index, message in enumerate(messages):
        if isinstance(message.content, list):
            spoken = set(_spoken(message.content, ("messages", index, "content")))
            for path, text in strings(message.content, ("messages", index, "content")):
                if path not in spoken:
                    yield path, text


def problem_of_literal(text: str) -> str | None:
    """What is wrong with a text that the prompt file itself writes into such a part."""
    if not _SCHEME.match(text) or _HTTPS.match(text) or _DATA.match(text):
        return None
    return f"only https and data: (base64) addresses are sent, not {text[:60]!r}"


def problem_of_value(text: str, path: tuple[Step, ...]) -> str | None:
    """What is wrong with a text that a template made for such a part."""
    if _DATA.match(text):
        return None
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    allowed = _BASE64 if key in _BYTES else _WORDS
    if allowed.match(text) and not _ADDRESS.search(key):
        return None
    return f"a case cannot name what to fetch: {text[:60]!r}"


def _spoken(value: Any, at: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The paths of what `type: text` parts say, at any depth."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _spoken(item, (*at, index))
    elif isinstance(value, dict):
        if value.get("type") == "text":
            yield (*at, "text")
        for key, item in value.items():
            yield from _spoken(item, (*at, key))
