import asyncio
import os
import shutil
import sqlite3
import sys
from contextlib import closing

import pytest

from promptops.errors import ExitCode, StoreError
from promptops.store import opening, recovery
from promptops.store.database import (
    FOLDER,
    MARKER,
    DamagedError,
    beside,
    mark_damaged,
    translated,
)
from promptops.store.losses import Lost
from promptops.store.migrations import MIGRATIONS
from promptops.store.opening import opened_database
from promptops.store.pages import PAGE_BYTES
from promptops.store.reading import opened_to_read
from promptops.store.recovery import PART, WHOLE, Mended, mend
from promptops.store.runs import SampleRecord
from promptops.store.store import Store
from promptops.values.report import SCHEMA, ArmReport, Calls, Cost, Report, Tokens
from tests.unit.store.store_files import (
    ACCOUNT,
    answer,
    end,
    file_of,
    fill,
    found,
    go_on,
    key,
    line,
    old_store,
    overwrite,
    pages_with,
    start,
)
from tests.unit.store.texts import DATASET, case_text, prompt_text

LEAF, INTERIOR, TABLE_LEAF = 0x0A, 0x02, 0x0D
MANY = 600
CASES = [f"c{at}" for at in range(300)]


def report(run):
    arm = ArmReport(1, "ab" * 32, None, dirty=True, samples=1, failures=0)
    return Report(
        SCHEMA, run, "city", "city", "passed", 0, [], None, arm, [], Calls(), Tokens(), Cost(), [],
        created="2026-05-01T10:00:00+00:00",
    )  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A store with something in every table, at rest."""
    root = tmp_path_factory.mktemp("kept")
    with Store(root) as store:
        for at in range(0, MANY, 60):
            fill(store, range(at, at + 60), size=5)
        fill(store, [MANY], size=2000)  # over several pages
        for run in ("r1", "r2"):
            store.runs.add_samples(
                run,
                [("candidate", f"c{at}", 0, key(at), SampleRecord("made", {})) for at in range(40)],
            )
            store.runs.finish(report(run))
        store.comparisons.begin("c", 5, 7)
        store.prices.keep("p", "m", '{"input":1}')
        store.begun.begin("r1", "2026-05-01T10:00:00+00:00", "city", "in", {"samples": 5})
        store.begun.end("r1", "stopped")
        store.prompt_texts.keep(prompt_text(1))
        store.case_texts.keep(DATASET, ((name, case_text(name)) for name in CASES))
    return root


@pytest.fixture
def root(kept, tmp_path):
    shutil.copytree(kept / FOLDER, tmp_path / FOLDER)
    return tmp_path


def mended(root):
    """Open a damaged store: what it says, once; then the next command works."""
    with pytest.raises(StoreError) as caught:
        Store(root)
    assert caught.value.exit_code == ExitCode.NO_VERDICT
    assert "run the command again" in (caught.value.hint or "")
    Store(root).close()
    return caught.value


def aside(root):
    return [
        each
        for each in sorted((root / FOLDER).glob("store.db.damaged-*"))
        if not each.name.endswith(("-wal", "-shm"))
    ]


def holds_everything(root):
    with Store(root) as store:
        assert found(store, range(MANY + 1)) == set(range(MANY + 1))
        assert store.ledger.of_run("r1").calls == MANY + 1
        assert store.runs.report("r2") == report("r2")
        assert len(list(store.runs.samples("r2"))) == 40
        assert store.comparisons.find("c") is not None
        assert store.prices.find("p") == ("m", '{"input":1}')
        begun = store.begun.find("r1")
        assert begun is not None
        assert (begun.state, begun.choices) == ("stopped", {"samples": 5})
        assert store.prompt_texts.find(prompt_text(1).digest) == prompt_text(1)
        assert store.case_texts.find(DATASET, CASES) == {name: case_text(name) for name in CASES}
    with sqlite3.connect(file_of(root)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    file.close()


@pytest.mark.parametrize(
    ("page", "content"),
    [
        (1, b"\xaa" * 100),  # the header
        (1, b"\xaa" * PAGE_BYTES),  # and the list of tables
        (1, bytes(PAGE_BYTES)),
    ],
)
def test_a_start_that_is_lost_loses_no_row(root, page, content):
    overwrite(file_of(root), page, content)
    damaged = file_of(root).read_bytes()
    error = mended(root)
    assert f"; {MANY + 1} responses and 2 runs were carried over" in error.message
    holds_everything(root)
    (old,) = aside(root)
    assert old.name in (error.hint or "")
    assert old.read_bytes() == damaged


def test_a_way_that_is_lost_costs_no_row_below_it(root):
    file = file_of(root)
    top = first_page(file, "responses")
    here = {at for at in range(MANY + 1) if key(at).encode() in _page(file, top)}
    assert _page(file, top)[0] == INTERIOR
    overwrite(file, top)
    with Store(root) as store, pytest.raises(DamagedError):
        store.responses.find([(key(1), 0)])
    mended(root)
    with Store(root) as store:
        assert found(store, range(MANY + 1)) == set(range(MANY + 1)) - here


def first_page(file, name):
    """Where a table or an index begins."""
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        return connection.execute(query, (name,)).fetchone()[0]


def _page(file, number):
    return file.read_bytes()[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]


def test_a_page_in_the_middle_costs_the_rows_on_it(root):
    file = file_of(root)
    pages = pages_with(file, LEAF, b"answer 77 ")
    assert len(pages) == 1
    raw = _page(file, pages[0])
    on_it = {at for at in range(MANY) if key(at).encode() in raw}
    overwrite(file, pages[0], os.urandom(PAGE_BYTES))
    with Store(root) as store, pytest.raises(DamagedError, match="run the command again"):
        found(store, range(MANY + 1))
    assert (root / FOLDER / MARKER).exists()
    error = mended(root)
    with Store(root) as store:
        left = found(store, range(MANY + 1))
        assert left >= set(range(MANY + 1)) - on_it
        assert 77 not in left
        assert store.ledger.of_run("r1").calls == MANY + 1
        fill(store, [77])
        assert 77 in found(store, [77])
    assert f"{len(left)} responses and 2 runs" in error.message


def test_a_truncated_file_keeps_the_rows_on_its_pages(root):
    file = file_of(root)
    whole = file.read_bytes()
    os.truncate(file, len(whole) // 2 + 77)
    mended(root)
    left = whole[: len(whole) // 2 // PAGE_BYTES * PAGE_BYTES]
    with Store(root) as store:
        there = found(store, range(MANY + 1))
    assert {at for at in range(MANY) if f"answer {at} ".encode() * 5 in left} == there
    assert len(there) > MANY / 4


def test_a_file_that_never_was_a_store_is_set_aside(root):
    file_of(root).write_bytes(b"this is no database" * 100)
    error = mended(root)
    assert "nothing of it could be read, so a new one was begun" in error.message
    assert aside(root)[0].read_bytes() == b"this is no database" * 100


def test_a_log_without_contents_is_no_damage(root):
    beside(file_of(root))[0].write_bytes(b"")
    holds_everything(root)
    beside(file_of(root))[0].write_bytes(os.urandom(9000))
    holds_everything(root)
    assert aside(root) == []


def test_what_only_the_log_holds_is_carried_over(root, tmp_path):
    other = tmp_path / "copy"
    (other / FOLDER).mkdir(parents=True)
    with Store(root) as store:
        fill(store, range(1000, 1020))
        for each in (file_of(root), beside(file_of(root))[0]):
            shutil.copy(each, other / FOLDER / each.name)
    overwrite(file_of(other), pages_with(file_of(other), LEAF, b"candidatec3")[0])
    mark_damaged(other / FOLDER)
    mended(other)
    with Store(other) as store:
        assert found(store, range(1000, 1020)) == set(range(1000, 1020))


def test_a_file_that_lost_its_contents_is_not_taken_for_a_new_one(root, tmp_path):
    other = tmp_path / "copy"
    (other / FOLDER).mkdir(parents=True)
    with Store(root) as store:
        fill(store, range(1000, 1020))
        for each in (file_of(root), beside(file_of(root))[0]):
            shutil.copy(each, other / FOLDER / each.name)
    os.truncate(file_of(other), 0)
    error = mended(other)
    assert "lost its contents" in error.message
    with Store(other) as store:
        assert found(store, range(1000, 1020)) <= set(range(1000, 1020))
    assert beside(aside(other)[0])[0].stat().st_size


def test_an_index_that_disagrees_is_made_anew(root):
    at = first_page(file_of(root), "ledger_by_at")
    overwrite(file_of(root), at, bytes([LEAF]) + bytes(4) + b"\x10\x00" + bytes(PAGE_BYTES - 7))
    mark_damaged(root / FOLDER)
    mended(root)
    holds_everything(root)


def test_rows_that_were_altered_are_left_out(root):
    raw = file_of(root).read_bytes()
    place = raw.index(b"answer 5 answer 5 ")
    with file_of(root).open("r+b") as file:
        file.seek(place)
        file.write(b"answer 6")
    overwrite(file_of(root), 1, b"\xaa" * 100)
    assert f"; {MANY} responses" in mended(root).message
    with Store(root) as store:
        assert store.responses.lacks([(key(5), 0)])


def test_a_mark_on_a_sound_file_is_taken_away(root):
    mark_damaged(root / FOLDER)
    holds_everything(root)
    assert not (root / FOLDER / MARKER).exists()
    assert aside(root) == []


def test_a_mark_without_a_file_is_taken_away(root):
    mark_damaged(root / FOLDER)
    file_of(root).unlink()
    Store(root).close()
    assert not (root / FOLDER / MARKER).exists()


def test_money_whose_account_is_lost_still_counts(root):
    file = file_of(root)
    (page,) = pages_with(file, TABLE_LEAF, ACCOUNT.digest.encode())
    overwrite(file, page, os.urandom(PAGE_BYTES))
    mark_damaged(root / FOLDER)
    mended(root)
    with Store(root) as store:
        assert found(store, range(MANY + 1)) == set(range(MANY + 1))
        (spent,) = store.ledger.spent(["prompt"])
        assert (spent.key, spent.calls, spent.cost_usd) == (("",), MANY + 1, (MANY + 1) / 2)


def test_nobody_mends_under_the_hands_of_another_process(root, monkeypatch):
    monkeypatch.setattr(recovery, "WAIT_SECONDS", 0.2)
    other = start("with Store(root): print('open', flush=True); sys.stdin.readline()", root)
    assert line(other) == "open"
    mark_damaged(root / FOLDER)
    overwrite(file_of(root), 3)
    before = file_of(root).read_bytes()
    with pytest.raises(StoreError, match="another promptops is using it"):
        Store(root)
    assert file_of(root).read_bytes() == before
    go_on(other)
    end(other)
    mended(root)


def test_a_store_that_is_being_mended_is_waited_for(root, monkeypatch):
    monkeypatch.setattr(opening, "WAIT_SECONDS", 0.2)
    mending = pytest.raises(StoreError, match="another promptops is mending")
    with recovery._alone(root / FOLDER), mending:
        Store(root)
    Store(root).close()


def test_of_two_processes_one_mends(root):
    overwrite(file_of(root), 1, b"\xaa" * 100)
    script = """
