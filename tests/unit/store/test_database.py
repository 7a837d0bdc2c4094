import os
import sqlite3
import stat
import sys

import pytest

from promptops.errors import StoreError
from promptops.store.database import FOLDER, MARKER, DamagedError, store_error, translated
from promptops.store.opening import open_database
from promptops.store.store import Store
from tests.unit.store.store_files import end, file_of, fill, found, go_on, line, start


@pytest.fixture
def connection(tmp_path):
    opened = open_database(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("fullfsync", 1),
        ("checkpoint_fullfsync", 1),
        ("foreign_keys", 1),
        ("busy_timeout", 30_000),
        ("trusted_schema", 0),
    ],
)
def test_a_commit_is_on_disk_and_a_row_is_whole(connection, pragma, value):
    assert connection.execute(f"PRAGMA {pragma}").fetchone()[0] == value


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
@pytest.mark.parametrize("before", [False, True])
def test_only_its_owner_reads_the_store(tmp_path, before):
    def modes():
        return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.glob("[cs]*")}

    folder = tmp_path / FOLDER
    if before:
        with Store(tmp_path) as store:
            fill(store, [1])
        folder.chmod(0o755)
        file_of(tmp_path).chmod(0o644)
    old = os.umask(0)
    try:
        with Store(tmp_path) as store:
            fill(store, range(20))
            assert modes() == dict.fromkeys(
                ("store.db", "store.db-wal", "store.db-shm", "claims"), 0o600
            )
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")
def test_what_a_link_leads_to_keeps_its_mode(tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / FOLDER).symlink_to(tmp_path / "elsewhere")
    Store(tmp_path / "root").close()
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o755


def test_opening_a_store_again_leaves_the_locks_of_the_first(tmp_path):
    """To close any descriptor of a file drops all the locks that a process has on it."""
    with Store(tmp_path) as store:
        fill(store, range(10))
        Store(tmp_path).close()
        wal = file_of(tmp_path).with_name("store.db-wal")
        assert wal.stat().st_size
        end(start("with Store(root) as store: print(len(found(store, range(10))))", tmp_path))
        assert wal.stat().st_size  # the other process saw that it was not the last one
        fill(store, range(10, 20))
    with Store(tmp_path) as store:
        assert len(found(store, range(20))) == 20


def said(code):
    error = sqlite3.OperationalError("as SQLite says")
    error.sqlite_errorcode = code
    return store_error(error)


def test_each_trouble_has_words_and_a_mend_of_its_own():
    codes = {
        sqlite3.SQLITE_FULL: "disk is full",
        sqlite3.SQLITE_READONLY_DIRECTORY: "written to",
        sqlite3.SQLITE_CANTOPEN: "opened",
        sqlite3.SQLITE_IOERR_FSYNC: "by the system",
        sqlite3.SQLITE_BUSY: "30 seconds",
        sqlite3.SQLITE_CORRUPT: "damaged",
        sqlite3.SQLITE_ERROR: "cannot be used",
    }
    errors = {code: said(code) for code in codes}
    for code, words in codes.items():
        assert words in errors[code].message
        assert errors[code].message.startswith("the store .promptops/store.db ")
        assert errors[code].message.endswith(": as SQLite says")
        assert errors[code].exit_code == 3
    assert len({error.hint for error in errors.values()}) == len(codes)
    assert isinstance(said(sqlite3.SQLITE_NOTADB), DamagedError)
    assert not isinstance(said(sqlite3.SQLITE_BUSY), DamagedError)


def test_damage_that_is_met_is_marked_and_other_trouble_is_not(connection, tmp_path):
    marker = tmp_path / FOLDER / MARKER
    with pytest.raises(StoreError, match="no such table"), translated(connection):
        connection.execute("SELECT * FROM absent")
    assert not marker.exists()
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT_INDEX
    with pytest.raises(DamagedError), translated(connection):
        raise error
    assert marker.exists()


def test_another_process_that_holds_the_store_too_long_is_said(tmp_path):
    open_database(tmp_path).close()
    other = start(
        """
connection = sqlite3.connect(file_of(root), isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.close()
""",
        tmp_path,
    )
    assert line(other) == "held"
    mine = open_database(tmp_path)
    mine.execute("PRAGMA busy_timeout = 100")
    with pytest.raises(StoreError, match="held by another process"), translated(mine):
        mine.execute("BEGIN IMMEDIATE")
    mine.close()
    go_on(other)
    end(other)
