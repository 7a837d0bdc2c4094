"""What people and measurements say of judges, in each command that shows a report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional import judged_desk
from tests.functional.judged_desk import CASES, Desk
from tests.functional.judged_project import lines
from tests.functional.viewing_desk import viewing

PERSON = "Bo Example"
MEASURED = 'class="trust"'


desk = judged_desk.desk


def label_all(desk: Desk) -> None:
    """Somebody else labels what the newer version answers."""
    labelled = desk.labelled(newer=True, cases=range(CASES))
    desk.project.write(
        "evals/write.labels.jsonl", lines([{**each, "reviewer": PERSON} for each in labelled])
    )


def test_each_command_shows_the_labels_that_are_at_hand(desk: Desk, tmp_path: Path) -> None:
    desk.begin()
    desk.project.git("checkout", "--quiet", "-b", "topic")
    desk.newer()
    desk.project.commit("Worse")
    assert desk.project.run("gate", "--quiet").code == 0  # drawn, so that it can be labelled
    label_all(desk)
    folder = tmp_path / "kept"
    done = desk.project.run("gate", "--quiet", "--report-dir", str(folder), "-f", "csv")
    assert PERSON in done.out, done.err
    for name in ("cases.csv", "gate.json", "report.md", "report.txt", "junit.xml"):
        assert PERSON in (folder / name).read_text(encoding="utf-8"), name
    done = desk.project.run(
        "comment", "--dry-run", "--file", str(folder / "gate.json"), "-o", "comment.md"
    )
    assert done.code == 0, done.err
    comment = (desk.project.root / "comment.md").read_text(encoding="utf-8")
    assert f"{PERSON} says wrong" in comment
    for command in (["eval", "write", "--quiet"], ["report"]):
        for format_ in ("terminal", "markdown", "json", "csv", "junit"):
            done = desk.project.run(*command, "--cases", "all", "-f", format_)
            assert PERSON in done.out, (command, format_)


def test_a_page_on_a_change_has_the_trust_of_before_it(desk: Desk, tmp_path: Path) -> None:
    desk.begin()
    desk.project.git("checkout", "--quiet", "-b", "topic")
    desk.measure()
    desk.newer()
    desk.project.commit("Worse, and whoever says so may gate")
    assert desk.project.run("gate", "--quiet", "--report-dir", str(tmp_path / "kept")).code == 0
    assert MEASURED not in (tmp_path / "kept/report.html").read_text(encoding="utf-8")
    assert MEASURED in desk.project.run("report", "-f", "html").out


def test_a_page_that_is_served_knows_of_new_labels(desk: Desk) -> None:
    desk.begin()
    desk.newer()
    desk.evaluate()
    with viewing(desk.project.root) as server:
        (run,) = desk.project.run("runs", "-f", "json").value["runs"]
        path = f"runs/{run['run']}/csv"
        assert PERSON not in server.get(path).text
        label_all(desk)
        assert PERSON in server.get(path).text
        (desk.project.root / "evals/write.labels.jsonl").unlink()
        assert PERSON not in server.get(path).text


def test_labels_that_cannot_be_read_are_told_once_and_spoil_no_report(desk: Desk) -> None:
    desk.begin()
    desk.newer()
    desk.evaluate()
    desk.project.write("evals/write.labels.jsonl", "<<<<<<< ours\n")
    for format_ in ("html", "terminal", "csv"):
        done = desk.project.run("report", "-f", format_)
        assert done.code == 0
        assert done.err.count("without people's labels: evals/write.labels.jsonl:1:1") == 1


@pytest.mark.parametrize("format_", ["terminal", "json", "csv", "html"])
def test_only_a_page_that_is_labelled_in_reads_suites_and_prompts(desk: Desk, format_: str) -> None:
    desk.begin()
    desk.newer()
    desk.evaluate()
    code = (
        "import json, sys\n"
        "from promptops.cli.main import main\n"
        f"code = main(['report', '-f', {format_!r}, '-o', 'out'])\n"
        "print(json.dumps([int(code), sorted(sys.modules)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=desk.project.root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    exit_code, modules = json.loads(done.stdout)
    assert exit_code == 0
    assert not {"litellm", "git", "numpy"} & set(modules)
    wanted = {"promptops.cli.judging.questions", "promptops.engine.suite", "jinja2"}
    assert wanted & set(modules) == (wanted if format_ == "html" else set())
