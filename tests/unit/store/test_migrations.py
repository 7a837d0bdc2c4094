import sqlite3

import pytest

from promptops.errors import StoreError
from promptops.store.migrations import MIGRATIONS, hold_known, version_of
from promptops.store.store import Store
from tests.unit.store.store_files import file_of, fill, found, old_store


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_a_store_of_an_earlier_version_keeps_everything(tmp_path, version):
    old_store(tmp_path, version)
    with Store(tmp_path) as store:
        assert found(store, range(300)) == set(range(200))
        fill(store, range(150, 250))
        assert found(store, range(300)) == set(range(250))
        assert store.ledger.of_run("r1").calls == 100  # what went before has no account
        if version >= 4:
            plan = store.comparisons.find("c")
            assert plan is not None
            assert (plan.samples, plan.seed, plan.reached) == (5, 7, 12)
    file = sqlite3.connect(file_of(tmp_path))
    assert version_of(file) == len(MIGRATIONS)
    sums = file.execute("SELECT checksum IS NULL, count(*) FROM responses GROUP BY 1 ORDER BY 1")
    assert sums.fetchall() == [(0, 50), (1, 200)]
    assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    file.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path):
    old_store(tmp_path, 4)
    with sqlite3.connect(file_of(tmp_path)) as file:
        file.execute("CREATE TABLE prices (in_the_way TEXT)")
    file.close()
    with pytest.raises(StoreError, match="prices"):
        Store(tmp_path)
    file = sqlite3.connect(file_of(tmp_path))
    assert version_of(file) == 4
    assert file.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'ledger'").fetchone() == (
        0,
    )
    file.execute("DROP TABLE prices")
    file.close()
    with Store(tmp_path) as store:
        assert len(found(store, range(200))) == 200


def test_rows_must_be_whole(tmp_path):
    with Store(tmp_path) as store:
        fill(store, [1])
    file = sqlite3.connect(file_of(tmp_path))
    file.execute("PRAGMA foreign_keys = ON")
    file.execute("CREATE TEMP VIEW a AS SELECT * FROM accounts")
    entry = "INSERT INTO ledger (id, at, account, request_key, sample, outcome) VALUES "
    for wrong in (
        entry + "(x'01', 'now', 99, 'k', 0, 'answered')",
        entry + "(x'01', 'now', 1, 'k', 0, 'guessed')",
        entry + "(NULL, 'now', 1, 'k', 0, 'lost')",
        entry + "(x'01', NULL, 1, 'k', 0, 'lost')",
        "INSERT INTO ledger SELECT * FROM ledger",
        "DELETE FROM accounts",
        "UPDATE responses SET account = 99",
        "INSERT INTO accounts SELECT 7, run, suite, purpose, prompt, version, digest, model FROM a",
        "INSERT INTO begun VALUES ('r', 'now', 's', 'i', '{}', 'asleep')",
        "INSERT INTO prices VALUES (NULL, 'm', '{}')",
        "INSERT INTO prompt_texts VALUES (NULL, 'i', x'00')",
        "INSERT INTO prompt_texts VALUES ('d', 'i', NULL)",
        "INSERT INTO case_texts VALUES ('d', NULL, 0, x'00')",
        "INSERT INTO case_texts VALUES ('d', 'c', NULL, x'00')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            file.execute(wrong)
    file.close()


def test_the_list_of_tables_fits_on_the_first_page(tmp_path):
    """Else a file whose first page is lost cannot be given another one."""
    Store(tmp_path).close()
    page = file_of(tmp_path).read_bytes()[100:108]
    assert page[0] == 0x0D  # a leaf: the whole list is on it


def test_a_newer_version_is_not_known():
    hold_known(len(MIGRATIONS))
    with pytest.raises(StoreError, match="newer promptops"):
        hold_known(len(MIGRATIONS) + 1)
