import pytest

from promptops.errors import StoreError, UnderWayError
from promptops.store.store import Store
from tests.unit.store.store_files import line, start

CHOICES = {"samples": 5, "models": ["m"], "against": None}


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def test_a_run_is_alive_until_it_ends(store):
    store.begun.begin("r1", "2026-05-01T10:00:00+00:00", "city", "in", CHOICES)
    begun = store.begun.find("r1")
    assert begun is not None
    assert (begun.state, begun.alive, begun.choices) == ("running", True, CHOICES)
    assert (begun.suite, begun.inputs, begun.created[:10]) == ("city", "in", "2026-05-01")
    store.begun.end("r1", "stopped")
    stopped = store.begun.find("r1")
    assert stopped is not None
    assert (stopped.state, stopped.alive) == ("stopped", False)
    assert store.begun.find("r2") is None


def test_the_unfinished_come_newest_first(store):
    for at, (suite, inputs) in enumerate(
        [("city", "a"), ("city", "b"), ("tone", "a"), ("city", "a")]
    ):
        store.begun.begin(f"r{at}", f"2026-05-0{at + 1}T10:00:00+00:00", suite, inputs, {})
    store.begun.end("r0", "stopped")
    store.begun.end("r2", "finished")

    def names(**which):
        return [each.run for each in store.begun.unfinished(**which)]

    assert names() == ["r3", "r1", "r0"]
    assert names(suite="city", inputs="a") == ["r3", "r0"]
    assert names(inputs="b") == ["r1"]
    assert names(suite="tone") == []


def test_a_run_that_goes_on_keeps_its_beginning(store):
    store.begun.begin("r1", "2026-05-01T10:00:00+00:00", "city", "in", CHOICES)
    store.begun.end("r1", "stopped")
    store.begun.begin("r1", "2026-05-09T10:00:00+00:00", "city", "in", {})
    begun = store.begun.find("r1")
    assert begun is not None
    assert (begun.state, begun.choices, begun.created[:10]) == ("running", CHOICES, "2026-05-01")


def test_a_run_of_another_process_is_its_own_until_it_is_killed(store, tmp_path):
    other = start(
        """
with Store(root) as store:
    store.begun.begin("r1", "2026-05-01T10:00:00+00:00", "city", "in", {})
    print("begun", flush=True)
    sys.stdin.readline()
""",
        tmp_path,
    )
    assert line(other) == "begun"
    with pytest.raises(UnderWayError, match="r1 is under way in another process"):
        store.begun.begin("r1", "2026-05-01T11:00:00+00:00", "city", "in", {})
    assert [each.alive for each in store.begun.unfinished("city", "in")] == [True]
    other.kill()
    other.communicate()
    killed = store.begun.find("r1")
    assert killed is not None
    assert (killed.state, killed.alive) == ("running", False)
    store.begun.begin("r1", "2026-05-01T11:00:00+00:00", "city", "in", {})
    store.begun.end("r1", "finished")
    assert store.begun.unfinished() == []


def test_a_run_that_could_not_be_written_is_nobody_s(store, tmp_path):
    store.close()
    again = Store(tmp_path)
    again.runs._connection.close()
    with pytest.raises(StoreError):
        again.begun.begin("r1", "2026-05-01T11:00:00+00:00", "city", "in", {})
    assert not again.claims.alive("run r1")
    again.close()
