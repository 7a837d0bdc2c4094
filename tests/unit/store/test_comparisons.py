import sqlite3

import pytest

from promptops.errors import StoreError
from promptops.store.comparisons import Comparisons
from promptops.store.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def test_the_plan_that_was_written_first_stays(store):
    first = store.comparisons.begin("key", 5, 7)
    assert (first.samples, first.seed, first.reached) == (5, 7, 5)
    assert first.created.endswith("+00:00")
    assert store.comparisons.begin("key", 20, 8) == first
    assert store.comparisons.find("key") == first


def test_a_comparison_that_was_never_begun_has_no_plan(store):
    store.comparisons.begin("key", 5, 7)
    assert store.comparisons.find("other") is None
    store.comparisons.extend("other", 9)
    assert store.comparisons.find("other") is None


def test_an_extension_only_ever_reaches_further(store):
    store.comparisons.begin("key", 5, 7)
    store.comparisons.begin("other", 5, 7)
    reached = []
    for samples in (3, 12, 8):
        store.comparisons.extend("key", samples)
        reached.append(store.comparisons.find("key").reached)
    assert reached == [5, 12, 12]
    assert store.comparisons.find("key").samples == 5
    assert store.comparisons.find("other").reached == 5


def test_a_plan_outlives_the_process_and_the_largest_seed(store, tmp_path):
    begun = store.comparisons.begin("key", 1000, 2**32 - 1)
    with Store(tmp_path) as other:
        assert other.comparisons.find("key") == begun


def test_of_two_runs_that_begin_at_once_one_lays_out_the_looks(store, tmp_path):
    with Store(tmp_path) as other:
        plans = [
            opened.comparisons.begin("key", samples, seed)
            for opened, samples, seed in ((store, 5, 1), (other, 9, 2))
        ]
    assert plans[0] == plans[1]
    assert plans[0].samples == 5


def test_a_file_that_is_no_store_is_said(tmp_path):
    connection = sqlite3.connect(tmp_path / "empty.db")
    with pytest.raises(StoreError, match="cannot be used"):
        Comparisons(connection).begin("key", 5, 7)
    connection.close()
