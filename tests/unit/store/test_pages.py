import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.store.pages import Pages, records

SIZES = (512, 1024, 4096, 65536)

VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.binary()


def made(file, rows, *, size, rows_have_ids):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA page_size = {size}")
        ending = "" if rows_have_ids else " WITHOUT ROWID"
        connection.execute(f"CREATE TABLE t (k INTEGER PRIMARY KEY, a, b TEXT, c BLOB){ending}")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        connection.commit()


def on_pages(file):
    """The rows, without the one that defines the table."""
    with Pages(file) as pages:
        return [each for each in records(pages) if "table" not in each]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rows_have_ids", [True, False])
def test_every_row_is_read_however_long_it_is(tmp_path, size, rows_have_ids):
    lengths = [0, 1, 100, *range(size // 5, size // 3, 7), *range(size - 60, size + 9), size * 9]
    rows = [(at, at / 3, "é" * (at % 5), os.urandom(length)) for at, length in enumerate(lengths)]
    made(tmp_path / "db", rows, size=size, rows_have_ids=rows_have_ids)
    read = on_pages(tmp_path / "db")
    if rows_have_ids:  # the key's own column is empty
        read = [[each[0], *each[2:]] for each in read]
    assert sorted(map(tuple, read)) == rows


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.tuples(VALUES, st.text(st.characters(codec="utf-8")), VALUES)))
def test_every_value_is_read_as_it_was_written(tmp_path_factory, values):
    file = tmp_path_factory.mktemp("db") / "db"
    made(file, [(at, *row) for at, row in enumerate(values)], size=1024, rows_have_ids=False)
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT * FROM t").fetchall()
    assert sorted(on_pages(file), key=lambda each: each[0]) == [list(row) for row in rows]


def test_the_log_goes_before_the_file_as_far_as_it_is_committed(tmp_path):
    file, copy = tmp_path / "db", tmp_path / "copy"
    rows = [(at, None, "old", b"") for at in range(100)]
    made(file, rows, size=4096, rows_have_ids=False)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE t SET b = 'new'")
        connection.execute("PRAGMA cache_size = 1")  # what is not committed goes to the log as well
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t SELECT k + 1000, a, 'not', zeroblob(3000) FROM t")
        for end in ("", "-wal"):
            shutil.copy(f"{file}{end}", f"{copy}{end}")
        connection.execute("ROLLBACK")
    assert {each[2] for each in on_pages(copy)} == {"new"}
    (tmp_path / "copy-wal").unlink()
    assert {each[2] for each in on_pages(copy)} == {"old"}


@settings(max_examples=60, deadline=None)
@given(seed=st.randoms(use_true_random=False))
def test_whatever_stands_on_the_pages_reading_ends(tmp_path_factory, seed):
    file = tmp_path_factory.mktemp("db") / "db"
    rows = [(at, at, "text", bytes(700)) for at in range(60)]
    made(file, rows, size=512, rows_have_ids=False)
    raw = bytearray(file.read_bytes())
    for _ in range(seed.randint(1, 400)):
        raw[seed.randrange(len(raw))] = seed.randrange(256)
    file.write_bytes(raw[: seed.randint(1, len(raw))])
    with Pages(file) as pages:
        assert sum(1 for _ in records(pages)) <= len(raw)


def test_a_chain_that_leads_back_to_itself_ends(tmp_path):
    file = tmp_path / "db"
    made(file, [(1, None, "x", bytes(20_000))], size=512, rows_have_ids=False)
    raw = bytearray(file.read_bytes())
    for page in range(2, len(raw) // 512):
        raw[page * 512 : page * 512 + 4] = (3).to_bytes(4, "big")
    file.write_bytes(raw)
    with Pages(file) as pages:
        assert sum(1 for _ in records(pages)) <= 2
