from __future__ import annotations

from contextlib import closing, contextmanager

import msgspec
import pytest

from promptops.store import text_pruning as under_test
from promptops.store.inventory import Texts
from promptops.store.opening import open_database
from promptops.store.pruning import Criteria, Pruning, Reach, Unfinished
from promptops.store.store import Store
from promptops.store.transaction import transaction
from tests.unit.store.kept import ask, change, digest, report
from tests.unit.store.texts import keep_cases, keep_prompts

OLD, NEW, BETWEEN = (f"2026-05-{day:02}T10:00:00+00:00" for day in (1, 9, 5))
BEFORE = Criteria(before=BETWEEN)


def ran(
    root, name: str, candidate: int, baseline: int | None = None, *, created=OLD, dataset="d1"
) -> None:
    """A run with a report, whose texts are kept."""
    meta = {"dataset_fingerprint": dataset}
    told = report(name, candidate, baseline)
    with Store(root) as store:
        store.runs.finish(msgspec.structs.replace(told, created=created, meta=meta))
    keep_prompts(root, *(each for each in (candidate, baseline) if each))
    keep_cases(root, ["a", "b"], dataset)


def reach(*versions: int, unreadable: tuple[str, ...] = (), before: str | None = None) -> Criteria:
    digests = frozenset(digest(f"city {each}") for each in versions)
    return Criteria(before, Reach(digests, frozenset(unreadable)))


def begun(root, run: str, dataset: str) -> None:
    inputs = f'{{"dataset": "{dataset}", "else": 1}}' if dataset else "of another promptops"
    change(root, "INSERT INTO begun VALUES (?, '', 'city', ?, '{}', 'running')", (run, inputs))


def left(root, criteria: Criteria, *unfinished: Unfinished) -> tuple[set[int], set[str]]:
    """Versions and datasets whose texts are kept after pruning; what was told must be so."""
    before = _counts(root)
    with closing(open_database(root)) as connection:
        pruning = Pruning(connection, lambda: unfinished)
        told = pruning.select(criteria).texts
        assert _counts(root) == before
        done = pruning.prune(criteria).texts
    assert done == told
    after = _counts(root)
    assert (done.prompts, done.cases) == (before[0] - after[0], before[1] - after[1])
    assert bool(done.bytes) == (before != after)
    versions = {digest(f"city {each}"): each for each in range(1, 9)}
    prompts = {versions[str(row[0])] for row in ask(root, "SELECT digest FROM prompt_texts")}
    return prompts, {str(row[0]) for row in ask(root, "SELECT DISTINCT dataset FROM case_texts")}


def _counts(root) -> tuple[int, int]:
    prompts, cases = (
        int(str(ask(root, f"SELECT count(*) FROM {table}")[0][0]))
        for table in ("prompt_texts", "case_texts")
    )
    return prompts, cases


def test_by_age_goes_what_no_younger_run_used(tmp_path):
    ran(tmp_path, "r1", 2, 1, dataset="d1")
    ran(tmp_path, "r2", 3, 2, created=NEW, dataset="d2")
    assert left(tmp_path, BEFORE) == ({2, 3}, {"d2"})
    assert len(ask(tmp_path, "SELECT id FROM runs")) == 2


def test_a_dataset_that_a_younger_run_used_stays(tmp_path):
    ran(tmp_path, "r1", 1, dataset="d1")
    ran(tmp_path, "r2", 2, created=NEW, dataset="d1")
    assert left(tmp_path, BEFORE) == ({2}, {"d1"})


def test_what_is_out_of_reach_goes(tmp_path):
    ran(tmp_path, "r1", 2, 1, dataset="d1")
    ran(tmp_path, "r2", 4, 3, dataset="d2")
    assert left(tmp_path, reach(1)) == ({1}, {"d1"})


def test_where_both_are_asked_for_both_must_hold(tmp_path):
    ran(tmp_path, "r1", 2, 1, dataset="d1")
    ran(tmp_path, "r2", 3, created=NEW, dataset="d2")
    assert left(tmp_path, reach(1, before=BETWEEN)) == ({1, 3}, {"d1", "d2"})


def test_a_prompt_that_cannot_be_read_keeps_its_texts(tmp_path):
    ran(tmp_path, "r1", 2, 1)
    assert left(tmp_path, reach(unreadable=("city",))) == ({1, 2}, {"d1"})


def test_what_no_run_names_goes(tmp_path):
    ran(tmp_path, "r1", 1, created=NEW)
    keep_prompts(tmp_path, 5)
    keep_cases(tmp_path, ["a"], "d9")
    assert left(tmp_path, BEFORE) == ({1}, {"d1"})


def test_what_an_unfinished_run_needs_stays(tmp_path):
    keep_prompts(tmp_path, 1, 2, 3)
    keep_cases(tmp_path, ["a"], "d1")
    keep_cases(tmp_path, ["a"], "d2")
    begun(tmp_path, "r9", "d2")
    versions = (digest("city 1"), digest("city 3"))
    needing = Unfinished("r9", "city", "city", versions)
    assert left(tmp_path, BEFORE, needing) == ({1, 3}, {"d2"})
    assert left(tmp_path, reach(1), needing) == (set(), set())  # it cannot go on


@pytest.mark.parametrize("damage", ["run", "report"])
def test_where_it_is_not_known_what_a_run_needs_all_stays(tmp_path, damage):
    ran(tmp_path, "r1", 1, dataset="d1")
    keep_prompts(tmp_path, 2)
    keep_cases(tmp_path, ["a"], "d2")
    if damage == "run":
        begun(tmp_path, "r9", "")
        assert left(tmp_path, BEFORE, Unfinished("r9", "city")) == ({1, 2}, {"d1", "d2"})
    else:
        change(tmp_path, "UPDATE runs SET created = ?, report = x'c1'", (NEW,))
        assert left(tmp_path, BEFORE) == ({1}, {"d1", "d2"})


def test_a_run_that_begins_meanwhile_keeps_what_it_needs(tmp_path, monkeypatch):
    keep_cases(tmp_path, [f"c{at}" for at in range(40)], "d1")
    keep_cases(tmp_path, [f"c{at}" for at in range(40)], "d2")
    keep_prompts(tmp_path, 1, 2)
    steps: list[tuple[int, int]] = []
    real = transaction

    @contextmanager
    def stepped(connection):
        if len(steps) == 3:
            begun(tmp_path, "r9", "d2")
        steps.append(_counts(tmp_path))
        with real(connection):
            yield

    monkeypatch.setattr(under_test, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(under_test, "transaction", stepped)
    with closing(open_database(tmp_path)) as connection:
        needing = Unfinished("r9", "city", "city", (digest("city 2"),))
        pruning = Pruning(connection, lambda: [needing] if len(steps) > 3 else [])
        done = pruning.prune(BEFORE).texts
    assert steps[:4] == [(2, 80), (0, 80), (0, 70), (0, 60)]
    assert _counts(tmp_path) == (0, 40)
    assert ask(tmp_path, "SELECT DISTINCT dataset FROM case_texts") == [("d2",)]
    assert (done.prompts, done.cases) == (2, 40)


def test_an_empty_store_has_no_texts_to_delete(tmp_path):
    with closing(open_database(tmp_path)) as connection:
        assert Pruning(connection, tuple).prune(BEFORE).texts == Texts()
