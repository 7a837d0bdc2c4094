from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from promptops.store.inventory import Amount, Texts, contents, file_bytes, shrink, unaccounted
from promptops.store.opening import open_database
from promptops.store.store import Store
from tests.unit.store.kept import account, ask, change, dated, keep, key, run, without_accounts
from tests.unit.store.texts import keep_cases, keep_prompts


def held(root):
    with closing(open_database(root)) as connection:
        return contents(connection, root)


def test_an_empty_store_has_nothing(tmp_path):
    assert file_bytes(tmp_path) == 0
    with closing(open_database(tmp_path)) as connection:
        found = contents(connection, tmp_path)
        assert found.file_bytes == file_bytes(tmp_path) > 0
    assert (found.total, found.runs, found.oldest, found.newest) == (Amount(), 0, None, None)
    assert found.shares == []
    assert found.texts == Texts()


def test_texts_are_counted_apart(tmp_path):
    keep_prompts(tmp_path, 1, 2)
    keep_cases(tmp_path, ["a", "b", "c"])
    found = held(tmp_path)
    assert (found.texts.prompts, found.texts.cases) == (2, 3)
    ((size,),) = ask(
        tmp_path,
        "SELECT (SELECT sum(length(body)) FROM prompt_texts)"
        " + (SELECT sum(length(body)) FROM case_texts)",
    )
    assert found.texts.bytes == size
    assert found.total == Amount()


def test_it_is_told_by_prompt_and_purpose_what_is_kept(tmp_path):
    keep(tmp_path, account(1), ("a", 0), ("a", 1), ("b", 0))
    keep(tmp_path, account(2), ("c", 0), cost=None)
    keep(tmp_path, account(1, prompt="judges/fair", purpose="judge"), ("d", 0), cost=0.5)
    run(tmp_path, "r1", [("candidate", "a")])
    dated(tmp_path, 1, "a")
    dated(tmp_path, 3, "d")
    for name in "bc":
        dated(tmp_path, 2, name)
    found = held(tmp_path)
    assert [(each.prompt, each.purpose) for each in found.shares] == [
        ("city", "sample"),
        ("judges/fair", "judge"),
    ]
    city, judge = (each.amount for each in found.shares)
    assert (city.responses, city.cost_usd, city.unpriced) == (4, 0.75, 1)
    assert (judge.responses, judge.cost_usd, judge.unpriced) == (1, 0.5, 0)
    assert found.total == city + judge
    assert found.total.bytes > 100
    assert (found.oldest, found.newest) == (
        "2026-05-01T10:00:00+00:00",
        "2026-05-03T10:00:00+00:00",
    )
    assert found.runs == 1


def test_what_has_no_account_belongs_to_the_prompt_of_a_run_that_used_it(tmp_path):
    keep(tmp_path, account(), ("a", 0), ("a", 1), ("b", 0))
    run(tmp_path, "r1", [("candidate", "a")], prompt="town")
    without_accounts(tmp_path)
    found = held(tmp_path)
    shares = {each.prompt: (each.purpose, each.amount.responses) for each in found.shares}
    assert shares == {"town": (None, 2), "": (None, 1)}
    with closing(open_database(tmp_path)) as connection:
        assert unaccounted(connection) == 3


def test_a_damaged_body_is_counted_and_its_cost_is_unknown(tmp_path):
    keep(tmp_path, account(), ("a", 0), ("b", 0))
    change(tmp_path, "UPDATE responses SET body = x'c1' WHERE request_key = ?", (key("a"),))
    total = held(tmp_path).total
    assert (total.responses, total.cost_usd, total.unpriced) == (2, 0.25, 1)


def grown(root):
    keep(root, account(), *((f"a{at}", 0) for at in range(20)))
    change(root, "UPDATE responses SET body = body || zeroblob(50000)")
    size = file_bytes(root)
    change(root, "DELETE FROM responses")
    return size


def test_a_file_shrinks_when_nobody_else_is_at_work(tmp_path):
    before = grown(tmp_path)
    with closing(open_database(tmp_path)) as connection:
        assert contents(connection, tmp_path).free_bytes > 900_000
        assert shrink(connection, alone=True)
        assert contents(connection, tmp_path).free_bytes == 0
        assert file_bytes(tmp_path) < before / 4


def test_beside_others_it_stays_as_large_unless_its_pages_can_be_moved(tmp_path):
    grown(tmp_path)
    with closing(open_database(tmp_path)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")  # as files were made before
        connection.execute("VACUUM")
    grown(tmp_path)
    with closing(open_database(tmp_path)) as connection:
        assert not shrink(connection, alone=False)
        assert contents(connection, tmp_path).free_bytes > 900_000
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    before = grown(tmp_path)
    with closing(open_database(tmp_path)) as connection, Store(tmp_path) as other:
        assert shrink(connection, alone=False)
        assert contents(connection, tmp_path).free_bytes == 0
        assert other.runs.names() == []
    assert file_bytes(tmp_path) < before / 4


def test_a_file_that_is_held_by_another_is_left_as_it_is(tmp_path):
    grown(tmp_path)
    with closing(open_database(tmp_path)) as connection:
        connection.execute("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(tmp_path / ".promptops" / "store.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            assert not shrink(connection, alone=True)
            other.rollback()
        assert shrink(connection, alone=True)


@pytest.mark.parametrize(
    ("first", "second", "both"), [((1, 2, 0.5, 0), (2, 3, 1.0, 1), (3, 5, 1.5, 1))]
)
def test_amounts_add_up(first, second, both):
    assert Amount(*first) + Amount(*second) == Amount(*both)
