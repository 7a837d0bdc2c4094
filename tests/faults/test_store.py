"""Faults 38, 40 and 41: what happens to the store when a process is killed, the disk is full, the
folder cannot be written to, or two runs go on at once.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from promptops.store.database import FOLDER
from promptops.store.store import Store
from tests.unit.store.store_files import answer, end, file_of, fill, found, go_on, key, line, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9, limits and modes")

KILLS = 50

WRITE_UNTIL_KILLED = """
async def write(first):
    async def one(at):
        await store.responses.keep(key(at), 0, answer(at, size=40), ACCOUNT)
        os.write(1, b"%d\\n" % at)
    under_way = set()
    at = first
    while True:
        under_way.add(asyncio.ensure_future(one(at)))
        at += 1
        if len(under_way) >= 16:
            _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)

store = Store(root)
asyncio.run(write(int(sys.argv[2])))
"""


def until_killed(root: Path, first: int, seconds: float) -> list[int]:
    """The numbers whose answers a process was told to be kept before it was killed."""
    process = start(WRITE_UNTIL_KILLED, root, str(first))
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 60)[0]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said, complaint = process.communicate()
    assert process.returncode == -signal.SIGKILL, complaint
    lines = said.splitlines(keepends=True)
    return [int(each) for each in lines if each.endswith("\n")]


def rows(root: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(file_of(root))) as file:
        return file.execute(query).fetchall()


def test_what_was_acknowledged_is_there_after_a_kill_exactly_once(tmp_path):
    moments = random.Random(4)
    acknowledged: set[int] = set()
    for at in range(KILLS):
        acknowledged |= set(until_killed(tmp_path, at * 100_000, moments.uniform(0, 0.03)))
    assert len(acknowledged) > KILLS * 16
    with Store(tmp_path) as store:
        assert found(store, acknowledged) == acknowledged
    (count,) = rows(tmp_path, "SELECT count(*), count(DISTINCT request_key) FROM ledger")
    assert count[0] == count[1]  # nobody paid twice, nothing is entered twice
    entered = {each[0] for each in rows(tmp_path, "SELECT request_key FROM ledger")}
    assert {key(at) for at in acknowledged} <= entered
    assert entered == {each[0] for each in rows(tmp_path, "SELECT request_key FROM responses")}
    assert len(entered) <= len(acknowledged) + KILLS * 16
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []


def test_two_processes_that_draw_the_same_slots_end_and_double_nothing(tmp_path):
    script = """
print("ready", flush=True)
sys.stdin.readline()
with Store(root) as store:
    for at in range(0, 300, 30):
        fill(store, range(at, at + 30))
"""
    processes = [start(script, tmp_path) for _ in range(3)]
    for each in processes:
        assert line(each) == "ready"
    for each in processes:
        go_on(each)
    for each in processes:
        end(each)
    with Store(tmp_path) as store:
        assert found(store, range(300)) == set(range(300))
        assert store.ledger.of_run("r1").calls == 900  # each of them paid
    assert rows(tmp_path, "SELECT count(*) FROM responses") == [(300,)]
    assert rows(tmp_path, "SELECT count(*) FROM accounts") == [(1,)]


TOO_MUCH = """
import json, resource
async def keep(numbers, size):
    return await asyncio.gather(
        *(store.responses.keep(key(at), 0, answer(at, size=size), ACCOUNT) for at in numbers),
        return_exceptions=True,
    )
def say(outcomes):
    print(json.dumps([each and [type(each).__name__, str(each)] for each in outcomes]), flush=True)
with Store(root) as store:
    fill(store, range(20))
    full()
    said = asyncio.run(keep(range(100, 140), 30_000))
    said += asyncio.run(keep(range(200, 210), 30_000))
    room()
    said += asyncio.run(keep(range(300, 310), 1))
    print(json.dumps([each and [type(each).__name__, str(each)] for each in said]))
