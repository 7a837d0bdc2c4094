from __future__ import annotations

import asyncio
import threading
from contextlib import closing, contextmanager

import pytest

from promptops.store import pruning as under_test
from promptops.store.opening import open_database
from promptops.store.pruning import Criteria, Pruning, Reach, Unfinished
from promptops.store.store import Store
from promptops.store.transaction import transaction
from tests.unit.store.kept import (
    account,
    ask,
    change,
    dated,
    digest,
    keep,
    key,
    response,
    run,
    slots,
    without_accounts,
)

MAY_3 = "2026-05-03T00:00:00+00:00"
EVERYTHING = Criteria(before="9999")


def reach(*versions: str, unreadable: tuple[str, ...] = ()) -> Criteria:
    return Criteria(reach=Reach(frozenset(map(digest, versions)), frozenset(unreadable)))


def left(root, criteria: Criteria, *unfinished: Unfinished) -> set[str]:
    """What is kept after pruning, by the names of the requests; what was told must be so."""
    before = slots(root)
    with closing(open_database(root)) as connection:
        pruning = Pruning(connection, lambda: unfinished)
        told = pruning.select(criteria)
        assert slots(root) == before
        done = pruning.prune(criteria)
    assert done == told
    after = slots(root)
    assert told.total.responses == len(before) - len(after)
    assert sum(each.responses for each in told.prompts.values()) == told.total.responses
    names = {key(name): name for name in "abcdefgh"}
    return {names[each] for each, _ in after}


def test_by_age_goes_what_was_drawn_before(tmp_path):
    keep(tmp_path, account(), ("a", 0), ("a", 1), ("b", 0), ("c", 0))
    dated(tmp_path, 1, "a")
    dated(tmp_path, 3, "b")
    spent = ask(tmp_path, "SELECT * FROM ledger")
    assert left(tmp_path, Criteria(before=MAY_3)) == {"b", "c"}
    assert ask(tmp_path, "SELECT * FROM ledger") == spent
    assert len(spent) == 4


def test_it_is_told_what_drawing_again_would_cost(tmp_path):
    keep(tmp_path, account(), ("a", 0), ("b", 0), cost=0.25)
    keep(tmp_path, account(prompt="town"), ("c", 0), cost=None)
    with closing(open_database(tmp_path)) as connection:
        found = Pruning(connection, tuple).select(EVERYTHING)
    assert (found.total.cost_usd, found.total.unpriced) == (0.5, 1)
    assert list(found.prompts) == ["city", "town"]
    assert found.prompts["town"].unpriced == 1
    assert found.total.bytes == sum(each.bytes for each in found.prompts.values()) > 100


def test_what_is_out_of_reach_goes(tmp_path):
    keep(tmp_path, account(1), ("a", 0), ("b", 0))
    keep(tmp_path, account(2), ("c", 0))
    keep(tmp_path, account(1, prompt="judges/fair", purpose="judge"), ("d", 0))
    keep(tmp_path, account(2, prompt="judges/fair", purpose="judge"), ("e", 0))
    assert left(tmp_path, reach("city 2", "judges/fair 2")) == {"c", "e"}


def test_what_a_reachable_version_used_stays(tmp_path):
    keep(tmp_path, account(1), ("a", 0), ("b", 0), ("c", 0))
    run(tmp_path, "r1", [("candidate", "a"), ("baseline", "b")], candidate=2, baseline=1)
    run(tmp_path, "r2", [("candidate", "c")], candidate=1)
    assert left(tmp_path, reach("city 2")) == {"a"}


def test_what_was_drawn_for_a_prompt_that_cannot_be_read_stays(tmp_path):
    keep(tmp_path, account(1), ("a", 0))
    keep(tmp_path, account(1, prompt="town"), ("b", 0))
    assert left(tmp_path, reach(unreadable=("town",))) == {"b"}


def test_embeddings_go_the_way_of_their_run(tmp_path):
    for name, at in (("r1", "a"), ("r2", "b"), ("r3", "c")):
        keep(tmp_path, account(prompt="like", run=name, purpose="embedding"), (at, 0))
    run(tmp_path, "r1", [], candidate=2, baseline=1)
    run(tmp_path, "r2", [], candidate=1)
    # What is not known of r3 is no reason to delete.
    assert left(tmp_path, reach("city 2")) == {"a", "c"}


def test_what_has_no_account_is_judged_by_its_runs(tmp_path):
    keep(tmp_path, account(), *((name, 0) for name in "abcde"))
    run(tmp_path, "r1", [("candidate", "a"), ("candidate", "c"), ("candidate", "e")])
    run(tmp_path, "r2", [("candidate", "b"), ("candidate", "c")], candidate=2)
    run(tmp_path, "r3", [("candidate", "e")], candidate=None)
    without_accounts(tmp_path)
    # d was used by no run that is known, e by one that has left no report.
    assert left(tmp_path, reach("city 2")) == {"b", "c", "d", "e"}


def test_both_criteria_must_hold_together(tmp_path):
    keep(tmp_path, account(1), ("a", 0), ("b", 0))
    keep(tmp_path, account(2), ("c", 0))
    dated(tmp_path, 1, "a")
    dated(tmp_path, 1, "c")
    both = Criteria(before=MAY_3, reach=reach("city 2").reach)
    assert left(tmp_path, both) == {"b", "c"}


