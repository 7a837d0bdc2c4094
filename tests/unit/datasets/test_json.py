"""JSON and JSON Lines: places of errors, streaming across chunk ends, YAML's wrapper."""

from __future__ import annotations

import io
import json

import pytest

from promptops.datasets import json_stream
from promptops.datasets.json_stream import JsonStream
from promptops.datasets.loading import open_dataset
from promptops.errors import InputError


def opened(folder, text, name):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_dataset(folder / name, display=name)


def error_of(folder, text, name):
    with pytest.raises(InputError) as caught:
        opened(folder, text, name)
    return caught.value


# The row that each of these is put into is `{"id": 2, ROW}`, so that column 11 is where it starts.
BAD = [
    ('"a": NaN', 16, "NaN is not JSON"),
    ('"a": [1, -Infinity]', 20, "-Infinity is not JSON"),
    ('"NaN": "NaN", "a": NaN', 30, "NaN is not JSON"),
    ('"a": 1, "b": {"a": 1}, "a": 2', 34, "duplicate key 'a'"),
    ('"b": {"x": 1, "\\u0078": 2}', 25, "duplicate key 'x'"),
    ('"id": 3', 11, "duplicate key 'id'"),
    ('"a": 18446744073709551616', 16, "an integer of 20 digits does not fit 64 bits"),
    ('"a": -9223372036854775809', 16, "an integer of 19 digits does not fit 64 bits"),
    ('"a": ' + "9" * 5000, 16, "an integer of 5000 digits does not fit 64 bits"),
    ('"a": 1e400', 16, "the number 1e400 is too large"),
    ("'a': 1", 11, "not valid JSON: expecting property name enclosed in double quotes"),
    ('"a": "x\\q"', 18, "not valid JSON: invalid \\escape"),
    ('"a": tru', 16, "not valid JSON: expecting value"),
    ('"a": 01', 17, "not valid JSON: expecting ',' delimiter"),
    ('"a": "\t"', 17, "not valid JSON: invalid control character"),
]


@pytest.mark.parametrize(("row", "column", "message"), BAD)
@pytest.mark.parametrize("name", ["cases.jsonl", "cases.json"])
def test_bad_json_is_refused_at_its_line_and_column(tmp_path, row, column, message, name):
    first, second = '{"id": 1, "a": "NaN"}', '{"id": 2, ' + row + "}"
    text = f"{first}\n{second}\n" if name == "cases.jsonl" else f"[{first},\n{second}\n]"
    error = error_of(tmp_path, text, name)
    assert error.message.startswith(message)
    assert str(error.location) == f"{name}:2:{column}"


def test_the_whole_range_of_64_bits_is_exact(tmp_path):
    numbers = [-(2**63), 2**64 - 1, 2**53 + 1, 0]
    with opened(tmp_path, json.dumps([{"n": n} for n in numbers]), "cases.json") as dataset:
        values = [case.columns["n"] for case in dataset]
    assert values == numbers
    assert all(type(value) is int for value in values)


@pytest.mark.parametrize("name", ["cases.jsonl", "cases.json", "cases.yaml"])
def test_nesting_ends_somewhere(tmp_path, name):
    def row(depth):
        return '{"a": ' + "[" * depth + "]" * depth + "}"

    prefix, suffix = {"cases.jsonl": ("", "\n"), "cases.json": ("[", "]")}.get(name, ("- ", "\n"))
    with opened(tmp_path, prefix + row(60) + suffix, name) as dataset:
        assert len(dataset) == 1
    for depth in (65, 900, 200_000):
        error = error_of(tmp_path, prefix + row(depth) + suffix, name)
        assert "nested" in error.message
        assert error.location is not None
        assert error.location.line == 1


