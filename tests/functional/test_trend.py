"""`promptops report --trend`: versions out of a real repository, runs out of a real store."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from promptops.cli.main import main
from tests.functional.trend_desk import MODEL, SUITE, Desk


class Shown:
    """What a command wrote."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def points(self) -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = json.loads(self.out)["points"]
        return points

    def levels(self, metric: str = "exact") -> list[float | None]:
        found = []
        for point in self.points:
            scores = {each["name"]: each["level"] for each in point["scores"]}
            found.append(scores.get(metric))
        return found


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    made = Desk(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> Shown:
        capfd.readouterr()
        code = main(["report", *arguments])
        return Shown(code, *capfd.readouterr())

    return run


def trend(report: Any, *arguments: str) -> Shown:
    done: Shown = report("--trend", "city", "--format", "json", *arguments)
    assert done.code == 0, done.err
    return done


def test_a_version_has_the_level_of_the_run_that_counts(desk: Desk, report: Any) -> None:
    desk.versions(3)
    first = desk.run(None, 1, 0.5)
    second = desk.run(1, 2, 0.6, was=0.5)
    desk.run(1, 3, 0.8, was=0.5)
    third = desk.run(2, 3, 0.7, was=0.6)  # held to the version before: goes before the other
    done = trend(report)
    assert done.levels() == [0.5, 0.6, 0.7]
    points = done.points
    # Version 1 is told by the run that held version 2 to it: neither alone, nor beside version 3.
    assert [each["run"] for each in points] == [second, second, third]
    assert first not in done.out
    assert [each["against"] for each in points] == [None, 1, 2]
    score = points[2]["scores"][0]
    assert (score["baseline"], score["delta"]) == (0.6, 0.1)
    assert score["interval"] == [pytest.approx(0.06), pytest.approx(0.14)]
    assert [each["change"] for each in points] == ["Reason 1.", "Reason 2.", "Reason 3."]
    assert points[0]["cost_usd_per_1000"] == pytest.approx(1.0)
    assert (points[0]["input_tokens"], points[0]["output_tokens"]) == (100.0, 10.0)
    assert json.loads(done.out)["certainty"] == pytest.approx(0.95)


def test_what_was_not_evaluated_or_cannot_be_read_is_a_gap(desk: Desk, report: Any) -> None:
    desk.versions(2)
    desk.git.commit("Torn", {"prompts/city.yaml": "version: [\n"})
    desk.version(4)
    desk.run(None, 1, 0.5)
    desk.run(1, 4, 0.7)
    done = trend(report)
    assert [each["standing"] for each in done.points] == [
        "evaluated", "unevaluated", "broken", "evaluated",
    ]  # fmt: skip
    assert done.levels() == [0.5, None, None, 0.7]
    assert "prompts/city.yaml:2:1" in done.points[2]["broken"]
    shown = report("--trend", "city").out
    assert "× unreadable" in shown
    assert "· not evaluated" in shown


def test_the_version_on_disk_stands_last(desk: Desk, report: Any) -> None:
    desk.versions(1)
    place = desk.root / "prompts" / "city.yaml"
    place.write_text(place.read_text().replace("version: 1", "version: 2").replace("1}", "2}"))
    place.write_text(place.read_text().replace("Name the city.", "Name it."))
    desk.run(1, 2, 0.6)
    last = trend(report).points[-1]
    assert (last["version"], last["dirty"], last["commit"], last["date"]) == (2, True, None, "")


def test_a_change_of_the_dataset_or_a_scorer_is_marked(desk: Desk, report: Any) -> None:
    desk.versions(4)
    desk.run(None, 1, 0.5, dataset="evals/a.jsonl")
    desk.run(1, 2, 0.6, dataset="evals/a.jsonl")
    desk.run(2, 3, 0.4, was=0.35, dataset="evals/b.jsonl", dataset_fingerprint="d2")
    desk.run(3, 4, 0.45, was=0.4, dataset_fingerprint="d2", scorers={"exact": "s2"})
    done = trend(report)
    assert [[each["what"] for each in point["breaks"]] for point in done.points] == [
        [],
        [],
        ["the dataset changed: evals/a.jsonl → evals/b.jsonl"],
        ["the scorer exact changed"],
    ]
    assert done.points[3]["breaks"][0]["metrics"] == ["exact"]
    assert "not comparable" in report("--trend", "city").out


def test_a_run_that_does_not_name_its_dataset_breaks_nothing_and_is_told_of(
    desk: Desk, report: Any
) -> None:
    desk.versions(2)
    desk.run(None, 1, 0.5, dataset_fingerprint=None)
    desk.run(None, 2, 0.6)
    done = trend(report)
    assert [point["breaks"] for point in done.points] == [[], []]
    assert json.loads(done.out)["notes"] == [
        "1 run does not say which dataset was used: a change of it would not be marked"
    ]


def test_of_several_suites_one_must_be_named(desk: Desk, report: Any) -> None:
    desk.git.write({"evals/other.yaml": SUITE})
    desk.versions(1)
    desk.run(None, 1, 0.5)
    assert trend(report).levels() == [0.5]  # the other one was never evaluated
    desk.run(None, 1, 0.9, suite="other")
    done = report("--trend", "city")
    assert (done.code, done.out) == (2, "")
    assert "several suites evaluate 'city': city, other" in done.err
    assert "--suite city" in done.err
    assert trend(report, "--suite", "other").levels() == [0.9]
    done = report("--trend", "city", "--suite", "othr")
    assert done.code == 2
    assert "did you mean 'other'?" in done.err


def test_each_version_stands_on_its_own_model_unless_one_is_named(desk: Desk, report: Any) -> None:
    desk.version(1)
    desk.version(2, model="example/large-2")
    desk.run(None, 1, 0.5)
    desk.run(None, 2, 0.7, model="example/large-2")
    desk.run(None, 1, 0.8, model="example/large-2")
    done = trend(report)
    assert done.levels() == [0.5, 0.7]
    assert [each["model"] for each in done.points] == [MODEL, "example/large-2"]
    assert trend(report, "--model", "example/large-2").levels() == [0.8, 0.7]
    shown = report("--trend", "city", "--model", "example/absent").out
    assert f"there are runs on example/large-2, {MODEL}" in " ".join(shown.split())


def test_the_newest_versions_alone(desk: Desk, report: Any) -> None:
    desk.versions(4)
    desk.run(3, 4, 0.7)
    done = trend(report, "--limit", "2")
    assert [each["version"] for each in done.points] == [3, 4]
    assert json.loads(done.out)["notes"] == ["2 older versions are left out"]


def test_an_unknown_cost_stays_unknown(desk: Desk, report: Any) -> None:
    desk.versions(1)
    desk.run(None, 1, 0.5, candidate={"cost_usd": None, "latency_seconds": None})
    (point,) = trend(report).points
    assert (point["cost_usd"], point["cost_usd_per_1000"], point["latency_seconds"]) == (None,) * 3
    assert "unknown" in report("--trend", "city").out


def test_a_renamed_prompt_keeps_its_runs(desk: Desk, report: Any) -> None:
    desk.versions(2)
    desk.run(1, 2, 0.7)
    desk.git.git("mv", "prompts/city.yaml", "prompts/town.yaml")
    desk.git.commit("Rename", {"evals/city.yaml": SUITE.replace("prompt: city", "prompt: town")})
    done = report("--trend", "town", "--format", "json")
    assert done.levels() == [0.5, 0.7]


def test_a_revert_is_held_to_what_it_was_compared_with(desk: Desk, report: Any) -> None:
    """Version 3 means what version 1 did: its run is that of version 1, and says so."""
    desk.versions(2)
    desk.version(1, "Back again.")
    desk.run(1, 2, 0.4)
    done = trend(report)
    assert len({each["digest"] for each in done.points}) == 2
    assert done.levels() == [0.5, 0.4, 0.5]
    assert [each["against"] for each in done.points] == [None, 1, None]


@pytest.mark.parametrize("format_", ["terminal", "json", "csv", "html"])
def test_without_runs_it_says_so_and_makes_no_store(desk: Desk, report: Any, format_: str) -> None:
    desk.versions(2)
    done = report("--trend", "city", "--format", format_)
    assert done.code == 0, done.err
    if format_ in {"terminal", "html"}:
        assert "been evaluated yet" in done.out
    else:
        assert "unevaluated" in done.out
    assert not (desk.root / ".promptops").exists()


def test_it_is_written_to_a_file(desk: Desk, report: Any) -> None:
    desk.versions(2)
    desk.run(1, 2, 0.6)
    done = report("--trend", "city", "--format", "html", "--output", "trend.html")
    assert (done.code, done.out) == (0, "")
    page = (desk.root / "trend.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "v2: exact 0.60, +0.10 against v1" in page
    done = report("--trend", "city", "--format", "csv", "--output", "trend.csv")
    text = (desk.root / "trend.csv").read_bytes().decode("utf-8-sig")
    assert [row["exact"] for row in csv.DictReader(io.StringIO(text))] == ["0.5", "0.6"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trend", "city", "--format", "markdown"], "--trend has no format 'markdown'"),
        (["--trend", "cty"], "did you mean 'city'?"),
        (["--trend", "../city"], "is not inside the project"),
        (["last", "--trend", "city"], "a run has no place here"),
        (["--trend", "city", "--cases", "3"], "--cases has no place here"),
        (["--suite", "city"], "--suite goes with --trend NAME"),
        (["--model", "m"], "--model goes with --trend NAME"),
        (["--limit", "3"], "--limit goes with --trend NAME"),
        (["--trend", "city", "--limit", "0"], "must be 1 or more"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    desk: Desk, report: Any, arguments: list[str], said: str
) -> None:
    desk.versions(1)
    done = report(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())


def test_without_a_repository_there_is_no_trend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: Any
) -> None:
    (tmp_path / "prompts").mkdir()
    monkeypatch.chdir(tmp_path)
    done = report("--trend", "city")
    assert done.code == 2
    assert "not in a git repository" in done.err
