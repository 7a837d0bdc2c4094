"""CSV and TSV."""

from __future__ import annotations

import pytest

from promptops.datasets.loading import open_dataset
from promptops.errors import InputError


def opened(folder, text, name="cases.csv"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_dataset(folder / name, display=name)


def test_cells_are_text_and_stay_text(tmp_path):
    text = 'id,n,json,yes,empty\n007,1.50,"[1, {""a"": 2}]",NO,\n'
    with opened(tmp_path, text) as dataset:
        case = dataset.case(0)
    assert case.id == "007"
    assert case.columns == {"n": "1.50", "json": '[1, {"a": 2}]', "yes": "NO", "empty": ""}
    assert case.line == 2


def test_reserved_cells_have_their_types_and_empty_ones_are_not_given(tmp_path):
    text = "id,m,tags,group,critical\na,x,hard; slow ;,g1,TRUE\n,y,,,\nc,z,easy,,false\n"
    with opened(tmp_path, text) as dataset:
        a, b, c = dataset
    assert (a.tags, a.group, a.critical) == (("hard", "slow"), "g1", True)
    assert (b.tags, b.group, b.critical, len(b.id)) == ((), None, False, 12)
    assert (c.tags, c.group, c.critical) == (("easy",), None, False)


@pytest.mark.parametrize("cell", ["yes", "1", "0", "True!", " "])
def test_critical_is_true_or_false(tmp_path, cell):
    with pytest.raises(InputError) as caught:
        opened(tmp_path, f"id,critical\na,true\nb,{cell}\n")
    assert str(caught.value) == f"cases.csv:3:1: 'critical' is true or false, not {cell!r}"


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path):
    text = 'id,m\r\na,"one, ""two""\r\nthree"\r\n\r\nb,"last"\r\n'
    with opened(tmp_path, b"\xef\xbb\xbf" + text.encode()) as dataset:
        assert [case.columns["m"] for case in dataset] == ['one, "two"\nthree', "last"]
        assert [case.line for case in dataset] == [2, 5]


def test_a_checkout_with_other_line_ends_is_the_same_dataset(tmp_path):
    text = 'id,m\na,"one\ntwo"\n'
    with opened(tmp_path, text) as unix, opened(tmp_path, text.replace("\n", "\r\n")) as windows:
        assert unix.fingerprint == windows.fingerprint


def test_tabs_separate_in_tsv(tmp_path):
    with opened(tmp_path, 'id\tm\na\t"x\ty, z"\n', "cases.tsv") as dataset:
        assert dataset.case(0).columns == {"m": "x\ty, z"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("id,m\na,x\nb,y,z\n", "cases.csv:3:1: 3 cells where the header has 2"),
        ("id,m\na,x\nb\n", "cases.csv:3:1: 1 cells where the header has 2"),
        ('m,id\n"a\n\n",x\nb\n', "cases.csv:5:1: 1 cells where the header has 2"),
        ("id,m,m\n", "cases.csv:1:1: duplicate column 'm' in the header"),
        ("\n\nid,,m\n", "cases.csv:3:1: column 2 has no name in the header"),
        ("id, m\n", "cases.csv:1:1: blanks around the column name ' m'"),
        ("id;m\na;x\n", "cases.csv:1:1: the header is one cell that holds ';'"),
        ("id\tm\n", "cases.csv:1:1: the header is one cell that holds '\\t'"),
        ('id,m\na,x\nb,"y\nz\n', "cases.csv:3:1: a quoted cell in this row is never closed"),
        ('id,m\na,x\nb,"y"z\n', "cases.csv:3:1: not valid CSV: ',' expected after '\"'"),
        ("id,m\na,x\ny\0\n", "cases.csv:3:2: a NUL character"),
        ("id,m\ra,x\r", "cases.csv:1:1: a carriage return outside of quotes"),
        ("id,m\n", "cases.csv: no cases in the dataset"),
        (b"id,m\na,\xe9\n", "cases.csv:2:3: not UTF-8 text (byte 0xe9)"),
    ],
)
def test_broken_files_are_refused_at_their_line(tmp_path, text, error):
    with pytest.raises(InputError) as caught:
        opened(tmp_path, text)
    message = str(caught.value).splitlines()[0]
    if "NUL" in error:  # within the head of the file it is taken for another encoding
        assert message == "cases.csv: not text: it holds NUL bytes"
        with pytest.raises(InputError) as caught:
            opened(tmp_path, "id,m\n" + "a,xxxxxxxxxx\n" * 100 + "y\0\n")
        assert str(caught.value) == "cases.csv:102:2: a NUL character"
    else:
        assert message.startswith(error)
