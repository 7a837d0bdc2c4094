"""What every dataset format must do, whichever files are found under `datasets/formats/`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from promptops.datasets.discovery import format_names, format_of
from promptops.datasets.loading import Dataset, open_dataset
from promptops.errors import InputError

ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
Rows = list[dict[str, Any]]


def as_json(rows: Rows) -> bytes:
    return json.dumps(rows, indent=1).encode()


def as_jsonl(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_yaml(rows: Rows) -> bytes:
    """JSON but for its pairs of escapes, which YAML does not have, and what YAML wants escaped."""
    text = "".join(f"- {json.dumps(row, ensure_ascii=False)}\n" for row in rows) or "[]"
    return ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def as_delimited(rows: Rows, delimiter: str) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value)


def as_parquet(rows: Rows) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "csv": lambda rows: as_delimited(rows, ","),
    "json": as_json,
    "jsonl": as_jsonl,
    "ndjson": as_jsonl,
    "parquet": as_parquet,
    "tsv": lambda rows: as_delimited(rows, "\t"),
    "yaml": as_yaml,
    "yml": as_yaml,
}
TYPED = ["json", "jsonl", "ndjson", "yaml", "yml"]
EVERY = format_names()

ROWS: Rows = [
    {
        "id": "a",
        "message": "I land in Łódź 😀",
        "expected": "",
        "tags": ["x", "y"],
        "critical": True,
    },
    {
        "id": "b",
        "message": 'one, "two"\n\tthree;',
        "expected": "NO",
        "tags": ["y"],
        "critical": False,
    },
    {"id": "c", "message": "{{ 1 }}", "expected": "012", "tags": ["z"], "critical": False},
]


def opened(folder: Path, extension: str, data: bytes) -> Dataset:
    place = folder / f"cases.{extension}"
    place.write_bytes(data)
    return open_dataset(place, display=place.name)


def test_every_format_has_its_checks():
    assert sorted(WRITERS) == EVERY


@pytest.mark.parametrize("extension", EVERY)
def test_the_same_rows_are_the_same_dataset(tmp_path, extension):
    with opened(tmp_path, "jsonl", as_jsonl(ROWS)) as plain:
        fingerprint = plain.fingerprint
    with opened(tmp_path, extension, WRITERS[extension](ROWS)) as dataset:
        assert dataset.fingerprint == fingerprint
        assert dataset.case(1).columns == {"message": 'one, "two"\n\tthree;', "expected": "NO"}
        assert dataset.case(0).tags == ("x", "y")
        assert [case.critical for case in dataset] == [True, False, False]


@pytest.mark.parametrize("extension", EVERY)
def test_rows_are_streamed(tmp_path, extension):
    """The first row is there before the rest is looked at, and stopping early leaks nothing."""
    place = tmp_path / f"cases.{extension}"
    place.write_bytes(WRITERS[extension](ROWS))
    rows = format_of(place.name).rows(place, place.name)
    line, row = next(rows)
    assert isinstance(line, int)
    assert row["id"] == "a"
    rows.close()  # type: ignore[attr-defined]  # a generator
    place.unlink()


@pytest.mark.parametrize("extension", EVERY)
def test_lines_point_at_the_row(tmp_path, extension):
    data = WRITERS[extension](ROWS)
    with opened(tmp_path, extension, data) as dataset:
        found = [case.line for case in dataset]
    if extension == "parquet":
        assert found == [0, 0, 0]
    else:
        text = data.decode().split("\n")
        for line, name in zip(found, "abc", strict=True):
            assert f'"{name}"' in "".join(text[line - 1 : line + 1])


@pytest.mark.parametrize("extension", EVERY)
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "a", "m": "1"}, {"id": "b", "m": "2"}, {"id": "a", "m": "3"}], "duplicate id 'a'"),
        ([{"m": "1"}, {"m": "2"}, {"m": "1"}], "the same case as on "),
        (
            [{"id": "a", "m": "1"}, {"id": "b", "m": "1"}, {"id": "x" * 300, "m": "2"}],
            "'id' is longer",
        ),
    ],
)
def test_a_bad_id_is_refused_with_its_place(tmp_path, extension, rows, message):
    with pytest.raises(InputError) as caught:
        opened(tmp_path, extension, WRITERS[extension](rows))
    error = caught.value
    assert message in error.message
    assert error.location is not None
    if extension == "parquet":
        assert error.message.startswith("row 3: ")
    else:
        assert error.location.line >= 3


@pytest.mark.parametrize("extension", EVERY)
@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path, extension, data):
    with pytest.raises(InputError) as caught:
        opened(tmp_path, extension, data)
    assert "no cases" in caught.value.message or "not a parquet file" in caught.value.message


@pytest.mark.parametrize("extension", EVERY)
def test_a_file_of_no_rows_is_refused(tmp_path, extension):
    if extension == "parquet":
        data = io.BytesIO()
        parquet.write_table(pa.table({"id": pa.array([], pa.string())}), data)
        empty = data.getvalue()
    else:
        empty = b"id\n" if extension in ("csv", "tsv") else WRITERS[extension]([])
    with pytest.raises(InputError, match="no cases in the dataset"):
        opened(tmp_path, extension, empty)


@pytest.mark.parametrize("extension", EVERY)
def test_a_git_lfs_pointer_says_how_to_get_the_data(tmp_path, extension):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n"
    with pytest.raises(InputError) as caught:
        opened(tmp_path, extension, pointer)
    assert caught.value.hint == "run `git lfs pull`"


@pytest.mark.parametrize("extension", [each for each in EVERY if each != "parquet"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_says_what_to_save_it_as(tmp_path, extension, encoding):
    data = WRITERS[extension](ROWS).decode().encode(encoding)
    with pytest.raises(InputError) as caught:
        opened(tmp_path, extension, data)
    assert caught.value.hint == "save the file as UTF-8"


@pytest.mark.parametrize("extension", EVERY)
@pytest.mark.parametrize("data", [b"\x1f\x8b\x08\x00", b"PK\x03\x04\x14\x00", b"\x00\xff\xfe\x01"])
def test_a_packed_file_is_no_dataset(tmp_path, extension, data):
    with pytest.raises(InputError):
        opened(tmp_path, extension, data * 10)


@pytest.mark.parametrize("extension", [each for each in EVERY if each != "parquet"])
def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path, extension):
    data = WRITERS[extension](ROWS)
    with opened(tmp_path, extension, data) as plain:
        fingerprint = plain.fingerprint
    windows = b"\xef\xbb\xbf" + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    with opened(tmp_path, extension, windows) as dataset:
        assert dataset.fingerprint == fingerprint


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = texts.filter(lambda name: name not in ("id", "tags", "group", "critical"))
columns = st.dictionaries(names, values, min_size=1, max_size=4)
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def as_key(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)


def with_ids(rows: Rows) -> Rows:
    return [{"id": f"c{index}"} | row for index, row in enumerate(rows)]


def same(one: Any, two: Any) -> bool:
    """Equality that tells 1 from 1.0 and True, and 0.0 from -0.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


