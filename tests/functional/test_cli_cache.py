"""`promptops cache` over stores that `promptops eval` made."""

from __future__ import annotations

import gzip
import os
import pty
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.functional.cli_project import Project
from tests.functional.kept_project import Desk, desk

# Two cases, two samples each: of versions 1, 2 and 3, and one verdict on each answer that differs.
SAMPLES, VERDICTS = 12, 2
KEPT = SAMPLES + VERDICTS


@pytest.fixture
def kept(empty: Project, monkeypatch: pytest.MonkeyPatch):
    with desk(empty, monkeypatch) as made:
        yield made


def database(project: Project) -> Path:
    return project.root / ".promptops" / "store.db"


def ask(project: Project, query: str) -> list[tuple]:
    with closing(sqlite3.connect(database(project))) as connection, connection:
        return connection.execute(query).fetchall()


def count(project: Project, table: str = "responses") -> int:
    return int(ask(project, f"SELECT count(*) FROM {table}")[0][0])


def test_what_is_kept_is_told_by_prompt(kept: Desk) -> None:
    value = kept.run("cache", "--format", "json").value
    assert value["schema"] == "promptops.cache/1"
    assert value["total"]["responses"] == KEPT
    assert value["total"]["unpriced"] == VERDICTS
    by_prompt = {(each["prompt"], each["purpose"]): each for each in value["prompts"]}
    assert {name: each["responses"] for name, each in by_prompt.items()} == {
        ("say", "sample"): SAMPLES,
        ("judges/fair", "judge"): VERDICTS,
    }
    assert by_prompt["say", "sample"]["cost_usd"] > 0
    assert value["unreachable"]["responses"] == 4
    assert value["runs"] == 2
    assert value["file_bytes"] >= database(kept.project).stat().st_size


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_the_page_fits_and_says_what_is_unknown(kept: Desk, width: str, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for words in (("cache",), ("cache", "prune", "--older-than", "0h", "--dry-run")):
        done = kept.run(*words)
        assert done.code == 0
        assert "unknown" in done.out
        assert "…" not in done.out
        assert max(map(len, done.out.splitlines())) <= int(width)
    assert "promptops cache prune --unreachable" in kept.run("cache").out


def test_without_a_store_nothing_is_kept_and_none_is_made(project: Project) -> None:
    done = project.run("cache")
    assert (done.code, done.err) == (0, "")
    assert "Nothing is kept yet" in done.out
    assert project.run("cache", "--format", "json").value["total"]["responses"] == 0
    assert project.run("cache", "verify").code == 0
    assert project.run("cache", "prune", "--unreachable").code == 0
    assert project.run("cache", "export", "x.gz").code == 2
    assert not database(project).exists()


def test_pruning_what_git_cannot_reach(kept: Desk) -> None:
    before = database(kept.project).stat().st_size
    told = kept.run("cache", "prune", "--unreachable", "--dry-run", "--format", "json").value
    assert (told["dry_run"], told["total"]["responses"]) == (True, 4)
    assert count(kept.project) == KEPT
    spent = kept.run("costs", "--format", "json").value
    done = kept.run("cache", "prune", "--unreachable", "--yes", "--format", "json")
    assert done.code == 0
    assert done.value["total"] == told["total"]
    assert done.value["prompts"] == told["prompts"]
    assert count(kept.project) == KEPT - 4
    assert done.value["shrunk"]
    assert database(kept.project).stat().st_size <= before
    assert kept.run("costs", "--format", "json").value == spent
    assert "nothing to delete" in kept.run("cache", "prune", "--unreachable", "--yes").out
    # The versions that are there still have all of theirs.
    asked = len(kept.server.chats)
    kept.eval()
    assert len(kept.server.chats) == asked


def test_every_ref_and_the_working_tree_keep_a_version(kept: Desk) -> None:
    def lost() -> int:
        return int(kept.run("cache", "--format", "json").value["unreachable"]["responses"])

    git = kept.project.git
    assert lost() == 4
    kept.prompt(3, "Be rude.")
    assert lost() == 0
    git("stash", "--quiet")
    assert lost() == 0
    git("stash", "drop", "--quiet")
    assert lost() == 4
    git("switch", "--quiet", "--create", "side")
    kept.prompt(3, "Be rude.")
    kept.commit("Rudely")
    git("switch", "--quiet", "main")
    assert lost() == 0
    # Merged away: main keeps its own side, and the version is behind the merge.
    git("merge", "--quiet", "--strategy", "ours", "--message", "Not rudely", "side")
    git("branch", "--quiet", "-D", "side")
    assert lost() == 0
    git("reset", "--quiet", "--hard", "HEAD~1")
    assert lost() == 4


def test_an_include_makes_versions_too(kept: Desk) -> None:
    text = (
        "version: {}\nmodel: openai/gpt-4.1-mini\ninputs: {{word: {{type: string}}}}\nmessages:\n"
        "  - {{role: system, content: \"{{% include 'tone.txt' %}}\"}}\n"
        '  - {{role: user, content: "Say {{{{ word }}}}"}}\n'
    )
    for version, tone in ((4, "Be calm."), (5, "Be loud."), (6, "Be calm again.")):
        kept.write("prompts/say.yaml", text.format(version))
        kept.write("prompts/tone.txt", tone)
        if version != 5:
            kept.commit(tone)
        kept.eval("--alone")
    value = kept.run("cache", "prune", "--unreachable", "--dry-run", "--format", "json").value
    assert value["total"]["responses"] == 4 + 4  # versions 3 and 5


def test_a_prompt_that_cannot_be_read_keeps_all_of_its_own(kept: Desk) -> None:
    kept.write("prompts/say.yaml", "version: [\n")
    done = kept.run("cache", "prune", "--unreachable", "--yes")
    assert done.code == 0
    assert "prompt 'say' cannot be read" in done.err
    assert "nothing to delete" in done.out
    assert count(kept.project) == KEPT


def test_where_git_cannot_say_nothing_is_out_of_reach(kept: Desk) -> None:
    root = kept.project.root
    clone = root.parent / "clone"
    kept.project.git("clone", "--quiet", "--depth", "1", f"file://{root}", str(clone))
    (root / ".promptops").rename(clone / ".promptops")
    os.chdir(clone)
    done = kept.run("cache", "prune", "--unreachable", "--yes")
    assert (done.code, done.out) == (2, "")
    assert "shallow" in done.err
    assert "--unshallow" in done.err
    shown = kept.run("cache")
    assert shown.code == 0
    assert "is not told" in shown.err
    assert kept.run("cache", "--format", "json").value["unreachable"] is None
    (clone / ".git").rename(clone / "gone")
    done = kept.run("cache", "prune", "--unreachable", "--yes")
    assert done.code == 2
    assert "no git repository" in done.err
    assert kept.run("cache", "prune", "--older-than", "0h", "--yes").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prnue"], "did you mean 'prune'?"),
        (["prune"], "nothing says what to delete"),
        (["prune", "--older-than", "soon"], "neither an age nor a date"),
        (["prune", "--older-than", "9999-01-01"], "yet to come"),
        (["prune", "--older-than", "99999y"], "neither an age nor a date"),
        (["prune", "--older-than", "2026-02-30"], "neither an age nor a date"),
        (["prune", "--older-than", "0h"], "nobody is there to answer"),
        (["verify", "--unreachable"], "--unreachable goes with `promptops cache prune` alone"),
        (["--repair"], "--repair goes with `promptops cache verify` alone"),
        (["export"], "name a file"),
        (["import"], "name a file"),
        (["verify", "some.gz"], "takes no file"),
        (["export", "."], "is a folder"),
        (["export", "no/such/folder.gz"], "cannot write"),
        (["export", "x.gz", "--prompt", "sya"], "did you mean 'say'?"),
        (["import", "nothing.gz"], "cannot read"),
        (["import", "."], "cannot read"),
        (["import", "evals/say.yaml"], "evals/say.yaml is no export of promptops; nothing was"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(kept: Desk, words: list[str], said) -> None:
    done = kept.run("cache", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert count(kept.project) == KEPT


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", KEPT), ("\n", KEPT)])
def test_a_person_is_asked_first(kept: Desk, answer: str, left: int) -> None:
    master, slave = pty.openpty()
    code = "import sys; from promptops.cli.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "cache", "prune", "--older-than", "0h"],
        stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(slave)
    os.write(master, answer.encode())
    out, err = process.communicate(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert f"would delete {KEPT} responses" in err
    assert "delete them? [y/N] " in err
    assert ("nothing was deleted" in err.splitlines()[-1]) == bool(left)
    assert (f"deleted {KEPT} responses" in out) == (not left)
    assert count(kept.project) == left


def told_as_broken_off(kept: Desk, run: str) -> None:
    """What is said of a run that was killed before it wrote a report."""
    for words in ((), ("say",)):
        first = kept.run("runs", *words, "--format", "json").value["runs"][0]
        assert (first["run"], first["state"], first["prompt"]) == (run, "broken_off", "say")
        assert (first["baseline_version"], first["candidate_version"]) == (2, 4)
        assert 1 <= first["answers"] <= first["calls"]
    assert run not in kept.run("runs", "judges/fair").out
    listed = kept.run("runs").out
    assert f"broken off, {first['answers']} answer" in listed
    assert f"promptops eval --resume {run}" in listed
    shown = kept.run("report", run)
    assert (shown.code, shown.out) == (3, "")
    assert f"it was broken off, with {first['answers']} answer" in shown.err
    assert f"promptops eval --resume {run}" in shown.err
    last = kept.run("report")  # the newest that there is, and a note of the newer run
    assert last.code == 0
    assert f"run {run} is newer: it was broken off" in last.err


def test_a_run_that_was_killed_keeps_what_it_needs(kept: Desk) -> None:
    """It was begun, it drew something, and nothing of it may be paid for twice."""
    kept.prompt(4, "Be odd.")
    kept.server.delay_seconds = 0.3
    code = "import sys; from promptops.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = ["eval", "--quiet", "--concurrency", "1"]
    process = subprocess.Popen([sys.executable, "-c", code, *words], start_new_session=True)
    drew = (
        "SELECT count(*) FROM responses JOIN accounts ON accounts.id = responses.account"
        " WHERE version = 4"
    )
    until = time.monotonic() + 60
    try:
        while not ask(kept.project, drew)[0][0]:
            assert time.monotonic() < until
            time.sleep(0.02)
        kept.age()
        alive = kept.run("cache", "prune", "--older-than", "0h", "--yes", "--format", "json").value
        told = kept.run("cache", "prune", "--older-than", "0h", "--dry-run").out
        listed = kept.run("runs", "--format", "json").value["runs"][0]
        shown = kept.run("report", listed["run"])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    kept.server.delay_seconds = 0.0
    (run,) = alive["unfinished_runs"]
    assert alive["needed"] >= 1
    assert alive["runs_under_way"] == [run]
    assert "a run that is under way needs" in " ".join(told.split())
    assert "--resume" not in told  # it is alive: there is nothing to go on with
    assert (listed["run"], listed["state"], listed["verdict"]) == (run, "under_way", None)
    assert (shown.code, shown.out) == (3, "")
    assert f"run {run} of say has no report: it is under way" in shown.err
    killed = kept.run("cache", "prune", "--older-than", "0h", "--dry-run")
    assert f"promptops eval --resume {run}" in killed.out
    assert "a run that was broken off needs" in " ".join(killed.out.split())
    told_as_broken_off(kept, run)
    # Once its version is gone it can never go on.
    kept.prompt(2, "Be brief.")
    gone = kept.run("cache", "prune", "--unreachable", "--dry-run", "--format", "json").value
    assert gone["total"]["responses"] >= 1
    assert gone["unfinished_runs"] == []
    kept.prompt(4, "Be odd.")
    paid, asked = count(kept.project), len(kept.server.chats)
    kept.eval()
    # What was being drawn when it was killed is drawn again, and nothing else.
    assert count(kept.project) - paid == len(kept.server.chats) - asked


def test_damage_is_told_repaired_and_drawn_again(kept: Desk) -> None:
    sound = kept.run("cache", "verify")
    assert (sound.code, sound.err) == (0, "")
    assert (
        f"{KEPT} responses, 12 samples, 2 runs, 3 prompt texts, 2 cases: all as they were written"
        in sound.out
    )
    with closing(sqlite3.connect(database(kept.project))) as connection, connection:
        connection.execute(
            "UPDATE responses SET body = substr(body, 3) WHERE account IN"
            " (SELECT id FROM accounts WHERE version = 2 AND purpose = 'sample')"
        )
    done = kept.run("cache", "verify")
    assert done.code == 3
    assert "4 faults" in done.out
    assert done.out.count("its checksum does not fit") == 4
    assert "promptops cache verify --repair" in done.out
    value = kept.run("cache", "verify", "--format", "json").value
    assert value["schema"] == "promptops.cache-verify/1"
    assert [each["part"] for each in value["damage"]] == ["response"] * 4
    broken = kept.run("eval", "--quiet")
    assert broken.code == 3
    assert "promptops cache verify --repair" in broken.err
    mended = kept.run("cache", "verify", "--repair")
    assert mended.code == 0
    assert "removed 4 damaged rows" in mended.out
    assert count(kept.project) == KEPT - 4
    asked = len(kept.server.chats)
    kept.eval()
    assert len(kept.server.chats) == asked + 4


def test_a_damaged_file_is_mended(kept: Desk) -> None:
    with closing(sqlite3.connect(database(kept.project))) as connection, connection:
        connection.execute("UPDATE ledger SET outcome = outcome")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        page = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger_by_at'"
        ).fetchone()[0]
    with closing(sqlite3.connect(database(kept.project))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database(kept.project).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x13" * size)
    done = kept.run("cache", "verify")
    assert done.code == 3
    assert "file" in done.out
    mended = kept.run("cache", "verify", "--repair")
    assert mended.code == 0, mended
    assert f"{KEPT} responses and 2 runs were carried over" in mended.out
    assert list(database(kept.project).parent.glob("store.db.damaged-*"))
    assert kept.run("cache", "verify").code == 0
    asked = len(kept.server.chats)
    kept.eval()
    assert len(kept.server.chats) == asked


def test_what_is_exported_saves_another_clone_every_call(kept: Desk) -> None:
    file = kept.project.root.parent / "kept.gz"
    done = kept.run("cache", "export", str(file))
    assert (done.code, done.err) == (0, "")
    assert f"exported {KEPT} responses" in done.out
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = file.read_bytes()
    kept.run("cache", "export", str(file))
    assert file.read_bytes() == first
    text = gzip.decompress(first).decode()
    assert kept.server.environ["OPENAI_API_KEY"] not in text
    root = kept.project.root
    (root / ".promptops").rename(root.parent / "old")
    assert f"imported {KEPT} responses" in kept.run("cache", "import", str(file)).out
    value = kept.run("cache", "import", str(file), "--format", "json").value
    assert (value["responses"], value["present"]) == (0, KEPT)
    asked = len(kept.server.chats)
    kept.prompt(3, "Be rude.")
    kept.eval()
    assert len(kept.server.chats) == asked
    assert kept.run("costs", "--format", "json").value["rows"] == []
    assert kept.run("cache", "verify").code == 0
    again = root.parent / "again.gz"
    kept.run("cache", "export", str(again))
    assert again.read_bytes() == first


def test_an_export_of_one_prompt(kept: Desk) -> None:
    file = kept.project.root / "say.gz"
    value = kept.run("cache", "export", str(file), "--prompt", "say", "--format", "json").value
    assert (value["responses"], value["damaged"], value["redacted"]) == (SAMPLES, 0, 0)
    assert value["file_bytes"] == file.stat().st_size


def test_an_export_without_what_is_damaged_says_so(kept: Desk) -> None:
    with closing(sqlite3.connect(database(kept.project))) as connection, connection:
        connection.execute("UPDATE responses SET body = x'c1' WHERE sample = 0")
    done = kept.run("cache", "export", "some.gz")
    assert done.code == 3
    assert "left out, being damaged" in done.out


def test_a_cut_file_imports_nothing(kept: Desk) -> None:
    file = kept.project.root / "kept.gz"
    kept.run("cache", "export", str(file))
    file.write_bytes(file.read_bytes()[:-20])
    done = kept.run("cache", "import", "kept.gz")
    assert (done.code, done.out) == (2, "")
    assert f"kept.gz:{KEPT + 3}:1: error: the file is cut off; nothing was imported" in done.err
