"""The suites of this repository, evaluated as `make eval` and a reader of the README would."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from promptops.store.store import Store
from promptops.values.score import Score
from tests.functional.cli_project import Project
from tests.loopback import Asked, Loopback

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(empty: Project, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """A clone of this repository with the history that the versions of its prompts come out of."""
    asked = ["git", "rev-parse", "--is-shallow-repository"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if said.strip() != "false" or not (ROOT / ".git").exists():
        pytest.skip("this checkout has no git history, or not all of it")
    place = empty.root.parent / "clone"
    empty.git("clone", "--quiet", str(ROOT), str(place))
    monkeypatch.chdir(place)
    return Project(place, capfd)


@pytest.mark.model
def test_our_first_suite_compares_its_two_versions_on_the_embedded_model(clone: Project):
    done = clone.run("eval", "extract-city", "--tag", "two-cities", "--format", "json")
    assert done.code in {0, 1}, done.err
    (report,) = done.value
    rows = [json.loads(line) for line in (clone.root / "evals/extract-city.jsonl").open()]
    wanted = {row["id"] for row in rows if "two-cities" in row["tags"]}
    assert len(wanted) > 3
    assert {case["id"] for case in report["cases"]} == wanted
    newest = clone.run("show", "extract-city", "--format", "json").value
    baseline, candidate = report["baseline"], report["candidate"]
    assert candidate["version"] == newest["version"] >= 2
    assert candidate["digest"] == newest["digest"] != baseline["digest"]
    assert baseline["version"] == newest["version"] - 1
    assert candidate["samples"] == baseline["samples"] == len(wanted)
    assert candidate["failures"] == baseline["failures"] == 0
    (metric,) = report["metrics"]
    assert metric["pairs"] == len(wanted)
    assert metric["delta"] == pytest.approx(metric["candidate"] - metric["baseline"])
    shown = clone.run("eval", "extract-city", "--tag", "two-cities")
    assert shown.code == done.code
    assert f"v{baseline['version']} → v{candidate['version']}" in shown.out


def test_our_judged_suite_keeps_what_the_judge_says(
    empty: Project, monkeypatch: pytest.MonkeyPatch
):
    for folder in ("prompts", "evals"):
        shutil.copytree(ROOT / folder, empty.root / folder)
    rows = [json.loads(line) for line in (ROOT / "evals/answer-from-context.jsonl").open()]
    unsupported = rows[0]
    judged: list[Asked] = []

    def script(asked: Asked) -> str:
        text = asked.last_user
        row = next(each for each in rows if each["question"] in text)
        if asked.model == "gpt-4.1-mini":
            return "Nobody knows." if row is unsupported else row["expected"]
        judged.append(asked)
        wrong = "Nobody knows." in text
        verdict = "unfaithful" if wrong else "faithful"
        return json.dumps({"explanation": f"About {row['id']}.", "verdict": verdict})

    with Loopback(script) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        # A model whose price is known: the report then tells what the judge cost.
        arguments = ("--alone", "--model", "openai/gpt-4.1-mini", "--format", "json")
        done = empty.run("eval", "answer-judged", *arguments)
    assert done.code == 0, done.err + done.out
    (report,) = done.value
    metrics = {metric["name"]: metric for metric in report["metrics"]}
    shown = empty.run("show", "judges/faithful", "--format", "json").value
    assert metrics["faithful"]["judge"] == shown["digest"]
    assert metrics["faithful"]["role"] == "observe"  # until somebody measures it
    assert "was not measured" in metrics["faithful"]["note"]
    assert metrics["faithful"]["candidate"] == pytest.approx(1 - 1 / len(rows))
    assert metrics["found"]["candidate"] == pytest.approx(1 - 1 / len(rows))
    assert 0 < report["cost"]["incurred_usd"] < 1
    assert report["cost"]["unpriced_calls"] == 0
    assert report["calls"]["judge"] == len(rows) == len(judged)
    assert {asked.model for asked in judged} == {shown["model"].removeprefix("openai/")}
    assert _explanations(empty.root, report["run"]) == {
        row["id"]: (float(row is not unsupported), f"About {row['id']}.") for row in rows
    }


def _explanations(root: Path, run: str) -> dict[str, tuple[float, str]]:
    """What the judge said of each case: the score and the explanation that are kept."""
    found = {}
    with Store(root) as store:
        for _, case, _, _, record in store.runs.samples(run):
            kept = record.scores["faithful"]
            assert isinstance(kept, Score)
            found[case] = (kept.value, kept.explanation)
    return found