"""

LIMITED = """
import resource
def full():
    size = file_of(root).with_name("store.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, resource.RLIM_INFINITY))
def room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""

FULL = """
def full():
    with open(root / "fill", "wb", buffering=0) as file:
        while True:
            try:
                if not file.write(bytes(4096)):
                    break
            except OSError:
                break
def room():
    (root / "fill").unlink()
"""


def lost_nothing(said: list[list[str] | None], root: Path) -> None:
    """Everybody heard; what was acknowledged is there; the store goes on once there is room."""
    assert len(said) == 60
    asked = (*range(100, 140), *range(200, 210))
    failed = [at for at, each in zip(asked, said[:50], strict=True) if each]
    assert failed
    assert {each[0] for each in said if each} == {"StoreError"}
    assert said[50:] == [None] * 10
    kept = {*range(20), *range(100, 140), *range(200, 210), *range(300, 310)} - set(failed)
    with Store(root) as store:
        assert found(store, range(400)) == kept
        assert store.ledger.of_run("r1").calls == len(kept)
    assert rows(root, "PRAGMA integrity_check") == [("ok",)]


def test_a_file_that_may_not_grow_is_said_to_all_who_wait_and_loses_nothing(tmp_path):
    said = json.loads(end(start(LIMITED + TOO_MUCH, tmp_path)))
    lost_nothing(said, tmp_path)
    assert "could not be read or written by the system" in next(each for each in said if each)[1]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.call(mount):
        pytest.skip("needs to mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_to_all_who_wait_and_loses_nothing(small_disk):
    said = json.loads(end(start(FULL + TOO_MUCH, small_disk)))
    lost_nothing(said, small_disk)
    assert "the disk is full" in next(each for each in said if each)[1]
    assert "free some space" in next(each for each in said if each)[1]


def test_a_store_is_not_mended_where_there_is_no_room_and_stays_as_it_is(small_disk):
    with Store(small_disk) as store:
        fill(store, range(20), size=500)
    with file_of(small_disk).open("r+b") as file:
        file.write(b"\xaa" * 100)
    before = file_of(small_disk).read_bytes()
    opening = "try:\n    Store(root)\nexcept StoreError as error:\n    print(error)\n"
    said = end(start(f"{FULL}full()\n{opening}", small_disk))
    assert "full" in said or "No space left" in said
    assert file_of(small_disk).read_bytes() == before
    (small_disk / "fill").unlink()
    assert "20 responses" in end(start(opening, small_disk))
    with Store(small_disk) as store:
        assert found(store, range(20)) == set(range(20))


@pytest.fixture
def of_somebody():
    """A folder, and who must be told from root, to whom nothing is forbidden."""
    root = Path(tempfile.mkdtemp(prefix="promptops-"))
    with Store(root) as store:
        fill(store, range(20))
    yield root
    for each in (root, root / FOLDER):
        each.chmod(0o700)
    shutil.rmtree(root)


AS_SOMEBODY = """
def as_somebody(*modes):
    if os.geteuid() == 0:
        for each in (root, *root.rglob("*")):
            os.chown(each, 65534, 65534)
    for path, mode in modes:
        path.chmod(mode)
    if os.geteuid() == 0:
        os.setegid(65534)
        os.seteuid(65534)
def said(call):
    try:
        call()
    except StoreError as error:
        print(error.exit_code, error)
"""


def test_a_folder_that_cannot_be_written_to_is_said_and_stays_as_it_is(of_somebody):
    script = """
as_somebody((root / FOLDER, 0o500), (root / FOLDER / "claims", 0o600))
(root / FOLDER).chmod(0o500)
os.access(root, os.W_OK)
said(lambda: Store(root).close())
"""
    said = end(start(AS_SOMEBODY + script, of_somebody))
    assert said.startswith("3 ")
    assert "writable" in said or "written to" in said
    (of_somebody / FOLDER).chmod(0o700)
    with Store(of_somebody) as store:
        assert found(store, range(20)) == set(range(20))


@pytest.mark.parametrize("mode", ["0o400", "0o000"])
def test_a_file_that_cannot_be_written_to_is_said_and_stays_as_it_is(of_somebody, mode):
    script = f"""
as_somebody((file_of(root), {mode}))
def use():
    with Store(root) as store:
        fill(store, [99])
said(use)
"""
    said = end(start(AS_SOMEBODY + script, of_somebody))
    assert said.startswith("3 the store .promptops/store.db cannot be ")
    assert "hint: " in said
    file_of(of_somebody).chmod(0o600)
    with Store(of_somebody) as store:
        assert found(store, range(20)) == set(range(20))


def test_a_run_survives_another_that_opens_and_closes_the_store(tmp_path):
    """Its log must not be taken away by the other, nor its locks by its own process."""
    with Store(tmp_path) as store:
        for at in range(10):
            fill(store, range(at * 10, at * 10 + 10))
            Store(tmp_path).close()
            end(start("Store(root).close()", tmp_path))
        assert found(store, range(100)) == set(range(100))
    with Store(tmp_path) as store:
        assert found(store, range(100)) == set(range(100))
        assert store.responses.find([(key(5), 0)])[key(5), 0] == answer(5)