print("ready", flush=True)
sys.stdin.readline()
try:
    Store(root).close()
    print("opened")
except StoreError as error:
    print(error.message)
"""
    processes = [start(script, root) for _ in range(3)]
    for each in processes:
        assert line(each) == "ready"
    for each in processes:
        go_on(each)
    said = sorted(end(each).strip() for each in processes)
    assert [each == "opened" for each in said].count(False) == 1
    assert len(aside(root)) == 1
    holds_everything(root)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_mending_that_was_broken_off_is_finished(root, steps):
    file, folder = file_of(root), root / FOLDER
    overwrite(file, 1, b"\xaa" * 100)
    mark_damaged(folder)
    if steps:  # the new file is whole, and not yet in its place
        recovery._rebuild(folder)
        assert (folder / WHOLE).exists()
    if steps == 2:
        recovery._set_aside(file)
        assert not file.exists()
    (folder / PART).write_bytes(b"half a file of an earlier attempt")
    mended(root)
    holds_everything(root)
    assert not (folder / PART).exists()
    assert not (folder / WHOLE).exists()


def test_a_damaged_store_of_a_newer_program_is_left_alone(root):
    with sqlite3.connect(file_of(root)) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    overwrite(file_of(root), 5)
    mark_damaged(root / FOLDER)
    before = file_of(root).read_bytes()
    with pytest.raises(StoreError, match="newer promptops"):
        Store(root)
    assert file_of(root).read_bytes() == before
    assert aside(root) == []


@pytest.mark.parametrize("version", [1, 4])
@pytest.mark.parametrize("page", [1, 4])
def test_a_damaged_store_of_an_earlier_version_is_brought_up_to_this_one(tmp_path, version, page):
    old_store(tmp_path, version)
    overwrite(file_of(tmp_path), page)
    mark_damaged(tmp_path / FOLDER)
    mended(tmp_path)
    with Store(tmp_path) as store:
        left = found(store, range(200))
        assert len(left) == 200 if page == 1 else 150 < len(left) <= 200
        fill(store, range(300))
        assert len(found(store, range(300))) == 300


def test_a_row_that_is_no_text_is_left_out(root):
    with sqlite3.connect(file_of(root)) as file:
        file.execute(
            "UPDATE responses SET model = CAST(x'ff' AS TEXT) WHERE request_key = ?", (key(1),)
        )
    file.close()
    overwrite(file_of(root), 1, b"\xaa" * 100)
    assert f"; {MANY} responses" in mended(root).message


def test_what_needs_no_mending_is_not_mended(root):
    assert mend(root / FOLDER) is None
    holds_everything(root)


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_is_survived(root, seed):
    """Whatever pages are lost: the next two commands say so and mend, and the third works."""
    file = file_of(root)
    pages = file.stat().st_size // PAGE_BYTES
    for page in {(seed * 37 + at * 101) % pages + 1 for at in range(1 + seed % 4)}:
        overwrite(file, page)
    left = None
    for _ in range(3):
        try:
            with Store(root) as store:
                left = sum(not store.responses.lacks([(key(at), 0)]) for at in range(MANY + 1))
                list(store.runs.newest())
                store.ledger.spent(["prompt", "day"])
                asyncio.run(store.responses.keep("new", 0, answer(1), ACCOUNT))
            break
        except StoreError as error:
            print(error, file=sys.stderr)
    assert left is not None
    assert left >= MANY * 0.8


def test_damage_that_is_met_is_mended_when_the_store_is_closed(root):
    overwrite(file_of(root), first_page(file_of(root), "responses"))
    with pytest.raises(StoreError) as caught, Store(root) as store:
        found(store, range(MANY))
    assert not isinstance(caught.value, DamagedError)
    assert "is damaged" in caught.value.message
    assert "were carried over into a new one" in caught.value.message
    (old,) = aside(root)
    assert old.name in (caught.value.hint or "")
    with Store(root) as store:  # the next command works
        assert len(found(store, range(MANY))) > MANY / 2
    assert aside(root) == [old]


@pytest.mark.parametrize("opened", [opened_database, opened_to_read])
def test_so_it_is_for_a_connection_alone(root, opened):
    overwrite(file_of(root), first_page(file_of(root), "responses"))
    with (
        pytest.raises(StoreError, match="carried over into a new one"),
        opened(root) as connection,
        translated(connection),
    ):
        connection.execute("SELECT body FROM responses").fetchall()
    with opened(root) as connection:
        assert connection.execute("SELECT count(*) FROM responses").fetchone()[0] > MANY / 2


def test_what_another_process_uses_is_mended_by_the_next_command(root, monkeypatch):
    monkeypatch.setattr(recovery, "WAIT_SECONDS", 0.2)
    other = start("with Store(root): print('open', flush=True); sys.stdin.readline()", root)
    assert line(other) == "open"
    overwrite(file_of(root), first_page(file_of(root), "responses"))
    with pytest.raises(DamagedError, match="run the command again"), Store(root) as store:
        found(store, range(MANY))
    go_on(other)
    end(other)
    mended(root)


def test_lines_of_the_ledger_that_are_lost_are_counted(root):
    file = file_of(root)
    # The page of the table, not of an index: that one still knows how many there were.
    on_leaves = (pages_with(file, LEAF, key(at).encode() + b"answered") for at in range(MANY))
    page = next(pages[0] for pages in on_leaves if pages)
    query = "SELECT count(*) FROM ledger"
    overwrite(file, page)
    mark_damaged(root / FOLDER)
    error = mended(root)
    with closing(sqlite3.connect(file)) as connection:
        left = connection.execute(query).fetchone()[0]
    assert 0 < MANY + 1 - left < MANY / 4
    gone = f"{MANY + 1 - left} of {MANY + 1} lines of the ledger could not be read"
    assert f"{MANY + 1} responses and 2 runs were carried over into a new one; {gone}" in str(error)


def test_rows_that_were_altered_are_counted_too(root):
    place = file_of(root).read_bytes().index(b"answer 5 answer 5 ")
    with file_of(root).open("r+b") as file:
        file.seek(place)
        file.write(b"answer 6")
    overwrite(file_of(root), first_page(file_of(root), "ledger_by_at"))
    mark_damaged(root / FOLDER)
    assert f"; 1 of {MANY + 1} responses could not be read" in mended(root).message


def test_what_nobody_can_count_may_be_missing(root):
    overwrite(file_of(root), first_page(file_of(root), "responses"))
    mark_damaged(root / FOLDER)
    said = mended(root).message
    assert said.endswith("; some responses may be missing")


def test_one_of_a_kind_is_told_as_one():
    said = Mended("old", 1, 1, (Lost("ledger", 1, 1), Lost("runs", None, None))).outcome()
    assert said == (
        "1 response and 1 run were carried over into a new one; 1 of 1 lines of the ledger could "
        "not be read; some runs may be missing"
    )


@pytest.mark.parametrize("table", ["case_texts", "prompt_texts"])
def test_texts_that_are_lost_are_told(root, table):
    overwrite(file_of(root), first_page(file_of(root), table))
    mark_damaged(root / FOLDER)
    said = mended(root).message
    with Store(root) as store:
        text, cases = store.prompt_texts.find(prompt_text(1).digest), store.case_texts
        if table == "case_texts":
            assert said.endswith("; some cases of datasets may be missing")
            assert text == prompt_text(1)
            assert len(CASES) / 2 < len(cases.find(DATASET, CASES)) < len(CASES)
            assert cases.lacks(DATASET, len(CASES))  # so the next run writes the others again
            cases.keep(DATASET, ((name, case_text(name)) for name in CASES))
            assert not cases.lacks(DATASET, len(CASES))
        else:
            assert said.endswith("; some texts of prompts may be missing")
            assert text is None
            assert not cases.lacks(DATASET, len(CASES))


def test_a_text_that_is_not_the_one_that_was_written_stays_behind(root):
    with closing(sqlite3.connect(file_of(root))) as file, file:
        file.execute("UPDATE prompt_texts SET body = x'00'")
        file.execute("UPDATE case_texts SET body = x'00' WHERE case_id = 'c7'")
    mark_damaged(root / FOLDER)
    overwrite(file_of(root), 1, b"\xaa" * 100)
    mended(root)
    with Store(root) as store:
        assert store.prompt_texts.find(prompt_text(1).digest) is None
        assert set(store.case_texts.find(DATASET, CASES)) == {*CASES} - {"c7"}


def test_a_start_that_is_lost_is_found_again_in_a_file_of_before(tmp_path):
    old_store(tmp_path, len(MIGRATIONS))
    with Store(tmp_path) as store:
        fill(store, range(300, 310))
    with closing(sqlite3.connect(file_of(tmp_path))) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    overwrite(file_of(tmp_path), 1, b"\xaa" * PAGE_BYTES)
    assert "210 responses and 0 runs" in mended(tmp_path).message
    with Store(tmp_path) as store:
        assert len(found(store, range(310))) == 210