UNFINISHED = Unfinished("r9", "city", "city", (digest("city 2"), digest("city 1")))


def test_an_unfinished_run_keeps_what_it_needs(tmp_path):
    keep(tmp_path, account(3, run="r9"), ("a", 0))  # what it drew itself
    keep(tmp_path, account(2, run="r1", suite="other"), ("b", 0))  # of a version it compares
    keep(tmp_path, account(1, prompt="judges/fair", purpose="judge", run="r1"), ("c", 0))
    keep(tmp_path, account(4, run="r1"), ("d", 0))  # another version's, which it used
    keep(tmp_path, account(4, run="r1"), ("e", 0))  # and which it did not use
    keep(tmp_path, account(1, prompt="judges/fair", purpose="judge", suite="other"), ("f", 0))
    run(tmp_path, "r9", [("candidate", "d")], candidate=None)
    with closing(open_database(tmp_path)) as connection:
        found = Pruning(connection, lambda: [UNFINISHED]).select(EVERYTHING)
    assert (found.needed, found.runs, found.total.responses) == (4, ("r9",), 2)
    assert left(tmp_path, EVERYTHING, UNFINISHED) == set("abcd")
    assert left(tmp_path, EVERYTHING) == set()


def test_an_unfinished_run_keeps_what_has_no_account(tmp_path):
    keep(tmp_path, account(), *((name, 0) for name in "abc"))
    run(tmp_path, "r1", [("candidate", "a")], candidate=2)
    run(tmp_path, "r2", [("candidate", "b")], candidate=4, prompt="town")
    without_accounts(tmp_path)
    assert left(tmp_path, EVERYTHING, UNFINISHED) == {"a"}


def test_a_run_of_which_little_is_known_keeps_all_of_its_suite(tmp_path):
    keep(tmp_path, account(1), ("a", 0))
    keep(tmp_path, account(1, suite="other"), ("b", 0))
    assert left(tmp_path, EVERYTHING, Unfinished("r9", "city")) == {"a"}


def test_a_run_that_cannot_go_on_needs_nothing(tmp_path):
    """Its version is neither on disk nor in git, so it can never be resumed; unless it lives."""
    keep(tmp_path, account(1, run="r9"), ("a", 0))
    keep(tmp_path, account(2, run="r9"), ("b", 0))
    alive = Unfinished("r9", "city", "city", UNFINISHED.digests, alive=True)
    assert left(tmp_path, reach("city 2"), alive) == {"a", "b"}
    assert left(tmp_path, reach("city 2"), UNFINISHED) == {"b"}
    assert left(tmp_path, EVERYTHING, UNFINISHED) == {"b"}


def test_a_run_that_begins_meanwhile_keeps_what_it_needs(tmp_path, monkeypatch):
    """Between two steps another process begins a run of version 2."""
    keep(tmp_path, account(1), *((f"x{at}", 0) for at in range(40)))
    keep(tmp_path, account(2), *((f"y{at}", 0) for at in range(40)))
    kept: list[int] = []
    real = transaction

    @contextmanager
    def stepped(connection):
        if len(kept) == 2:
            change(tmp_path, "INSERT INTO begun VALUES ('r9', '', 'city', '', '{}', 'running')")
        kept.append(len(slots(tmp_path)))
        with real(connection):
            yield

    monkeypatch.setattr(under_test, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(under_test, "transaction", stepped)
    with closing(open_database(tmp_path)) as connection:
        needing = Unfinished("r9", "city", "city", (digest("city 2"),))
        pruning = Pruning(connection, lambda: [needing] if len(kept) > 2 else [])
        done = pruning.prune(EVERYTHING)
    assert kept[:3] == [80, 70, 60]
    of_2 = {(key(f"y{at}"), 0) for at in range(40)}
    left_over = slots(tmp_path)
    assert left_over <= of_2
    assert done.total.responses == 80 - len(left_over)
    assert done.needed == len(left_over) >= 20
    assert done.runs == ("r9",)


def test_others_write_while_it_deletes(tmp_path):
    keep(tmp_path, account(), *((f"x{at}", 0) for at in range(3000)))

    async def draw(store):
        for at in range(100):
            await store.responses.keep(key(f"y{at}"), 0, response(), account(2))

    with closing(open_database(tmp_path)) as connection, Store(tmp_path) as store:
        before = Criteria(before="9999", reach=Reach(frozenset([digest("city 2")])))
        drawing = threading.Thread(target=lambda: asyncio.run(draw(store)))
        drawing.start()
        done = Pruning(connection, tuple).prune(before)
        drawing.join()
    assert done.total.responses == 3000
    assert slots(tmp_path) == {(key(f"y{at}"), 0) for at in range(100)}
    assert len(ask(tmp_path, "SELECT 1 FROM ledger")) == 3100


@pytest.mark.parametrize("digests", [(), None])
def test_a_run_without_versions_is_one_of_which_little_is_known(tmp_path, digests):
    keep(tmp_path, account(1), ("a", 0))
    assert left(tmp_path, EVERYTHING, Unfinished("r9", "city", "city", digests)) == {"a"}
