import errno
import os
import stat
import sys

import pytest

from promptops.store.claims import FILE, USE, Claims, close_locks, open_locks
from tests.unit.store.store_files import end, go_on, line, start

HOLD = """
claims = Claims(root)
print(claims.take("k", 0), claims.take_name("run r1"), flush=True)
sys.stdin.readline()
claims.close()
print("closed", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def mine(tmp_path):
    opened = Claims(tmp_path)
    yield opened
    opened.close()


def test_a_slot_is_claimed_once(mine):
    assert mine.take("k", 0)
    assert not mine.take("k", 0)
    assert mine.take("k", 1)
    assert mine.take("other", 0)
    mine.release("k", 0)
    assert mine.take("k", 0)


def test_what_another_process_has_claimed_is_refused_until_it_closes(mine, tmp_path):
    other = start(HOLD, tmp_path)
    assert line(other) == "True True"
    assert not mine.take("k", 0)
    assert not mine.take_name("run r1")
    assert mine.alive("run r1")
    assert mine.take("k", 1)
    go_on(other)
    assert line(other) == "closed"
    assert not mine.alive("run r1")
    assert mine.take("k", 0)
    assert mine.take_name("run r1")
    end(other)


def test_claims_die_with_a_process_that_is_killed(mine, tmp_path):
    other = start(HOLD, tmp_path)
    assert line(other) == "True True"
    assert not mine.take("k", 0)
    other.kill()
    other.communicate()
    assert mine.take("k", 0)
    assert not mine.alive("run r1")
    assert mine.take_name("run r1")


def test_closing_one_of_two_in_a_process_leaves_the_locks_of_the_other(tmp_path):
    one, two = Claims(tmp_path), Claims(tmp_path)
    assert one.take("k", 0)
    assert not two.take("k", 0)
    assert two.take("k", 1)
    two.close()
    asks = "claims = Claims(root); print(claims.take('k', 0), claims.take('k', 1)); claims.close()"
    assert end(start(asks, tmp_path)) == "False True\n"
    one.close()
    assert end(start(asks, tmp_path)) == "True True\n"


def test_nobody_gives_back_what_is_another_s(mine, tmp_path):
    other = Claims(tmp_path)
    assert mine.take("k", 0)
    other.release("k", 0)
    assert not other.take("k", 0)
    other.close()


def test_a_name_is_looked_at_without_being_taken(mine):
    assert not mine.alive("run r1")
    assert not mine.alive("run r1")
    assert mine.take_name("run r1")
    assert mine.alive("run r1")
    mine.release_name("run r1")
    assert not mine.alive("run r1")


def test_a_byte_is_shared_by_many_or_had_by_one(tmp_path):
    locks, again = open_locks(tmp_path / FILE), open_locks(tmp_path / FILE)
    assert locks is again
    assert locks.share(USE)
    assert locks.share(USE)
    assert not locks.take(USE)
    locks.release(USE)
    assert not locks.take(USE)
    locks.release(USE)
    assert locks.take(USE)
    assert not locks.share(USE)
    assert locks.taken(USE)
    locks.release(USE)
    close_locks(again)
    assert locks.share(USE)
    assert not locks.taken(USE)
    close_locks(locks)


def test_the_descriptor_is_closed_by_its_last_user(tmp_path):
    one, two = open_locks(tmp_path / FILE), open_locks(tmp_path / FILE)
    close_locks(one)
    assert one.take(7)
    close_locks(two)
    again = open_locks(tmp_path / FILE)
    assert again is not one
    assert again.take(7)
    close_locks(again)


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_only_its_owner_can_use_the_file(tmp_path):
    (tmp_path / FILE).touch(mode=0o644)
    Claims(tmp_path).close()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_grants_everything(tmp_path, monkeypatch, reason):
    def refuse(*_):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr("fcntl.lockf", refuse)
    mine = Claims(tmp_path)
    assert mine.take("k", 0)
    assert not mine.take("k", 0)  # within a process it is known all the same
    assert mine.take_name("run r1")
    assert not mine.alive("run r2")
    mine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX")
def test_a_forked_child_has_none_of_its_parents_claims(tmp_path):
    script = """
mine = Claims(root)
assert mine.take("k", 0)
child = os.fork()
if not child:
    theirs = Claims(root)
    granted = theirs.take("k", 0), theirs.take("k", 1)
    theirs.close()
    os._exit(0 if granted == (False, True) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(mine.take("k", 0))
"""
    assert end(start(script, tmp_path)) == "False\n"
