"""Reading a store where nothing may be written, and where there is none."""

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from promptops.errors import StoreError
from promptops.store.database import FOLDER, beside, mark_damaged
from promptops.store.reading import Onlooker, is_writable, open_to_read
from promptops.store.store import Store
from tests.unit.store.store_files import (
    end,
    file_of,
    fill,
    found,
    go_on,
    line,
    old_store,
    overwrite,
    start,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes of files")

# Nothing is forbidden to root, so whoever reads is somebody else.
READ_ONLY = """
for each in (root / FOLDER).rglob("*"):
    each.chmod(0o444)
(root / FOLDER).chmod(0o555)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
before = {each.name: each.stat().st_mtime_ns for each in (root / FOLDER).iterdir()}
"""
LOOK = """
try:
    with Store(root, reading=True) as store:
        there = found(store, range(300))
        spent = store.ledger.of_run("r1").calls
        begun = [(each.run, each.alive) for each in store.begun.unfinished()]
    print(len(there), spent, begun)
except StoreError as error:
    print(int(error.exit_code), str(error).replace(chr(10), " "))
assert {each.name: each.stat().st_mtime_ns for each in (root / FOLDER).iterdir()} == before
"""


@pytest.fixture
def root():
    """A folder that somebody else can get to."""
    place = Path(tempfile.mkdtemp(prefix="promptops-"))
    place.chmod(0o755)
    yield place
    if (place / FOLDER).exists():
        (place / FOLDER).chmod(0o755)
    shutil.rmtree(place)


def filled(root):
    with Store(root) as store:
        fill(store, range(20))


def seen(root):
    return end(start(READ_ONLY + LOOK, root)).strip()


def test_without_a_store_there_is_nothing_and_nothing_is_made(tmp_path):
    with Store(tmp_path, reading=True) as store:
        assert store.runs.names() == []
        assert store.begun.unfinished() == []
        assert not store.claims.alive("run r1")
        assert store.ledger.spent(["prompt"]) == []
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_may_be_written_to_is_opened_like_any_other(tmp_path):
    old_store(tmp_path, 1)
    with Store(tmp_path, reading=True) as store:
        assert found(store, range(3)) == {0, 1, 2}
    assert is_writable(tmp_path / FOLDER)
    with closing(open_to_read(tmp_path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] > 1


@posix
def test_a_store_at_rest_is_read_in_a_folder_that_may_not_be_written_to(root):
    filled(root)
    assert not beside(file_of(root))[0].exists()
    assert seen(root) == "20 20 []"


@posix
@pytest.mark.parametrize("index", [True, False])
def test_what_only_the_log_of_a_killed_process_holds_is_read(root, index, monkeypatch):
    filled(root)
    killed = start(
        """
store = Store(root)
fill(store, range(100, 130))
store.begun.begin("r7", "2026-05-01T10:00:00+00:00", "city", "{}", {})
print("kept", flush=True)
sys.stdin.readline()
""",
        root,
    )
    assert line(killed) == "kept"
    killed.kill()
    killed.communicate()
    log, shared = beside(file_of(root))
    assert log.stat().st_size
    if not index:
        shared.unlink()
    scratch = root / "scratch"
    scratch.mkdir()
    scratch.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(scratch))
    assert seen(root) == "50 50 [('r7', False)]"
    assert list(scratch.iterdir()) == []


@posix
def test_a_run_that_lives_is_seen_where_nothing_may_be_written(root):
    filled(root)
    other = start(
        """
with Store(root) as store:
    store.begun.begin("r7", "2026-05-01T10:00:00+00:00", "city", "{}", {})
    print("begun", flush=True)
    sys.stdin.readline()
    store.begun.end("r7", "stopped")
""",
        root,
    )
    assert line(other) == "begun"
    assert seen(root) == "20 20 [('r7', True)]"
    (root / FOLDER).chmod(0o755)
    go_on(other)
    end(other)
    assert seen(root) == "20 20 [('r7', False)]"


@posix
@pytest.mark.parametrize("version", [1, 4])
def test_a_store_of_an_older_program_is_read_without_being_changed(root, version):
    old_store(root, version)
    assert seen(root) == "200 0 []"
    with closing(sqlite3.connect(file_of(root))) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (version,)


@posix
def test_damage_is_told_of_and_where_it_can_be_mended(root):
    filled(root)
    with closing(sqlite3.connect(file_of(root))) as file:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'responses'"
        overwrite(file_of(root), file.execute(query).fetchone()[0], os.urandom(4096))
    said = seen(root)
    assert said.startswith("3 the store .promptops/store.db is damaged")
    assert "where .promptops/ may be written to" in said


@posix
def test_a_store_that_was_found_damaged_is_not_read(root):
    filled(root)
    mark_damaged(root / FOLDER)
    assert "was found damaged" in seen(root)


@posix
def test_a_newer_store_is_left_alone(root):
    filled(root)
    with closing(sqlite3.connect(file_of(root))) as file:
        file.execute("PRAGMA user_version = 99")
    assert "newer promptops" in seen(root)


@posix
def test_what_may_not_be_written_to_is_not_written_to(root):
    filled(root)
    script = """
try:
    with Store(root, reading=True) as store:
        fill(store, [77])
except StoreError as error:
    print(int(error.exit_code), error)
"""
    assert end(start(READ_ONLY + script, root)).startswith("3 the store")


def test_an_onlooker_sees_what_its_own_process_claims(tmp_path):
    with Store(tmp_path) as store, closing(Onlooker(tmp_path / FOLDER)) as onlooker:
        assert store.claims.take_name("run r1")
        assert onlooker.alive("run r1")
        store.claims.release_name("run r1")
        assert not onlooker.alive("run r1")
    with pytest.raises(StoreError), Store(tmp_path / "gone"):
        pass
