import asyncio
import sqlite3

import msgspec
import pytest

from promptops.errors import StoreError
from promptops.store.store import Store
from promptops.values.response import Response, Usage
from tests.unit.store.store_files import ACCOUNT, JUDGE, answer, file_of, fill, found, key


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def rows(tmp_path, query):
    connection = sqlite3.connect(file_of(tmp_path))
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_response_is_kept_with_its_account_and_its_checksum(store, tmp_path):
    asyncio.run(store.responses.keep("k", 3, answer(1), JUDGE))
    kept = rows(
        tmp_path,
        "SELECT request_key, sample, responses.model, length(checksum), run, purpose, prompt,"
        " version, digest, accounts.model FROM responses JOIN accounts ON accounts.id = account",
    )
    assert kept == [
        ("k", 3, "j", 16, "r1", "judge", "judges/fair", 1, "cd" * 32, "j")
    ]  # fmt: skip


async def lost(store, sample, usd):
    await store.responses.lose("k", sample, ACCOUNT, usd)


def test_what_nobody_waits_for_is_written_all_the_same(store, tmp_path):
    async def leave():
        store.responses.lose("k", 0, ACCOUNT, 1.0)

    asyncio.run(leave())
    store.close()
    assert rows(tmp_path, "SELECT outcome, at_risk_usd FROM ledger") == [("lost", 1.0)]


def test_the_ledger_has_what_it_cost_and_by_which_price(store, tmp_path):
    response = msgspec.structs.replace(answer(1), price="p1")
    asyncio.run(store.responses.keep("k", 3, response, ACCOUNT))
    asyncio.run(lost(store, 4, 0.25))
    asyncio.run(lost(store, 5, None))
    assert rows(
        tmp_path,
        "SELECT request_key, sample, outcome, input_tokens, output_tokens, cached_input_tokens,"
        " cost_usd, at_risk_usd, price FROM ledger ORDER BY sample",
    ) == [
        ("k", 3, "answered", 12, 3, 4, 0.5, None, "p1"),
        ("k", 4, "lost", None, None, None, None, 0.25, None),
        ("k", 5, "lost", None, None, None, None, None, None),
    ]
    assert store.responses.lacks([("k", 4)])
    assert {len(id_) for (id_,) in rows(tmp_path, "SELECT id FROM ledger")} == {16}
    assert {at[-6:] for (at,) in rows(tmp_path, "SELECT at FROM ledger")} == {"+00:00"}


def test_an_account_is_written_once(store, tmp_path):
    fill(store, range(50))
    with Store(tmp_path) as other:
        fill(other, range(25, 75))
    assert rows(tmp_path, "SELECT count(*) FROM accounts") == [(1,)]
    assert rows(tmp_path, "SELECT count(*) FROM responses") == [(75,)]
    assert rows(tmp_path, "SELECT count(*) FROM ledger") == [(100,)]


def test_a_keep_that_is_cancelled_is_written_all_the_same(tmp_path):
    async def give_up(store):
        tasks = [
            asyncio.create_task(store.responses.keep(key(at), 0, answer(at), ACCOUNT))
            for at in range(200)
        ]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(each, asyncio.CancelledError) for each in results)

    with Store(tmp_path) as store:
        asyncio.run(give_up(store))
    with Store(tmp_path) as store:
        assert found(store, range(200)) == set(range(200))


def test_what_waits_is_written_before_the_store_closes(tmp_path):
    async def leave(store):
        for at in range(300):
            asyncio.ensure_future(store.responses.keep(key(at), 0, answer(at), ACCOUNT))  # noqa: RUF006
        await asyncio.sleep(0)  # all have begun; the loop ends and cancels them

    with Store(tmp_path) as store:
        asyncio.run(leave(store))
    with Store(tmp_path) as store:
        assert found(store, range(300)) == set(range(300))
        assert store.ledger.of_run("r1").calls == 300


def test_one_that_cannot_be_written_fails_alone(store, tmp_path):
    hostile = Response("x", usage=Usage(2**63, 1))  # more than the file can count

    async def together():
        return await asyncio.gather(
            *(store.responses.keep(key(at), 0, answer(at), ACCOUNT) for at in range(20)),
            store.responses.keep("hostile", 0, hostile, ACCOUNT),
            *(store.responses.keep(key(at), 0, answer(at), ACCOUNT) for at in range(20, 40)),
            return_exceptions=True,
        )

    outcomes = asyncio.run(together())
    assert [at for at, each in enumerate(outcomes) if each is not None] == [20]
    assert isinstance(outcomes[20], StoreError)
    assert found(store, range(40)) == set(range(40))
    assert store.ledger.of_run("r1").calls == 40
    assert store.responses.lacks([("hostile", 0)])


def test_what_cannot_be_encoded_is_said(store):
    wild = Response("x", raw_usage={"tokens": 2**70})
    with pytest.raises(StoreError, match="could not be stored"):
        asyncio.run(store.responses.keep("k", 0, wild, ACCOUNT))


def test_an_account_that_went_away_is_written_again(store, tmp_path):
    fill(store, [1])
    with sqlite3.connect(file_of(tmp_path)) as file:
        for table in ("ledger", "responses", "accounts"):
            file.execute(f"DELETE FROM {table}")
    file.close()
    fill(store, range(2, 5))
    assert found(store, range(5)) == {2, 3, 4}
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []
    assert store.ledger.of_run("r1").calls == 3


def test_a_closed_store_takes_nothing_in(tmp_path):
    store = Store(tmp_path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(store.responses.keep("k", 0, answer(1), ACCOUNT))
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(lost(store, 0, 1.0))


def test_a_body_that_cannot_be_read_is_damage(store, tmp_path):
    fill(store, range(2))
    for body in (b"\xc1", b"", msgspec.msgpack.encode({"type": "response"}), b"\xa3ab\xff"):
        with sqlite3.connect(file_of(tmp_path)) as file:
            file.execute("UPDATE responses SET body = ? WHERE request_key = ?", (body, key(1)))
        file.close()
        with pytest.raises(StoreError, match="kept response is damaged") as caught:
            store.responses.find([(key(1), 0)])
        assert "promptops cache verify" in (caught.value.hint or "")
    assert found(store, [0]) == {0}


def test_kept_ones_are_counted_within_a_range_of_samples(store):
    async def keep():
        for at in range(4):
            await store.responses.keep("a", at, answer(at), ACCOUNT)
        await store.responses.keep("b", 1, answer(1), ACCOUNT)

    asyncio.run(keep())
    assert store.responses.count_kept(["a", "b", "c"], 1, 3) == 3
    assert store.responses.count_kept(["a", "a"], 0, 2) == 4
    assert store.responses.lacks([("a", 0), ("b", 0)])
    assert not store.responses.lacks([("a", 0), ("b", 1)])


def test_looking_for_one_never_waits_for_a_commit(store, tmp_path):
    fill(store, [1])
    other = sqlite3.connect(file_of(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # nobody else may write

    async def look():
        writing = asyncio.create_task(store.responses.keep("k", 0, answer(2), ACCOUNT))
        await asyncio.sleep(0.05)
        assert found(store, [1, 2]) == {1}
        assert not writing.done()
        other.execute("ROLLBACK")
        await writing

    asyncio.run(look())
    other.close()
    assert not store.responses.lacks([("k", 0)])
