"""Strict YAML: what a plain word means, what is refused and where, and what hostile files cost."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.documents import yaml_reader
from promptops.documents.yaml_reader import read_yaml, read_yaml_rows
from promptops.errors import InputError, Location


def value_of(text):
    return read_yaml(text, "f.yaml").value


def error_of(text):
    with pytest.raises(InputError) as caught:
        read_yaml(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        "NO",
        "no",
        "on",
        "Off",
        "Yes",
        "y",
        "True",
        "FALSE",
        "Null",
        "012",
        "-012",
        "0o17",
        "0x1F",
        "12:30:45",
        "1:30",
        "1e3",
        "1E3",
        "1.",
        ".5",
        "+1",
        "1_000",
        ".inf",
        "-.INF",
        ".nan",
        "2024-05-01",
        "2024-05-01T12:30:45Z",
        "=",
        "<<",
        "0b1",
        "--",
        "-x",
        "٣",
    ],
)
def test_text_stays_text(word):
    assert value_of(f"key: {word}\n") == {"key": word}
    assert value_of(f"[{word}]") == [word]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("9" * 18, 10**18 - 1),
        ("1.50", 1.5),
        ("-0.0", -0.0),
        ("1.5e10", 1.5e10),
        ("2.5E-3", 0.0025),
    ],
)
def test_the_words_of_json_have_their_meaning(word, value):
    got = value_of(f"key: {word}\n")["key"]
    assert (type(got), repr(got)) == (type(value), repr(value))
    if word:
        assert value_of(f"key: '{word}'\n") == {"key": word}
        assert value_of(f'key: !!str "{word}"\n') == {"key": word}
        assert value_of(f"key: !!str {word}\n") == {"key": word}


def test_a_merge_key_is_a_key_like_any_other():
    assert value_of("a: &a {x: 1}\nb: {<<: *a, y: 2}\n")["b"] == {"<<": {"x": 1}, "y": 2}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: duplicate key 'a' (first on line 1)"),
        ("x:\n  - {b: 1,\n     b: 2}\n", "f.yaml:3:6: duplicate key 'b' (first on line 2)"),
        ('a: 1\n"a": 2\n', "f.yaml:2:1: duplicate key 'a'"),
        ("1: x\n", "f.yaml:1:1: a key must be text, not '1'\n  hint: quote it: \"1\""),
        ("a:\n  null: x\n", "f.yaml:2:3: a key must be text, not 'null'"),
        ("1.5: x\n", "f.yaml:1:1: a key must be text"),
        ("[a, b]: x\n", "f.yaml:1:1: a key must be text"),
        ("{{a: 1}: x}\n", "f.yaml:1:2: a key must be text"),
        ("a: &a b\n*a : c\n", "f.yaml:2:1: a key must be text"),
        ("? {}\n: x\n", "f.yaml:1:3: a key must be text"),
        ("a: 1" + "0" * 18, "f.yaml:1:4: an integer of 19 digits\n  hint: quote it"),
        ("a: -" + "9" * 5000, "f.yaml:1:4: an integer of 5000 digits"),
        ("a: 1.0e999", "f.yaml:1:4: the number 1.0e999 is too large"),
        ("a: -" + "9" * 400 + ".0", "f.yaml:1:4: the number "),
        ("a: !!int 3\n", "f.yaml:1:4: tag"),
        ("a: !custom x\n", "f.yaml:1:4: tag '!custom' is not allowed"),
        ("a: !!python/object/apply:os.system [x]\n", "f.yaml:1:4: tag"),
        ("!!map {a: 1}\n", "f.yaml:1:1: tag"),
        ("!!set {a}\n", "f.yaml:1:1: tag"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second YAML document in one file"),
        ("a: *b\n", "f.yaml:1:4: alias 'b' names no anchor above it"),
        ("a: &a [*a]\n", "f.yaml:1:8: alias 'a' names no anchor above it"),
        ("a: [1,\n", "f.yaml:2:1: not valid YAML"),
        ("a: 'x\n", "f.yaml:2:1: not valid YAML"),
        ("a: b: c\n", "f.yaml:1:5: not valid YAML"),
        ("a:\n\tb: c\n", "f.yaml:2:1: not valid YAML"),
        ("a: %x\n", "f.yaml:1:4: not valid YAML"),
        ("é: ü\nb: é\x07\n", "f.yaml:2:5: not valid YAML: character U+0007 is not allowed"),
        ("é: ü\nb: é\0\n", "f.yaml:2:5: not valid YAML: character U+0000 is not allowed"),
        ("é: ü\nb: é\ud800\n", "f.yaml:2:5: not valid YAML: character U+D800 is not allowed"),
        ('a: "\\ud800"\n', "f.yaml:1:7: not valid YAML"),
    ],
)
def test_what_the_subset_leaves_out_is_refused_at_its_place(text, error):
    assert error_of(text).startswith(error)


def test_a_byte_order_mark_and_line_ends_of_windows_are_fine():
    assert value_of("\ufeffa: 1\r\nb: x\r\n") == {"a": 1, "b": "x"}
    assert value_of("") is None
    assert value_of("# nothing\n") is None


def test_every_value_knows_its_place():
    document = read_yaml("a: 1\nb:\n  - x\n  - {c: [y,\n      z]}\n", "f.yaml")
    place = {path: str(document.locate(path)) for path in [*document.marks, ("b", 1, "nope", 3)]}
    assert place == {
        (): "f.yaml:1:1",
        ("a",): "f.yaml:1:1",
        ("b",): "f.yaml:2:1",
        ("b", 0): "f.yaml:3:5",
        ("b", 1): "f.yaml:4:5",
        ("b", 1, "c"): "f.yaml:4:6",
        ("b", 1, "c", 0): "f.yaml:4:10",
        ("b", 1, "c", 1): "f.yaml:5:7",
        ("b", 1, "nope", 3): "f.yaml:4:5",
    }
    assert read_yaml("a: 1", "f.yaml", marks=False).locate(("a",)) == Location("f.yaml")


def test_aliases_stand_for_what_they_name():
    text = "a: &a {x: [1, &t two]}\nb: *a\nc: *t\n"
    assert value_of(text) == {"a": {"x": [1, "two"]}, "b": {"x": [1, "two"]}, "c": "two"}


def test_nesting_ends_at_its_limit():
    depth = yaml_reader.MAX_DEPTH
    assert value_of("[" * depth + "]" * depth)
    assert error_of("[" * (depth + 1)).startswith(f"f.yaml:1:{depth + 1}: nested more than {depth}")


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(12)
)
HOSTILE = {
    "alias bomb": BOMB,
    "brackets": "[" * 100_000,
    "open braces": "{a: " * 100_000,
    "sequences": "- " * 100_000,
    "mappings": "? " * 100_000,
    "mixed": "a: [{b: " * 30_000,
    "digits": "a: " + "7" * 2_000_000,
    "float": "a: 0." + "7" * 2_000_000 + "e",
    "anchors": "".join(f"- &a{n} x\n" for n in range(5000)) + "- [" + "*a1, " * 50_000,
    "unclosed": 'a: "' + "x" * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_quickly(tmp_path, name):
    """In a process of its own: some of these are known to crash the C loader."""
    place = tmp_path / "f.yaml"
    place.write_text(HOSTILE[name])
    code = (
        "import sys, time\n"
        "from promptops.documents.yaml_reader import read_yaml\n"
        "from promptops.errors import InputError\n"
        "text = open(sys.argv[1]).read()\n"
        "start = time.process_time()\n"
        "try:\n"
        "    read_yaml(text, 'f.yaml')\n"
        "except InputError as error:\n"
        "    print(error.exit_code, len(str(error)))\n"
        "else:\n"
        "    print('read', 0)\n"
        "print(time.process_time() - start)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, seconds = done.stdout.splitlines()
    code_, length = said.split()
    assert code_ == ("read" if name == "float" else "2")  # which is a long text, and no number
    assert int(length) < 300
    assert float(seconds) < 3


def test_a_quadratic_key_is_not_quadratic():
    text = "{" + ", ".join(f"k{n}: {n}" for n in range(50_000)) + "}"
    start = time.process_time()
    assert len(value_of(text)) == 50_000
    assert time.process_time() - start < 5


@pytest.mark.parametrize("wrapper", ["", "about: x\nrows:\n"])
def test_rows_come_one_at_a_time_with_their_lines(wrapper):
    text = wrapper + "- a: 1\n\n- [x, {y: [z]}]\n- &c c\n- *c\n-\n"
    rows = read_yaml_rows(io.BytesIO(text.encode()), "f.yaml", "rows")
    start = wrapper.count("\n")
    assert next(rows) == (start + 1, {"a": 1})
    found = []
    while True:
        try:
            found.append(next(rows))
        except StopIteration as stop:
            rest = stop.value
            break
    assert [value for _, value in found] == [["x", {"y": ["z"]}], "c", "c", None]
    assert [line for line, _ in found][:3] == [start + 3, start + 4, start + 5]
    assert rest.value == ({"about": "x", "rows": []} if wrapper else [])


def test_rows_that_are_not_utf_8_are_left_to_the_caller():
    with pytest.raises(UnicodeDecodeError):
        list(read_yaml_rows(io.BytesIO(b"- a\n- \xff\n"), "f.yaml", "rows"))
    with pytest.raises(InputError) as caught:
        list(read_yaml_rows(io.BytesIO("- é\n- é\x07\n".encode()), "f.yaml", "rows"))
    assert str(caught.value).startswith("f.yaml:2:4: not valid YAML: character U+0007")


keys = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.floats(-1e15, 1e15).filter(lambda number: "e" not in repr(number))
    | st.text(st.characters(codec="utf-8"), max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors: equal values are written out."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _quoted(dumper, data):
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style='"')


_Dumper.add_representer(str, _quoted)


@settings(max_examples=150, deadline=None)
@given(value=values, flow=st.booleans())
def test_what_is_written_is_what_is_read(value, flow):
    text = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=flow, allow_unicode=True, sort_keys=False
    )
    assert json.dumps(value_of(text)) == json.dumps(value)
