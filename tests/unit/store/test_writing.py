import asyncio
import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from promptops.errors import StoreError
from promptops.store.migrations import migrate
from promptops.store.writing import ATTEMPTS, Entry, Writer, checksum
from tests.unit.store.store_files import ACCOUNT


class Failing(sqlite3.Connection):
    """A real connection whose disk says after a commit that it failed, as often as it is told."""

    times = 0
    code = sqlite3.SQLITE_IOERR_FSYNC
    first = True
    """Whether the commit reaches the disk all the same."""

    def execute(self, query, *values):
        if query == "COMMIT" and self.times:
            self.times -= 1
            if self.first:
                super().execute(query)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return super().execute(query, *values)


@pytest.fixture
def failing(tmp_path):
    connection = sqlite3.connect(
        tmp_path / "db", isolation_level=None, check_same_thread=False, factory=Failing
    )
    migrate(connection)
    yield connection
    connection.close()


@pytest.fixture
def writer(failing):
    with ThreadPoolExecutor(1) as thread:
        yield Writer(failing, thread)


def entry(key="k"):
    return Entry(key=key, sample=0, account=ACCOUNT, at="2026-05-01", outcome="answered", body=b"b")


def counts(connection):
    tables = ("responses", "ledger", "accounts")
    return [connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in tables]


def write(writer, *keys):
    async def together():
        return await asyncio.gather(
            *(writer.write(entry(key)) for key in keys), return_exceptions=True
        )

    return asyncio.run(together())


@pytest.mark.parametrize("reached_the_disk", [True, False])
def test_a_commit_that_may_have_failed_is_written_again_and_enters_once(
    writer, failing, reached_the_disk
):
    failing.times, failing.first = ATTEMPTS - 1, reached_the_disk
    assert write(writer, "k") == [None]
    assert counts(failing) == [1, 1, 1]


@pytest.mark.parametrize(
    ("code", "times"), [(sqlite3.SQLITE_IOERR_FSYNC, ATTEMPTS), (sqlite3.SQLITE_FULL, 1)]
)
def test_a_failed_write_is_heard_by_all_and_the_next_one_goes_on(writer, failing, code, times):
    failing.times, failing.first, failing.code = times, False, code
    outcomes = write(writer, "first")
    assert [type(each) for each in outcomes] == [StoreError]
    assert counts(failing) == [0, 0, 0]
    assert not failing.in_transaction
    assert write(writer, "a", "b", "c") == [None] * 3
    assert counts(failing) == [3, 3, 1]


def test_everybody_in_a_group_hears_with_an_error_of_their_own(writer, failing):
    failing.times, failing.first, failing.code = 1000, False, sqlite3.SQLITE_FULL
    outcomes = write(writer, *map(str, range(50)))
    assert {type(each) for each in outcomes} == {StoreError}
    assert len({id(each) for each in outcomes}) == 50
    assert all("disk is full" in str(each) for each in outcomes)


def test_loops_one_after_the_other_are_all_served(writer, failing):
    for at in range(5):
        assert write(writer, f"a{at}", f"b{at}") == [None, None]
    assert counts(failing) == [10, 10, 1]


def test_rows_of_a_run_lie_together_and_apart_from_others(writer, failing):
    write(writer, *map(str, range(9)))
    ids = [row[0] for row in failing.execute("SELECT id FROM ledger ORDER BY id")]
    assert len(set(ids)) == 9
    assert {len(each) for each in ids} == {16}
    assert len({each[:8] for each in ids}) == 1
    with ThreadPoolExecutor(1) as thread:
        write(Writer(failing, thread), "other")
    prefixes = {row[0] for row in failing.execute("SELECT substr(id, 1, 8) FROM ledger")}
    assert len(prefixes) == 2


def test_a_checksum_is_the_start_of_the_digest():
    assert checksum(b"abc") == hashlib.sha256(b"abc").digest()[:16]
