import asyncio
import sqlite3

import msgspec
import pytest

from promptops.errors import InputError, StoreError
from promptops.store.database import FILE, FOLDER
from promptops.store.migrations import MIGRATIONS
from promptops.store.runs import SampleRecord
from promptops.store.store import Store
from promptops.values.report import SCHEMA, ArmReport, Calls, CaseReport, Cost, Report, Tokens
from promptops.values.response import Response, Usage
from promptops.values.score import Score, Unscorable
from tests.unit.store.store_files import ACCOUNT

ANSWER = Response("Quito", finish_reason="stop", usage=Usage(12, 3, 4), cost_usd=0.001)


def report(run: str, *, created: str = "2026-05-01T10:00:00+00:00", suite: str = "city") -> Report:
    arm = ArmReport(1, "ab" * 32, None, dirty=True, samples=1, failures=0)
    return Report(
        SCHEMA, run, suite, "city", "passed", 0, [], None, arm, [], Calls(), Tokens(), Cost(), [],
        created=created,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def test_a_response_is_on_disk_when_keep_returns(store, tmp_path):
    async def keep_and_look():
        await store.responses.keep("k1", 0, ANSWER, ACCOUNT)
        with Store(tmp_path) as other:
            return other.responses.find([("k1", 0), ("k1", 1)])

    assert asyncio.run(keep_and_look()) == {("k1", 0): ANSWER}


def test_responses_that_arrive_together_are_all_kept(store):
    async def keep_many():
        await asyncio.gather(
            *(store.responses.keep("k", at, Response(str(at)), ACCOUNT) for at in range(300))
        )

    asyncio.run(keep_many())
    found = store.responses.find([("k", at) for at in range(300)])
    assert [found["k", at].content for at in range(300)] == [str(at) for at in range(300)]


def test_the_first_response_of_a_draw_stays(store):
    async def twice():
        await store.responses.keep("k", 0, ANSWER, ACCOUNT)
        await store.responses.keep("k", 0, Response("Lima"), ACCOUNT)

    asyncio.run(twice())
    assert store.responses.find([("k", 0)])["k", 0].content == "Quito"


@pytest.mark.parametrize("text", ["", "nul \0", "\ud800 alone", "\x1b[31m", "🜁" * 1000])
def test_any_text_survives(store, text):
    content = text.encode("utf-8", "backslashreplace").decode()
    asyncio.run(store.responses.keep("k", 0, Response(content), ACCOUNT))
    assert store.responses.find([("k", 0)])["k", 0].content == content


def test_two_stores_write_at_once(tmp_path):
    async def both(one, two):
        await asyncio.gather(
            *(
                each.responses.keep(f"k{at}", 0, ANSWER, ACCOUNT)
                for at in range(50)
                for each in (one, two)
            )
        )

    with Store(tmp_path) as one, Store(tmp_path) as two:
        asyncio.run(both(one, two))
        assert len(one.responses.find([(f"k{at}", 0) for at in range(50)])) == 50


def test_samples_and_reports_come_back(store):
    record = SampleRecord("made", {"exact": Score(0.5, "half"), "tone": Unscorable("no verdict")})
    store.runs.add_samples("r1", [("candidate", "c1", 0, "k1", record)])
    store.runs.add_samples("r1", [("candidate", "c1", 0, "k1", record)])
    assert store.runs.sample("r1", "candidate", "c1", 0) == ("k1", record)
    assert list(store.runs.samples("r1")) == [("candidate", "c1", 0, "k1", record)]
    with pytest.raises(KeyError):
        store.runs.sample("r1", "baseline", "c1", 0)
    store.runs.finish(report("r1"))
    assert store.runs.report("r1") == report("r1")


def test_the_cases_of_a_report_come_back_with_it_and_burden_no_list(store):
    cases = [
        CaseReport("c1", "broken", 1.0, 0.0, "Quito", "Lima", {"exact": (1.0, 0.0)}, "not Quito"),
        *(CaseReport(f"c{at}", "same", None, 0.5, critical=True) for at in range(2, 70_000)),
    ]
    whole = msgspec.structs.replace(report("r1"), cases=cases)
    store.runs.finish(whole)
    assert store.runs.report("r1") == whole
    assert [each.report for each in store.runs.newest()] == [report("r1")]
    assert store.runs.last_of_suite("city") == report("r1")


def test_a_report_from_before_cases_had_a_column_is_read(tmp_path):
    old = msgspec.structs.replace(report("r0"), cases=[CaseReport("c1", "same", 1.0, 1.0)])
    (tmp_path / FOLDER).mkdir()
    with sqlite3.connect(tmp_path / FOLDER / FILE) as file:
        file.executescript(MIGRATIONS[0] + "; PRAGMA user_version = 1")
        row = (old.run, old.created, "city", "city", "", "ab" * 32, None, "passed")
        file.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, msgspec.msgpack.encode(old)),
        )
    file.close()
    with Store(tmp_path) as store:
        assert store.runs.report("last") == old
        store.runs.finish(report("r1"))
        assert [each.id for each in store.runs.newest()] == ["r1", "r0"]