def test_a_wrapper_may_carry_a_description(tmp_path):
    text = '\ufeff{"description": "Cities", "cases": [{"id": 1},\n\n {"id": 2}], "$schema": "x"}\n'
    with opened(tmp_path, text, "cases.json") as dataset:
        assert [case.line for case in dataset] == [1, 3]
    text = "description: Cities\ncases:\n  - id: a\n    m: &m x\n\n  - id: b\n    m: *m\n"
    with opened(tmp_path, text, "cases.yaml") as dataset:
        assert [(case.id, case.line, case.columns) for case in dataset] == [
            ("a", 3, {"m": "x"}),
            ("b", 6, {"m": "x"}),
        ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("cases.json", '{"case": []}', "cases.json:1:2: unknown key 'case' around the cases"),
        ("cases.json", '{"id": 1}\n{"id": 2}\n', "cases.json:1:2: unknown key 'id'"),
        ("cases.json", '{"description": ""}', "cases.json:1:1: no list of cases"),
        ("cases.json", '{"cases": {}}', "cases.json:1:11: no list of cases"),
        ("cases.json", '{"cases": [], "cases": []}', "cases.json:1:22: duplicate key 'cases'"),
        ("cases.json", '{"cases": [{"a": 1}],}', "cases.json:1:22: not valid JSON: expected a key"),
        ("cases.json", '"text"', "cases.json:1:1: no list of cases"),
        ("cases.json", '[{"id": 1}] x', "cases.json:1:13: not valid JSON: something follows"),
        ("cases.json", '[{"id": 1},]', "cases.json:1:12: not valid JSON: expecting value"),
        ("cases.json", '[{"id": 1} {"id": 2}]', "cases.json:1:12: not valid JSON: expected ','"),
        (
            "cases.json",
            '[{"id": 1}',
            "cases.json:1:11: not valid JSON: expected ',' or ']', got the",
        ),
        ("cases.json", "[]", "cases.json: no cases in the dataset"),
        ("cases.json", " \n", "cases.json: no cases in the dataset"),
        ("cases.json", "[1]", "cases.json:1:1: a case must be a mapping of columns"),
        ("cases.jsonl", '{"id": 1}\n{"a": "x}\n', "cases.jsonl:2:7: not valid JSON: unterminated"),
        ("cases.json", '[{"a": "x}]', "cases.json:1:8: not valid JSON: unterminated string"),
        ("cases.jsonl", '{"id": 1} {"id": 2}\n', "cases.jsonl:1:11: not valid JSON: something"),
        ("cases.jsonl", '[\n{"id": 1}\n]\n', "cases.jsonl:1:2: not valid JSON"),
        ("cases.yaml", "case:\n- id: a\n", "cases.yaml:1:1: unknown key 'case' around the cases"),
        ("cases.yaml", "\ndescription: x\n", "cases.yaml:2:1: no list of cases"),
        ("cases.yaml", "cases: x\n", "cases.yaml:1:1: no list of cases"),
        ("cases.yaml", "just text", "cases.yaml:1:1: no list of cases"),
        ("cases.yaml", "# nothing\n", "cases.yaml: no cases in the dataset"),
        ("cases.yaml", "- id: a\n- x\n", "cases.yaml:2:1: a case must be a mapping of columns"),
        ("cases.yaml", "- {id: a}\n- {id: b, id: c}\n", "cases.yaml:2:11: duplicate key 'id'"),
        ("cases.yaml", "- id: a\n---\n- id: b\n", "cases.yaml:2:1: a second YAML document"),
        ("cases.yaml", "- id: 2024-05-01\n  m: 1.5e999\n", "cases.yaml:2:6: the number 1.5e999 is"),
    ],
)
def test_other_shapes_are_refused(tmp_path, name, text, message):
    assert str(error_of(tmp_path, text, name)).startswith(message)


def test_a_json_list_named_jsonl_gets_a_hint(tmp_path):
    error = error_of(tmp_path, '[\n{"id": 1}\n]\n', "cases.jsonl")
    assert error.hint == "this looks like one JSON list: name the file .json"


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_values_are_the_same_wherever_a_chunk_ends(chunk, ascii_only, monkeypatch):
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", chunk)
    value = [
        {"é😀": '\\u00e9 " \\ \n', "n": [-12345, 1.5e10, True, False, None], "o": {"x": []}},
        123456,
        "text",
        -1.25e-7,
        {"long": "x" * 500 + "é" * 500},
    ]
    text = json.dumps(value, ensure_ascii=ascii_only, indent=1)
    stream = JsonStream(io.BytesIO(b"\xef\xbb\xbf" + text.encode()), "x.json")
    got, places = [], []
    stream.take("[")
    while stream.peek() != "]":
        places.append(stream.line)
        got.append(stream.value())
        stream.take(",") if stream.peek() == "," else None
    stream.take("]")
    stream.end()
    assert got == value
    assert all(type(a) is type(b) for a, b in zip(got, value, strict=True))
    found = text.splitlines()
    assert [found[place - 1].lstrip()[0] for place in places] == ["{", "1", '"', "-", "{"]


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_bytes_that_are_not_utf_8_are_named(tmp_path, chunk, monkeypatch):
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", chunk)
    monkeypatch.setattr("promptops.datasets.text._CHUNK_BYTES", chunk)
    text = '[{"é": 1},\n {"é": "'.encode() + b'\xff"}]'
    error = error_of(tmp_path, text, "cases.json")
    assert str(error).splitlines()[0] == "cases.json:2:9: not UTF-8 text (byte 0xff)"
    error = error_of(tmp_path, '[{"a": "é'.encode()[:-1], "cases.json")
    assert str(error).splitlines()[0] == "cases.json:1:9: not UTF-8 text (byte 0xc3)"


def test_yaml_that_is_not_utf_8_is_named(tmp_path):
    error = error_of(tmp_path, "- é: é\n- é: ".encode() + b"\xff\n", "cases.yaml")
    assert str(error).splitlines()[0] == "cases.yaml:2:6: not UTF-8 text (byte 0xff)"
    error = error_of(tmp_path, "- é: é\n- é: \x07\n", "cases.yaml")
    assert str(error).splitlines()[0].startswith("cases.yaml:2:6: not valid YAML: character U+0007")
