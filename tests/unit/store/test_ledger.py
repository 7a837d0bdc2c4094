import asyncio
import sqlite3

import msgspec
import pytest

from promptops.store.ledger import Spent
from promptops.store.store import Store
from promptops.values.response import Response, Usage
from tests.unit.store.store_files import ACCOUNT, JUDGE, file_of, key

PRICED = Response("Quito", usage=Usage(100, 10, 40), cost_usd=0.25)
UNPRICED = Response("Quito", usage=Usage(7, 1))
UNMETERED = Response("Quito")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def spend(store, *calls):
    """Keep or lose: (account, response) or (account, the most a lost call may have cost)."""

    async def all_of_them():
        for at, (account, outcome) in enumerate(calls):
            if isinstance(outcome, Response):
                await store.responses.keep(key(at), 0, outcome, account)
            else:
                await store.responses.lose(key(at), 0, account, outcome)

    asyncio.run(all_of_them())


def of(**changes):
    return msgspec.structs.replace(ACCOUNT, **changes)


def test_nothing_was_spent_at_first(store):
    assert store.ledger.spent(["prompt"]) == []
    assert store.ledger.of_run("r1") == Spent()


def test_what_is_not_known_is_counted_and_never_added(store):
    spend(
        store, (ACCOUNT, PRICED), (ACCOUNT, PRICED), (ACCOUNT, UNPRICED), (ACCOUNT, UNMETERED),
        (ACCOUNT, 0.5), (ACCOUNT, None),
    )  # fmt: skip
    whole = Spent(
        ("city",), "sample", calls=6, lost_calls=2, unpriced_calls=2, unbounded_calls=1,
        unmetered_calls=1, input_tokens=207, output_tokens=21, cached_input_tokens=80,
        cost_usd=0.5, at_risk_usd=0.5,
    )  # fmt: skip
    assert store.ledger.spent(["prompt"]) == [whole]
    assert store.ledger.of_run("r1") == msgspec.structs.replace(whole, key=(), purpose=None)


def test_judges_stand_apart_from_samples(store):
    spend(store, (ACCOUNT, PRICED), (JUDGE, PRICED), (JUDGE, UNPRICED))
    assert [(each.key, each.purpose, each.calls) for each in store.ledger.spent(["suite"])] == [
        (("city",), "judge", 2),
        (("city",), "sample", 1),
    ]
    assert [(each.key, each.calls) for each in store.ledger.spent(["judge"])] == [
        (("",), 1),
        (("judges/fair",), 2),
    ]
    assert store.ledger.of_run("r1").calls == 3
    assert store.ledger.of_run("r2").calls == 0


def test_it_is_added_up_by_whatever_is_asked_for(store):
    spend(
        store, (of(version=2), PRICED), (of(version=10), PRICED), (of(version=10), PRICED),
        (of(model="n", run="r2", suite="tone"), UNPRICED),
    )  # fmt: skip

    def calls(*by):
        return {each.key: each.calls for each in store.ledger.spent(by)}

    assert calls() == {(): 4}
    assert calls("prompt", "version") == {("city", 2): 1, ("city", 3): 1, ("city", 10): 2}
    assert [each.key[0] for each in store.ledger.spent(["version"])] == [2, 3, 10]
    assert calls("model") == {("m",): 3, ("n",): 1}
    assert calls("suite", "run") == {("city", "r1"): 3, ("tone", "r2"): 1}


def test_it_is_asked_of_a_day_on(store, tmp_path):
    spend(store, *[(ACCOUNT, PRICED)] * 3)
    with sqlite3.connect(file_of(tmp_path)) as file:
        for at, day in enumerate(
            ("2026-04-30T23:59:59", "2026-05-01T00:00:00", "2026-05-02T09:00")
        ):
            file.execute(
                "UPDATE ledger SET at = ? WHERE request_key = ?", (f"{day}+00:00", key(at))
            )
    file.close()
    assert [each.key for each in store.ledger.spent(["day"])] == [
        ("2026-04-30",), ("2026-05-01",), ("2026-05-02",),
    ]  # fmt: skip
    assert [each.calls for each in store.ledger.spent([], since="2026-05-01")] == [2]
    assert store.ledger.spent([], since="2026-05-03") == []


def test_what_judging_a_prompt_cost_belongs_to_it(store):
    other = of(run="r9", suite="tone", prompt="tone")
    spend(store, (ACCOUNT, PRICED), (JUDGE, PRICED), (other, PRICED))
    for name, calls in (("city", 2), ("judges/fair", 1), ("tone", 1), ("nothing", 0)):
        assert sum(each.calls for each in store.ledger.spent(["prompt"], name=name)) == calls


def test_every_call_is_in_it_though_one_answer_is_kept(store):
    async def twice():
        await store.responses.keep(key(0), 0, PRICED, ACCOUNT)
        await store.responses.keep(key(0), 0, PRICED, of(run="r2"))

    asyncio.run(twice())
    assert store.ledger.of_run("r1").cost_usd == 0.25
    assert store.ledger.of_run("r2").cost_usd == 0.25
    assert store.responses.count_kept([key(0)], 0, 9) == 1