def test_a_run_is_found_by_the_start_of_its_id_or_as_the_last(store):
    store.runs.finish(report("20260501-aa", created="2026-05-01T10:00:00+00:00"))
    store.runs.finish(report("20260502-bb", created="2026-05-02T10:00:00+00:00", suite="other"))
    assert store.runs.report("last").run == "20260502-bb"
    assert store.runs.report("20260501").run == "20260501-aa"
    with pytest.raises(InputError, match="start of 2 runs"):
        store.runs.report("2026")
    with pytest.raises(InputError, match="no run '2027'"):
        store.runs.report("2027")
    assert [each.id for each in store.runs.newest()] == ["20260502-bb", "20260501-aa"]
    assert [each.id for each in store.runs.newest(limit=1)] == ["20260502-bb"]
    assert store.runs.newest(name="nothing") == []
    assert [each.id for each in store.runs.newest(name="city")] == ["20260502-bb", "20260501-aa"]
    assert [each.id for each in store.runs.newest(name="other")] == ["20260502-bb"]
    assert store.runs.names() == ["city", "other"]
    last = store.runs.last_of_suite("city")
    assert last is not None
    assert last.run == "20260501-aa"
    assert store.runs.last_of_suite("none") is None


def test_runs_are_found_by_the_meaning_on_either_arm(store):
    def run(name, day, before, after):
        base = report(name, created=f"2026-05-0{day}T10:00:00+00:00")
        old = before and msgspec.structs.replace(base.candidate, digest=before)
        new = msgspec.structs.replace(base.candidate, digest=after)
        store.runs.finish(msgspec.structs.replace(base, baseline=old, candidate=new))

    run("r1", 1, None, "a")
    run("r2", 2, "a", "b")
    run("r3", 3, "b", "c")
    assert [each.run for each in store.runs.of_version("a")] == ["r2", "r1"]
    assert [each.run for each in store.runs.of_version("c")] == ["r3"]
    assert list(store.runs.of_version("d")) == []


def test_a_store_of_a_newer_program_is_left_alone(store, tmp_path):
    with sqlite3.connect(tmp_path / ".promptops" / "store.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer promptops"):
        Store(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(tmp_path):
    (tmp_path / ".promptops").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write to \.promptops/"):
        Store(tmp_path)


def test_a_damaged_report_and_a_damaged_sample_are_said(store, tmp_path):
    store.runs.finish(report("r1"))
    store.runs.add_samples("r1", [("candidate", "c1", 0, "k1", SampleRecord("made", {}))])
    with sqlite3.connect(tmp_path / FOLDER / FILE) as file:
        file.execute("UPDATE samples SET body = x'c1'")
        file.execute("UPDATE runs SET cases = x'00'")
    file.close()
    for read in (
        lambda: store.runs.report("r1"),
        lambda: store.runs.sample("r1", "candidate", "c1", 0),
        lambda: list(store.runs.samples("r1")),
    ):
        with pytest.raises(StoreError, match=r"run is damaged \(r1\)"):
            read()


def test_an_answer_that_was_altered_is_not_taken_for_the_one_that_was_paid_for(tmp_path):
    with Store(tmp_path) as store:
        asyncio.run(store.responses.keep("a" * 64, 0, Response("yes"), ACCOUNT))
    altered = msgspec.msgpack.encode(Response("nay"))
    with sqlite3.connect(tmp_path / ".promptops" / "store.db") as file:
        file.execute("UPDATE responses SET body = ?", (altered,))
    file.close()
    with Store(tmp_path) as store, pytest.raises(StoreError, match="checksum does not fit"):
        store.responses.find([("a" * 64, 0)])
