from __future__ import annotations

import asyncio
import gzip
import io
import json
import math
import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops.errors import InputError
from promptops.models.redaction import HIDDEN, Redactor
from promptops.store import archive_reading
from promptops.store.archive import Exported, entry_digest, export_to, pack, prompts_in
from promptops.store.archive_reading import Imported, import_from
from promptops.store.opening import open_database
from promptops.store.store import Store
from promptops.store.writing import checksum
from promptops.values.request import canonical_json
from promptops.values.response import Response, Usage
from promptops.values.step import Step
from tests.unit.store.kept import account, ask, change, keep, key, run, slots, without_accounts

ENTRY = {"input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06, "litellm_provider": "loop"}
RICH = Response(
    "Quito ☀ \x00 \u2028 </script>",
    tool_calls=[{"id": "t1", "function": {"name": "find", "arguments": '{"a": 1}'}}],
    finish_reason="stop",
    refusal="no",
    response_model="loop-1",
    usage=Usage(12, 3, 4),
    cost_usd=0.1 + 0.2,
    latency_seconds=0.123456789012345,
    flags=("empty", "cut"),
    raw_usage={"prompt_tokens": 12, "details": {"cached": 4, "share": 0.1}, "big": 2**63},
    price=entry_digest(ENTRY),
)


def nothing_hidden(value: Any) -> Any:
    return value


def exported(root, *prompts, redact=nothing_hidden) -> tuple[bytes, Exported]:
    file = io.BytesIO()
    with closing(open_database(root)) as connection:
        done = export_to(file, connection, prompts, redact)
    return file.getvalue(), done


def imported(root, data: bytes, redact=nothing_hidden) -> Imported:
    with closing(open_database(root)) as connection:
        return import_from(io.BytesIO(data), "kept.gz", connection, redact)


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def packed(*values: Any) -> bytes:
    return gzip.compress(b"".join(json.dumps(value).encode() + b"\n" for value in values))


def keep_one(root, response: Response, whose=None, name="a") -> None:
    with Store(root) as store:
        asyncio.run(store.responses.keep(key(name), 0, response, whose or account()))


def found(root, name="a") -> Response:
    with Store(root) as store:
        return store.responses.find([(key(name), 0)])[key(name), 0]


@pytest.fixture
def here(tmp_path):
    root = tmp_path / "here"
    root.mkdir()
    with Store(root) as store:
        store.prices.keep(entry_digest(ENTRY), "openai/loop", canonical_json(ENTRY).decode())
    keep_one(root, RICH)
    keep(root, account(2, run="r2"), ("b", 0), ("b", 7))
    keep(root, account(prompt="judges/fair", purpose="judge", model="x/y"), ("c", 0), cost=None)
    return root


@pytest.fixture
def there(tmp_path):
    root = tmp_path / "there"
    root.mkdir()
    return root


def test_what_is_exported_is_imported_exactly(here, there):
    data, done = exported(here)
    assert done == Exported(responses=4, prices=1, damaged=0, redacted=0)
    assert imported(there, data) == Imported(responses=4, present=0, prices=1)
    assert slots(there) == slots(here)
    assert found(there) == RICH
    owned = (
        "SELECT request_key, sample, created, run, suite, purpose, prompt, version, digest,"
        " accounts.model FROM responses JOIN accounts ON id = account ORDER BY 1, 2"
    )
    assert ask(there, owned) == ask(here, owned)
    prices = "SELECT * FROM prices"
    assert ask(there, prices) == ask(here, prices)
    # Nothing was spent there.
    assert ask(there, "SELECT count(*) FROM ledger") == [(0,)]
    # And again: the same file.
    assert exported(there)[0] == data
    with Store(there) as store:
        assert store.responses.find([(key("b"), 7)])
    assert ask(there, "PRAGMA integrity_check") == [("ok",)]


def test_the_first_line_says_what_it_is_and_the_last_how_much(here):
    first, *middle, last = lines(exported(here)[0])
    assert first == {"kind": "header", "schema": "promptops.responses/1"}
    assert last == {"kind": "end", "prices": 1, "responses": 4}
    assert [each["kind"] for each in middle] == ["price", *["response"] * 4]
    assert [each["key"] for each in middle[1:]] == sorted(each["key"] for each in middle[1:])
    assert set(middle[1]) == {
        "kind", "key", "sample", "model", "created", "account", "response", "checksum",
    }  # fmt: skip


def test_of_one_prompt_alone(here, there):
    data, done = exported(here, "judges/fair")
    assert (done.responses, done.prices) == (1, 0)
    imported(there, data)
    assert slots(there) == {(key("c"), 0)}
    with closing(open_database(here)) as connection:
        assert prompts_in(connection) == ["city", "judges/fair"]
    assert exported(here, "city", "judges/fair")[1].responses == 4


def test_what_has_no_account_goes_by_its_runs(here, there):
    run(here, "r1", [("candidate", "a")], prompt="town")
    without_accounts(here)
    data, done = exported(here, "town")
    assert done.responses == 1
    imported(there, data)
    assert ask(there, "SELECT request_key, account FROM responses") == [(key("a"), None)]
    assert exported(here)[1].responses == 4


def test_what_is_there_already_stays(here, there):
    keep_one(there, Response("Lima"))
    done = imported(there, exported(here)[0])
    assert (done.responses, done.present) == (3, 1)
    assert found(there).content == "Lima"
    assert imported(there, exported(here)[0]) == Imported(0, 4, 0)


def test_what_is_damaged_is_left_out(here, there):
    change(here, "UPDATE responses SET body = x'c1' WHERE request_key = ?", (key("b"),))
    change(here, "UPDATE prices SET entry = '{}'")
    data, done = exported(here)
    assert (done.responses, done.prices, done.damaged) == (2, 0, 3)
    assert imported(there, data).responses == 2


def test_what_json_cannot_hold_is_unknown(here, there):
    keep_one(here, msgspec.structs.replace(RICH, raw_usage={"share": math.nan}), name="n")
    imported(there, exported(here)[0])
    assert found(there, "n") == msgspec.structs.replace(RICH, raw_usage={"share": None})


def test_no_secret_leaves_and_none_comes_in(here, there):
    secret = "sk-invented-0123456789"
    redact = Redactor({"OPENAI_API_KEY": secret}).exactly
    keep_one(here, Response(f"my key is {secret}", raw_usage={"note": secret}), name="s")
    data, done = exported(here, redact=redact)
    assert done.redacted == 1
    assert secret.encode() not in gzip.decompress(data)
    imported(there, data)
    assert found(there, "s").content == f"my key is {HIDDEN}"
    assert found(there, "s").flags == ("redacted",)
    assert found(there, "a") == RICH
    open_data, _ = exported(here)
    imported(there, exported(here)[0])
    elsewhere = there.parent / "elsewhere"
    elsewhere.mkdir()
    imported(elsewhere, open_data, redact)
    assert found(elsewhere, "s").content == f"my key is {HIDDEN}"
    assert imported(elsewhere, open_data, redact).present == 5


def refused(root, data: bytes, said: str) -> InputError:
    keep(root, account(), ("z", 0))
    before = slots(root)
    with pytest.raises(InputError, match=said) as caught:
        imported(root, data)
    assert "nothing was imported" in caught.value.message
    assert slots(root) == before
    assert ask(root, "SELECT count(*) FROM prices") == [(0,)]
    assert ask(root, "SELECT count(*) FROM accounts") == [(1,)]
    return caught.value


def test_a_file_that_is_cut_off_says_how_far_it_came(here, there):
    data = exported(here)[0]
    error = refused(there, data[:-12], "the file is cut off")
    assert str(error.location) == "kept.gz:7:1"
    assert "the 6 lines before it were right" in (error.hint or "")
    *but_one, _ = lines(data)
    error = refused(there, packed(*but_one), "the file is cut off")
    assert str(error.location) == "kept.gz:7:1"


def test_a_byte_that_flipped_is_seen(here, there):
    data = bytearray(exported(here)[0])
    data[len(data) // 2] ^= 0x40
    refused(there, bytes(data), r"damaged|not a line|checksum")


@pytest.mark.parametrize("data", [b"", b"nothing of the sort", b"\x1f\x8b\x08\x00", b"\x00" * 99])
def test_what_is_no_export_is_refused(there, data):
    refused(there, data, "cut off|empty|no export|damaged")


HEADER = {"kind": "header", "schema": "promptops.responses/1"}
END = {"kind": "end", "prices": 0, "responses": 1}


def changed(data: bytes, **fields: Any) -> bytes:
    """The export of one response with some of its fields changed."""
    header, *_, line, end = lines(data)
    return packed(header, {**line, **fields}, {**end, "prices": 0})


def one(root) -> bytes:
    keep(root, account(), ("a", 0))
    return exported(root)[0]


HOSTILE = {
    "sample": -1,
    "key": "",
    "model": "m" * 5000,
    "created": "yesterday",
    "checksum": "0" * 32,
    "account": {"run": "r"},
    "response": {"type": "failure", "kind": "timeout", "message": "", "content": ""},
    "extra": 1,
}


@pytest.mark.parametrize("field", HOSTILE)
def test_a_field_that_no_export_holds_is_refused(tmp_path, there, field):
    error = refused(
        there, changed(one(tmp_path), **{field: HOSTILE[field]}), "kept|export|checksum"
    )
    assert error.location
    assert error.location.line == 2


def test_impossible_dates_amounts_and_numbers_are_refused(tmp_path, there):
    data = one(tmp_path)
    line = lines(data)[1]
    refused(there, changed(data, created="2026-13-41T10:00:00+00:00"), "no response")
    for spoilt in ({"cost_usd": -1.0}, {"raw_usage": {"n": 10**30}}, {"latency_seconds": -1}):
        response = {**line["response"], **spoilt}
        refused(there, changed(data, response=response), "checksum|no response")
        if "raw_usage" not in spoilt:  # with a checksum of its own it is refused for what it says
            sum_ = checksum(pack(msgspec.convert(response, Response))).hex()
            refused(there, changed(data, response=response, checksum=sum_), "below zero")


@pytest.mark.parametrize(
    "step",
    [
        Step("model", cost_usd=-0.1),
        Step("tool", latency_seconds=-1.0),
        Step("model", usage=Usage(1, -2)),
    ],
)
def test_impossible_amounts_of_a_step_are_refused(tmp_path, there, step):
    response = Response("Quito", steps=(step,))
    plain, sum_ = msgspec.to_builtins(response), checksum(pack(response)).hex()
    refused(there, changed(one(tmp_path), response=plain, checksum=sum_), "below zero")


def test_an_export_from_before_steps_were_kept_is_read(there):
    owner = {
        "run": "r1", "suite": "city", "purpose": "sample", "prompt": "city", "version": 1,
        "digest": "ab" * 32, "model": "openai/loop",
    }  # fmt: skip
    response: dict[str, Any] = {
        "type": "response", "content": "Quito", "tool_calls": [], "finish_reason": "stop",
        "refusal": None, "response_model": None,
        "usage": {"input_tokens": 12, "output_tokens": 3, "cached_input_tokens": 4},
        "cost_usd": 0.25, "latency_seconds": 0.0, "flags": [], "raw_usage": None, "price": None,
    }  # fmt: skip
    line = {
        "kind": "response", "key": key("a"), "sample": 0, "model": "openai/loop",
        "created": "2026-05-01T10:00:00+00:00", "account": owner, "response": response,
        "checksum": "336af4e86df23d8facc823e8810d2f0c",
    }  # fmt: skip
    assert imported(there, packed(HEADER, line, END)).responses == 1
    assert found(there) == Response(
        "Quito", finish_reason="stop", usage=Usage(12, 3, 4), cost_usd=0.25
    )


def test_steps_go_with_their_response(here, there):
    steps = (
        Step("model", "small", "Find it.", "", [{"name": "find"}], usage=Usage(1, 2), cost_usd=0.1),
        Step("tool", "find", "{}", error="nothing there", latency_seconds=0.25),
    )
    keep_one(here, msgspec.structs.replace(RICH, steps=steps), name="n")
    imported(there, exported(here)[0])
    assert found(there, "n").steps == steps


def test_lines_out_of_their_place_are_refused(tmp_path, there):
    _, line, _ = lines(one(tmp_path))
    price = {"kind": "price", "digest": "0" * 64, "model": "m", "entry": {}}
    cases: dict[str, list[list[Any]]] = {
        "does not belong here": [
            [line, END], [HEADER, HEADER], [HEADER, line, END, END], [HEADER, line, END, line],
        ],
        "lines are missing": [[HEADER, END]],
        "twice": [[HEADER, line, line]],
        "not the one it says": [[HEADER, price]],
        "is not 'promptops.responses/1': a newer": [
            [{**HEADER, "schema": "promptops.responses/2"}]
        ],
        "is not 'promptops.responses/1': no export": [[{**HEADER, "schema": "other"}]],
        "not a line of an export": [[1], [HEADER, {"kind": "other"}], [HEADER, []]],
    }  # fmt: skip
    for said, files in cases.items():
        for each in files:
            refused(there, packed(*each), said)
    refused(there, gzip.compress(b"[" * 100_000), "not a line of an export")


def test_lines_and_files_without_end_are_refused(there, monkeypatch):
    monkeypatch.setattr(archive_reading, "MOST_LINE_BYTES", 10_000)
    monkeypatch.setattr(archive_reading, "MOST_BYTES", 100_000)
    head = json.dumps(HEADER).encode() + b"\n"
    refused(there, gzip.compress(head + b" " * 10_001), "more than an export can hold")
    filler = json.dumps({"kind": "price", "digest": "0" * 64, "model": "m", "entry": {}}).encode()
    monkeypatch.setattr(archive_reading, "entry_digest", lambda entry: "0" * 64)
    refused(there, gzip.compress(head + (b" " * 9000 + filler + b"\n") * 20), "more than|twice")


def test_a_bomb_takes_no_memory(there):
    """A gigabyte of blanks in a file of a megabyte is refused at its first line."""
    bomb = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, bomb) as file:
        for _ in range(64):
            file.write(b" " * (1 << 20))
    refused(there, bomb.getvalue(), "more than an export can hold")


def test_a_store_that_is_held_takes_in_nothing(here, there):
    data = exported(here)[0]
    keep(there, account(), ("z", 0))
    with closing(sqlite3.connect(there / ".promptops" / "store.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(open_database(there)) as connection:
            connection.execute("PRAGMA busy_timeout = 10")
            with pytest.raises(Exception, match="held by another process"):
                import_from(io.BytesIO(data), "kept.gz", connection, nothing_hidden)
            assert not connection.in_transaction
    assert slots(there) == {(key("z"), 0)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.builds(
        Response,
        content=st.text(),
        tool_calls=st.lists(st.dictionaries(st.text(), JSON, max_size=2), max_size=2),
        usage=st.none() | st.builds(Usage, *[st.integers(0, 2**62)] * 3),
        cost_usd=st.none() | st.floats(0, 1e9),
        raw_usage=st.none() | st.dictionaries(st.text(), JSON, max_size=3),
    )
)
def test_any_response_comes_back_as_it_was(tmp_path_factory, response):
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    keep_one(here, response)
    data, _ = exported(here)
    assert imported(there, data).responses == 1
    assert found(there) == response
    assert exported(there)[0] == data
