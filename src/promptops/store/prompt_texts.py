"""Versions of prompts as they were written, by what they mean and by their text.

A version that was never committed is in no other place.  One meaning may have several texts: a
comment, the number or the reason was changed, or the file was renamed.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib

import msgspec

from promptops.store.database import translated
from promptops.values.details import PromptText
from promptops.values.request import canonical_json

ID_DIGITS = 32
"""Hex digits of a text's id."""

UNREADABLE = (msgspec.MsgspecError, zlib.error, TypeError, ValueError)

_DECODER = msgspec.json.Decoder(PromptText)
_LEVEL = 6


class PromptTexts:
    """The texts of prompts in a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, text: PromptText) -> str:
        """Write a text, unless it is there; answers its id."""
        body = canonical_json(text)
        id_ = _id(body)
        with translated(self._connection):
            found = self._connection.execute(
                "SELECT 1 FROM prompt_texts WHERE digest = ? AND id = ?", (text.digest, id_)
            ).fetchone()
            if found is None:
                self._connection.execute(
                    "INSERT OR IGNORE INTO prompt_texts (digest, id, body) VALUES (?, ?, ?)",
                    (text.digest, id_, zlib.compress(body, _LEVEL)),
                )
        return id_

    def find(self, digest: str, id_: str | None = None) -> PromptText | None:
        """A text by its id; without one, or where that is not kept, any of the same meaning.

        One that is damaged is not kept any more: `promptops cache verify` tells of it.
        """
        with translated(self._connection):
            rows = self._connection.execute(
                "SELECT id, body FROM prompt_texts WHERE digest = ?1 ORDER BY id <> ifnull(?2, '')",
                (digest, id_),
            ).fetchall()
        for id_found, body in rows:
            try:
                return unpacked_text(digest, id_found, body)
            except UNREADABLE:
                continue
        return None


def unpacked_text(digest: str, id_: str, body: bytes) -> PromptText:
    """A row of the table as it was written.

    Raises:
        ValueError, TypeError, msgspec.MsgspecError, zlib.error: it is damaged.
    """
    plain = zlib.decompress(body)
    if _id(plain) != id_:
        raise ValueError("its text is not the one that its id is of")
    text = _DECODER.decode(plain)
    if text.digest != digest:
        raise ValueError("its text is of another version")
    return text


def _id(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:ID_DIGITS]