def yaml_carries(value: Any) -> bool:
    """Strict YAML reads integers of up to 18 digits, and numbers with a point."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return True
    if isinstance(value, int):
        return len(str(value)) <= 18
    if isinstance(value, float):
        return "." in repr(value)
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return all(yaml_carries(each) for each in inner)


@pytest.mark.parametrize("extension", TYPED)
@SETTINGS
@given(rows=st.lists(columns, min_size=1, max_size=4))
def test_json_like_rows_come_back_as_they_were(tmp_path, extension, rows):
    if extension in ("yaml", "yml"):
        rows = [row for row in rows if yaml_carries(row)]
        if not rows:
            return
    with opened(tmp_path, extension, WRITERS[extension](with_ids(rows))) as dataset:
        got = [case.columns for case in dataset]
    assert same(got, rows)


headers = names.filter(
    lambda name: name == name.strip() != "" and "\0" not in name and "\r" not in name
)
cells = texts.filter(lambda text: "\0" not in text and "\r" not in text)


@pytest.mark.parametrize("extension", ["csv", "tsv", "parquet"])
@SETTINGS
@given(data=st.data())
def test_tables_of_text_come_back_as_they_were(tmp_path, extension, data):
    header = data.draw(st.lists(headers, min_size=1, max_size=3, unique=True))
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(header, cells)), min_size=1))
    with opened(tmp_path, extension, WRITERS[extension](with_ids(rows))) as dataset:
        got, fingerprint = [case.columns for case in dataset], dataset.fingerprint
    assert got == rows
    with opened(tmp_path, "jsonl", as_jsonl(with_ids(rows))) as dataset:
        assert dataset.fingerprint == fingerprint


@SETTINGS
@given(data=st.data(), rows=st.lists(columns, min_size=1, max_size=5, unique_by=as_key))
def test_ids_and_fingerprints_do_not_depend_on_order_or_layout(tmp_path, data, rows):
    shuffled = [
        dict(data.draw(st.permutations(list(row.items()))))
        for row in data.draw(st.permutations(rows))
    ]
    with opened(tmp_path, "jsonl", as_jsonl(rows)) as one:
        first = (sorted(one.ids), one.fingerprint)
    with opened(tmp_path, "json", as_json(shuffled)) as two:
        assert (sorted(two.ids), two.fingerprint) == first
    assert len(set(first[0])) == len(rows)
