from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing

import pytest

from promptops.store import case_texts as under_test
from promptops.store.case_texts import CaseText, CaseTexts
from promptops.store.database import FILE, FOLDER
from promptops.store.store import Store
from tests.unit.store.kept import ask, change
from tests.unit.store.texts import DATASET, case_text, keep_cases

NAMES = [f"c{at}" for at in range(30)]


def test_cases_come_back_whole(tmp_path):
    keep_cases(tmp_path, NAMES)
    with Store(tmp_path, reading=True) as store:
        found = store.case_texts.find(DATASET, ["c7", "nobody", "c0"])
        assert found == {"c7": case_text("c7"), "c0": case_text("c0")}
        assert store.case_texts.find("0" * 64, NAMES) == {}
        assert store.case_texts.find(DATASET, []) == {}
    places = ask(tmp_path, "SELECT case_id FROM case_texts ORDER BY position")
    assert [row[0] for row in places] == NAMES


def test_a_few_cases_cost_no_more_of_a_large_dataset(tmp_path):
    """Counted in steps of SQLite's machine: a page of a report must not read the whole dataset."""
    asked = ["c7", "c11"]

    def steps(cases: int) -> int:
        root = tmp_path / str(cases)
        root.mkdir()
        keep_cases(root, [f"c{at}" for at in range(cases)])
        counted = []
        with closing(sqlite3.connect(root / FOLDER / FILE)) as connection:
            connection.set_progress_handler(lambda: counted.append(1), 1)
            assert set(CaseTexts(connection).find(DATASET, asked)) == set(asked)
        return len(counted)

    assert steps(5_000) <= steps(20) + 20


def test_names_that_need_care_in_json_are_found(tmp_path):
    names = ['"', "\\", "é☀", "\u2028", "a b", "'; DROP TABLE case_texts; --"]
    keep_cases(tmp_path, names)
    with Store(tmp_path) as store:
        assert set(store.case_texts.find(DATASET, names)) == set(names)


def test_a_dataset_is_lacking_until_all_of_it_is_there(tmp_path, monkeypatch):
    """As a kill leaves it; what was written stays, and the rest is written by who comes next."""
    monkeypatch.setattr(under_test, "ROWS_AT_ONCE", 4)

    def killed():
        for name in NAMES:
            if name == "c10":
                raise KeyboardInterrupt
            yield name, case_text(name)

    with Store(tmp_path) as store:
        assert store.case_texts.lacks(DATASET, len(NAMES))
        with pytest.raises(KeyboardInterrupt):
            store.case_texts.keep(DATASET, killed())
    assert ask(tmp_path, "SELECT count(*) FROM case_texts") == [(8,)]
    before = ask(tmp_path, "SELECT * FROM case_texts")
    with Store(tmp_path) as store:
        assert store.case_texts.lacks(DATASET, len(NAMES))
        store.case_texts.keep(DATASET, ((name, case_text(name)) for name in NAMES))
        assert not store.case_texts.lacks(DATASET, len(NAMES))
        assert set(store.case_texts.find(DATASET, NAMES)) == set(NAMES)
    assert set(before) < set(ask(tmp_path, "SELECT * FROM case_texts"))


def test_many_large_cases_are_never_in_memory_together(tmp_path, monkeypatch):
    monkeypatch.setattr(under_test, "BYTES_AT_ONCE", 200_000)
    with Store(tmp_path) as store:
        store.case_texts.keep("warm", [("a", case_text("a"))])
        tracemalloc.start()
        store.case_texts.keep(
            DATASET,
            (
                (f"c{at}", CaseText({"noise": f"{at} ".join(map(str, range(at, at + 3000)))}))
                for at in range(400)
            ),
        )
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    ((kept,),) = ask(tmp_path, "SELECT sum(length(body)) FROM case_texts")
    assert isinstance(kept, int)
    assert kept > 2_000_000
    assert most < 1_000_000


@pytest.mark.parametrize("body", [b"\x00", b"x\x9c\x03\x00\x00\x00\x00\x01", "text", 7])
def test_a_damaged_case_is_not_kept_any_more(tmp_path, body):
    keep_cases(tmp_path, NAMES)
    change(tmp_path, "UPDATE case_texts SET body = ? WHERE case_id = 'c3'", (body,))
    with Store(tmp_path) as store:
        assert set(store.case_texts.find(DATASET, ["c2", "c3"])) == {"c2"}
