"""Values as text, and the normalisations that both sides of a comparison may go through."""

from __future__ import annotations

import math
import string
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Literal

from promptops.values.request import canonical_json

Normalization = Literal["lower", "strip", "collapse", "nfkc", "punctuation"]


def normalize(text: str, steps: Iterable[Normalization]) -> str:
    """`text` after the steps, in the order in which they are written.

    `lower` folds case, `strip` drops blanks at both ends, `collapse` makes one blank of every run
    of them, `nfkc` is Unicode's compatibility form, `punctuation` drops punctuation of any script.
    """
    for step in steps:
        text = _STEPS[step](text)
    return text


def as_text(value: Any) -> str:
    """The text of a case's value: text as it is, numbers and truth values as JSON, the rest
    likewise.

    Raises:
        ValueError: there is nothing (null), or not a number, to be written as text.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise ValueError("it is empty (null)")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("it is not a finite number")
    return canonical_json(value).decode()


def encodable(text: str) -> str:
    """`text` with lone surrogates replaced, for libraries that want UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shown(value: Any, limit: int = 120) -> str:
    """A value inside an explanation: quoted, on one line, cut to about `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _without_punctuation(text: str) -> str:
    if text.isascii():
        return text.translate(_ASCII_PUNCTUATION)
    return "".join(
        char
        for char in text
        if char not in string.punctuation and unicodedata.category(char)[0] != "P"
    )


_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STEPS: dict[Normalization, Callable[[str], str]] = {
    "lower": str.casefold,
    "strip": str.strip,
    "collapse": lambda text: " ".join(text.split()),
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "punctuation": _without_punctuation,
}
