"""Responses in a file of their own, to be taken to another machine: compressed lines of JSON.

The first line says what the file is, the last one how much is in it.  Between them stand price
entries, by digest, and responses, by request key and sample: the same content makes the same file.
What is read may come from anybody, so nothing in it is believed that can be looked at.
"""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Annotated, Any, BinaryIO

import msgspec
from msgspec import Meta

from promptops.store.database import translated
from promptops.store.inventory import find_owners
from promptops.store.writing import checksum
from promptops.values.account import Purpose
from promptops.values.request import canonical_json
from promptops.values.response import Response

FAMILY = "promptops.responses/"
SCHEMA = f"{FAMILY}1"
REDACTED = "redacted"
"""The flag of a response in which something was hidden."""

_LEVEL = 6

Redact = Callable[[Any], Any]
"""A JSON value without the secrets of this environment; the same object where there are none."""

Name = Annotated[str, Meta(max_length=4096)]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """One line of the file."""


class Header(Line, frozen=True, tag="header"):
    """The first line."""

    schema: str


class PriceEntry(Line, frozen=True, tag="price"):
    """What a price list said of a model when a cost was worked out by it."""

    digest: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    model: Name
    entry: dict[str, Any]


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `Account`, held to what one may be."""

    run: Name
    suite: Name
    purpose: Purpose
    prompt: Name
    version: Annotated[int, Meta(ge=0, lt=2**31)]
    digest: Name
    model: Name


class Entry(Line, frozen=True, tag="response"):
    """A response, and whose it is."""

    key: Annotated[str, Meta(min_length=1, max_length=200)]
    sample: Annotated[int, Meta(ge=0, lt=2**53)]
    model: Name
    created: Annotated[str, Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\Z")]
    account: Owner | None
    """None: it was drawn before accounts were kept."""
    response: Response
    checksum: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class End(Line, frozen=True, tag="end"):
    """The last line: how many there are of the others."""

    prices: int
    responses: int


class Exported(msgspec.Struct, frozen=True):
    """What was written to a file."""

    responses: int
    prices: int
    damaged: int
    """Responses and price entries that were left out, because they are not as they were written."""
    redacted: int
    """Responses in which a secret of this environment was hidden."""


_RESPONSES = msgspec.msgpack.Decoder(Response)
_FROM_JSON = msgspec.json.Decoder(Response)
_PACK = msgspec.msgpack.Encoder()
_WRITE = msgspec.json.Encoder(order="deterministic").encode

_ENTRIES = """
    SELECT digest, model, entry FROM prices WHERE model IN (SELECT model FROM chosen_models)
        ORDER BY digest
"""
_MODELS = """
    INSERT INTO chosen_models SELECT DISTINCT responses.model FROM responses
        LEFT JOIN accounts ON accounts.id = responses.account
        LEFT JOIN owners ON account IS NULL AND owners.request_key = responses.request_key
        WHERE ?1 IS NULL
            OR ifnull(accounts.prompt, owners.prompt) IN (SELECT value FROM json_each(?1))
"""
_ROWS = """
    SELECT responses.request_key, sample, responses.model, created, body, checksum,
            run, suite, purpose, accounts.prompt, version, digest, accounts.model FROM responses
        LEFT JOIN accounts ON accounts.id = responses.account
        LEFT JOIN owners ON account IS NULL AND owners.request_key = responses.request_key
        WHERE ?1 IS NULL
            OR ifnull(accounts.prompt, owners.prompt) IN (SELECT value FROM json_each(?1))
        ORDER BY responses.request_key, sample
"""


def prompts_in(connection: sqlite3.Connection) -> list[str]:
    """The prompts that a store has responses of, sorted.

    Raises:
        StoreError: it cannot be read.
    """
    with translated(connection):
        rows = connection.execute("SELECT prompt FROM accounts UNION SELECT prompt FROM runs")
        return sorted(row[0] for row in rows if row[0])


def export_to(
    file: BinaryIO, connection: sqlite3.Connection, prompts: Sequence[str], redact: Redact
) -> Exported:
    """Write the responses of some prompts, or of all if none is named, as they are at one moment.

    Raises:
        StoreError: the store cannot be read.
        OSError: the file cannot be written.
    """
    asked = msgspec.json.encode(list(prompts)).decode() if prompts else None
    counts = dict.fromkeys(("responses", "prices", "damaged", "redacted"), 0)
    with (
        translated(connection),
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed,
    ):
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen_models (model TEXT)")
        connection.execute("DELETE FROM temp.chosen_models")
        find_owners(connection, wanted=True)
        connection.execute("BEGIN")
        try:
            connection.execute(_MODELS, (asked,))
            packed.write(_line(Header(SCHEMA)))
            for row in connection.execute(_ENTRIES):
                line = _price_line(*row)
                counts["prices" if line else "damaged"] += 1
                packed.write(line)
            for row in connection.execute(_ROWS, (asked,)):
                line, redacted = _response_line(row, redact)
                counts["responses" if line else "damaged"] += 1
                counts["redacted"] += redacted
                packed.write(line)
            packed.write(_line(End(counts["prices"], counts["responses"])))
        finally:
            connection.execute("COMMIT")
    return Exported(**counts)


def _line(line: Line) -> bytes:
    return _WRITE(line) + b"\n"


def _price_line(digest: str, model: str, entry: str) -> bytes:
    """Nothing where the entry is not the one that its digest is of."""
    try:
        value = msgspec.json.decode(entry, type=dict[str, Any])
    except msgspec.DecodeError:
        return b""
    return _line(PriceEntry(digest, model, value)) if entry_digest(value) == digest else b""


def _response_line(row: Sequence[Any], redact: Redact) -> tuple[bytes, bool]:
    """Nothing where the response is damaged; and whether something was hidden in it."""
    key, sample, model, created, body, sum_, *account = row
    try:
        response = _RESPONSES.decode(body)
    except (msgspec.DecodeError, TypeError):
        return b"", False
    if sum_ is not None and sum_ != checksum(body):
        return b"", False
    response, hidden = hide(response, redact)
    # What JSON cannot hold (NaN in a raw usage) is null from here on, for the checksum as well.
    response = _FROM_JSON.decode(_WRITE(response))
    owner = Owner(*account) if account[0] is not None else None
    line = Entry(key, sample, model, created, owner, response, checksum(pack(response)).hex())
    return _line(line), hidden


def hide(response: Response, redact: Redact) -> tuple[Response, bool]:
    """A response without the secrets of this environment; and whether there were any."""
    plain = msgspec.to_builtins(response)
    safe = redact(plain)
    if safe is plain:
        return response, False
    flags = list(dict.fromkeys((*safe["flags"], REDACTED)))
    return msgspec.convert({**safe, "flags": flags}, Response), True


def pack(response: Response) -> bytes:
    """A response as msgpack: what its checksum is of, and what the store takes in.

    Steps are left out where there are none: exports from before steps were kept have none either.
    """
    if response.steps:
        return _PACK.encode(response)
    plain = msgspec.to_builtins(response)
    del plain["steps"]
    return _PACK.encode(plain)


def entry_digest(entry: dict[str, Any]) -> str:
    """SHA-256 of an entry's canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(entry)).hexdigest()
