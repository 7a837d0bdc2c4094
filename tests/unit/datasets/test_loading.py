"""Reading datasets: ids, reserved columns, notes, fingerprints, views."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from promptops.datasets.loading import Dataset, open_dataset
from promptops.errors import InputError, InputErrors


def opened(folder: Path, text: str | bytes, name: str = "cases.jsonl") -> Dataset:
    place = folder / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_dataset(place, display=name)


def refused(folder: Path, text: str | bytes, name: str = "cases.jsonl") -> InputError:
    with pytest.raises(InputError) as caught:
        opened(folder, text, name).close()
    assert caught.value.exit_code == 2
    return caught.value


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_row_becomes_a_case(tmp_path):
    row = {
        "id": "lisbon",
        "message": "I land in Lisbon",
        "expected": ["Lisbon", {"near": 1.5}],
        "tags": ["hard", "pt", "hard"],
        "group": 7,
        "critical": True,
    }
    with opened(tmp_path, "\n" + lines(row)) as dataset:
        case = dataset.case(0)
    assert case.id == "lisbon"
    assert case.columns == {"message": "I land in Lisbon", "expected": ["Lisbon", {"near": 1.5}]}
    assert case.tags == ("hard", "pt")
    assert case.group == "7"
    assert case.critical is True
    assert case.line == 2


def test_cases_are_reached_in_any_order(tmp_path):
    with opened(tmp_path, lines(*({"id": i, "n": i * i} for i in range(50)))) as dataset:
        assert len(dataset) == 50
        assert dataset.case(49).columns == {"n": 2401}
        assert dataset.case(3).columns == {"n": 9}
        assert [case.id for case in dataset] == [str(i) for i in range(50)] == list(dataset.ids)
        assert dataset.ids[-1] == "49"
        assert dataset.ids[2:5] == ["2", "3", "4"]
        for index in (50, -1):
            with pytest.raises(IndexError):
                dataset.case(index)
        with pytest.raises(IndexError):
            dataset.ids[50]


def test_a_closed_dataset_leaves_no_file_behind(tmp_path, monkeypatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    dataset = opened(tmp_path, lines({"id": 1}))
    if os.name == "posix":
        assert list(spool.iterdir()) == []  # unnamed from the start: a kill leaves nothing either
    dataset.close()
    dataset.close()
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": True}, "'id' must be text or a whole number, not true"),
        ({"id": 1.0}, "'id' must be text or a whole number, not a number"),
        ({"id": ["a"]}, "'id' must be text or a whole number, not a list"),
        ({"id": ""}, "'id' is empty"),
        ({"id": "  "}, "'id' is empty"),
        ({"id": "x" * 201}, "'id' is longer than 200 characters"),
        ({"id": "a\nb"}, "'id' holds the control character U+000A"),
        ({"id": "a\u0000"}, "'id' holds the control character U+0000"),
        ({"id": "a\u202eb"}, "'id' holds the control character U+202E"),
        ({"id": "a\ud800"}, "'id' holds the control character U+D800"),
        ({"id": "é\x1b[31m"}, "'id' holds the control character U+001B"),
        ({"id": 1, "group": ""}, "'group' is empty"),
        ({"id": 1, "group": 1.5}, "'group' must be text or a whole number, not a number"),
        ({"id": 1, "tags": "hard"}, "'tags' must be a list of texts, not the text 'hard'"),
        ({"id": 1, "tags": [1]}, "'tags' must be a list of texts, not a list"),
        ({"id": 1, "tags": ["!hard"]}, "the tag '!hard'"),
        ({"id": 1, "tags": [""]}, "'tags' is empty"),
        ({"id": 1, "critical": "true"}, "'critical' is true or false, not the text 'true'"),
        ({"id": 1, "critical": 1}, "'critical' is true or false, not a whole number"),
        ({}, "a case without a single column"),
        ([1], "a case must be a mapping of columns, not a list"),
        ("text", "a case must be a mapping of columns, not the text 'text'"),
        (None, "a case must be a mapping of columns, not nothing"),
        ({"message": "a\ud800"}, "column 'message': half a surrogate pair (U+D800)"),
        ({"message": {"in": ["\udfff"]}}, "column 'message': half a surrogate pair (U+DFFF)"),
        ({"\udfff": 1}, "half a surrogate pair (U+DFFF)"),
    ],
)
def test_a_row_that_is_no_case_is_refused_at_its_line(tmp_path, row, message):
    error = refused(tmp_path, lines({"id": "first"}, row))
    assert error.message.startswith(message) or message in error.message
    assert str(error.location) == "cases.jsonl:2:1"
    str(error).encode()  # can be shown


def test_null_in_a_reserved_column_is_as_if_it_were_not_there(tmp_path):
    bare = lines({"message": "hello"})
    null = lines({"message": "hello", "id": None, "tags": None, "group": None, "critical": None})
    with opened(tmp_path, bare) as one, opened(tmp_path, null) as two:
        assert one.case(0) == two.case(0)
        assert one.fingerprint == two.fingerprint


def test_any_text_is_data(tmp_path):
    texts = ["nul \0 inside", "{{ 7 * 7 }}", "\u2028 and \u0085", "😀", "=cmd()", "NO", ""]
    with opened(tmp_path, lines(*({"text": text} for text in texts))) as dataset:
        assert [case.columns["text"] for case in dataset] == texts


def test_derived_ids_depend_on_columns_alone(tmp_path):
    one = lines({"a": 1, "b": "x"}, {"a": 2, "b": "y", "tags": ["t"], "group": "g"})
    two = '{"b":"y",  "a":2, "critical": true}\r\n\r\n{ "b" : "\\u0078", "a":1 }\r\n'
    with opened(tmp_path, one) as first, opened(tmp_path, two) as second:
        assert list(first.ids) == list(second.ids)[::-1]
        assert all(len(each) == 12 for each in first.ids)
        (note,) = first.notes
    assert note == (
        "2 of 2 cases have no id of their own: theirs were derived from their content,"
        " and change when it does"
    )


def test_some_rows_may_have_ids_and_others_not(tmp_path):
    with opened(tmp_path, lines({"id": "own", "a": 1}, {"a": 1})) as dataset:
        assert dataset.ids[0] == "own"
        assert len(dataset.ids[1]) == 12
        assert dataset.notes[0].startswith("1 of 2 cases have no id")


def test_identical_rows_without_ids_are_refused(tmp_path):
    error = refused(tmp_path, lines({"a": 1}, {"a": 2}, {"a": 1}))
    assert error.message.startswith("the same case as on line 1 (id ")
    assert error.location is not None
    assert error.location.line == 3
    assert error.hint == "remove one of them, or give each an id of its own"


def test_every_duplicate_id_is_named_with_both_lines(tmp_path):
    rows = [{"id": "a", "n": 1}, {"id": "7", "n": 2}, {"id": "a", "n": 3}, {"id": 7, "n": 4}]
    error = refused(tmp_path, lines(*rows, {"id": "a", "n": 5}))
    assert isinstance(error, InputErrors)
    assert [str(each).splitlines()[0] for each in error.errors] == [
        "cases.jsonl:3:1: duplicate id 'a' (first on line 1)",
        "cases.jsonl:4:1: duplicate id '7' (first on line 2)",
        "cases.jsonl:5:1: duplicate id 'a' (first on line 1)",
    ]


def test_a_column_that_is_nearly_reserved_is_a_column_and_noted(tmp_path):
    with opened(tmp_path, lines({"id": 1, "tag": "hard", "ID": 2})) as dataset:
        assert dataset.case(0).columns == {"tag": "hard", "ID": 2}
        assert dataset.notes == [
            "column 'ID' is an ordinary column; the reserved one is 'id'",
            "column 'tag' is an ordinary column; the reserved one is 'tags'",
        ]


def test_the_fingerprint_changes_with_what_a_case_means_and_nothing_else(tmp_path):
    row = {"id": "a", "m": "hello", "tags": ["x", "y"], "group": "g", "critical": False}
    other = {"id": "b", "m": "bye"}

    def fingerprint(*rows: object) -> str:
        with opened(tmp_path, lines(*rows)) as dataset:
            return dataset.fingerprint

    first = fingerprint(row, other)
    assert len(first) == 64
    assert first == fingerprint(other, row)
    assert first == fingerprint(other, row | {"tags": ["y", "x"]})
    changed = [
        row | {"id": "c"},
        row | {"m": "hello!"},
        row | {"m": None},
        row | {"tags": ["x"]},
        row | {"group": "h"},
        row | {"critical": True},
        row | {"extra": 1},
    ]
    all_ = {fingerprint(each, other) for each in changed} | {first, fingerprint(row)}
    assert len(all_) == len(changed) + 2


def test_a_view_is_a_dataset_of_the_chosen_cases(tmp_path):
    rows = [
        {"id": f"c{9 - i}", "n": i, "tags": [f"t{i % 3}"], "critical": i == 4} for i in range(9)
    ]
    with opened(tmp_path, lines(*rows)) as dataset:
        view = dataset.select([4, 1])
        assert len(view) == 2
        assert list(view.ids) == ["c5", "c8"] == view.ids[:]
        assert [case.columns["n"] for case in view] == [4, 1]
        assert view.tags == ["t1"]
        assert dataset.tags == ["t0", "t1", "t2"]
        assert [view.is_critical(0), view.is_critical(1)] == [True, False]
        assert view.index_of("c8") == 1
        assert view.select([1]).case(0).id == "c8"
        with pytest.raises(InputError, match="no case 'c9'"):
            view.index_of("c9")
        with pytest.raises(IndexError):
            view.case(2)
        with pytest.raises(ValueError, match="twice"):
            dataset.select([1, 1])
        view.close()  # another's: the dataset stays open
        assert dataset.case(0).id == "c9"
        assert view.fingerprint == dataset.select([1, 4]).fingerprint != dataset.fingerprint
    with opened(tmp_path, lines(rows[1], rows[4])) as alone:
        assert alone.fingerprint == view.fingerprint


def test_a_case_is_found_by_its_id(tmp_path):
    with opened(tmp_path, lines(*({"id": name} for name in ("oslo", "quito", "łódź")))) as dataset:
        assert [dataset.index_of(name) for name in ("łódź", "oslo", "quito")] == [2, 0, 1]
        with pytest.raises(InputError) as caught:
            dataset.index_of("qito")
        assert caught.value.hint == "did you mean 'quito'?"
        with pytest.raises(InputError):
            dataset.index_of("\ud800")


def test_a_missing_file_and_an_unknown_format_say_what_there_is(tmp_path):
    (tmp_path / "cities.jsonl").write_text("{}")
    with pytest.raises(InputError) as caught:
        open_dataset(tmp_path / "citis.jsonl", display="evals/citis.jsonl")
    assert str(caught.value).splitlines() == [
        "evals/citis.jsonl: no such dataset",
        "  hint: did you mean 'cities.jsonl'?",
    ]
    with pytest.raises(InputError) as caught:
        open_dataset(tmp_path / "cities.jsonnl", display="cities.jsonnl")
    assert caught.value.hint == "did you mean 'jsonl'?"
    with pytest.raises(InputError, match="a name without extension"):
        open_dataset(tmp_path / "cities", display="cities")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="not a regular file"):
        open_dataset(tmp_path / "folder.csv", display="folder.csv")


def test_the_extension_counts_in_any_case_of_letters(tmp_path):
    with opened(tmp_path, lines({"id": 1}), "CASES.JSONL") as dataset:
        assert len(dataset) == 1
