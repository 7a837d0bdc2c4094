"""Which of the stored runs `log`, `diff` and `runs` show."""

from __future__ import annotations

from typing import Any

import pytest

from promptops.store.store import Store
from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    Cost,
    MetricReport,
    Report,
    Tokens,
    Verdict,
)
from tests.functional.cli_project import Project

MODEL = "embedded/smollm2-135m"


class Runs:
    """Writes finished runs of the project's versions into its store."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._made = 0

    def digest(self, number: int, name: str = "greet") -> str:
        done = self._project.run("show", name, "--at", f"v{number}", "--format", "json")
        digest: str = done.value["digest"]
        return digest

    def add(
        self,
        before: str | None,
        after: str,
        score: float,
        *,
        model: str = MODEL,
        verdict: Verdict = "passed",
        prompt: str = "greet",
        **meta: Any,
    ) -> str:
        self._made += 1
        run = f"run-{self._made:04}"
        candidate = ArmReport(2, after, None, False, samples=10, failures=0, cost_usd=0.5)
        baseline = before and ArmReport(1, before, None, False, 10, 0, cost_usd=0.25)
        metric = MetricReport("named", "gate", score, score - 0.1 if before else None, 0.1)
        report = Report(
            SCHEMA, run, "greet", prompt, verdict, 0, [], baseline or None, candidate, [metric],
            Calls(), Tokens(), Cost(), [], model=model, meta=meta,
            created=f"2026-05-01T{self._made // 60:02}:{self._made % 60:02}:00+00:00",
        )  # fmt: skip
        with Store(self._project.root) as store:
            store.runs.finish(report)
        return run


@pytest.fixture
def runs(project: Project) -> Runs:
    project.write(".gitignore", ".promptops/\n")
    return Runs(project)


def scores(project: Project, name: str = "greet") -> list[float | None]:
    versions = project.run("log", name, "--format", "json").value["versions"]
    return [each["score"] for each in versions]


def test_log_shows_the_newest_run_with_the_cost_of_its_arm(project: Project, runs: Runs) -> None:
    one, two = runs.digest(1), runs.digest(2)
    runs.add(one, two, 0.7)
    last = runs.add(one, two, 0.9)
    new, old = project.run("log", "greet", "--format", "json").value["versions"]
    assert (new["score"], new["delta"], new["cost_usd"], new["run"]) == (0.9, 0.1, 0.5, last)
    assert (old["score"], old["delta"], old["cost_usd"]) == (pytest.approx(0.8), None, 0.25)
    assert "$0.50" in project.run("log", "greet").out


@pytest.mark.parametrize(
    "odd",
    [
        {"model": "example/other"},
        {"tags": ["hard"]},
        {"samples": 1},
        {"verdict": "invalid"},
    ],
)
def test_a_run_of_another_kind_replaces_no_score(
    project: Project, runs: Runs, odd: dict[str, Any]
) -> None:
    one, two = runs.digest(1), runs.digest(2)
    kept = runs.add(one, two, 0.7, samples=5, tags=[])
    runs.add(one, two, 0.2, **odd)
    assert scores(project)[0] == 0.7
    assert project.run("diff", "greet", "--format", "json").value["quality"]["run"] == kept


def test_a_run_that_compared_nothing_gives_way_to_one_that_did(
    project: Project, runs: Runs
) -> None:
    one, two = runs.digest(1), runs.digest(2)
    runs.add(None, two, 0.4, alone=True)
    assert scores(project) == [0.4, None]
    runs.add(one, two, 0.7)
    runs.add(None, two, 0.2, alone=True)
    assert scores(project) == [0.7, pytest.approx(0.6)]


@pytest.mark.parametrize("odd", [{"model": "example/other"}, {"tags": ["!hard"]}])
def test_a_score_is_left_blank_where_no_run_counts(
    project: Project, runs: Runs, odd: dict[str, Any]
) -> None:
    runs.add(runs.digest(1), runs.digest(2), 0.7, **odd)
    assert scores(project) == [None, None]
    assert "not evaluated yet" in project.run("diff", "greet").out


def test_a_changed_model_is_a_version_and_both_arms_count(project: Project, runs: Runs) -> None:
    place = project.root / "prompts" / "greet.yaml"
    text = place.read_text().replace(MODEL, "example/other").replace("version: 2", "version: 3")
    place.write_text(text)
    project.commit("Another model")
    runs.add(runs.digest(2), runs.digest(3), 0.7, model="example/other")
    assert scores(project) == [0.7, pytest.approx(0.6), None]


def test_a_renamed_prompt_keeps_its_scores_and_a_copy_has_none(
    project: Project, runs: Runs
) -> None:
    runs.add(runs.digest(1), runs.digest(2), 0.7)
    text = (project.root / "prompts" / "greet.yaml").read_text()
    project.write("prompts/copy.yaml", text)
    assert scores(project, "copy") == [None]
    (project.root / "prompts" / "copy.yaml").unlink()
    project.git("mv", "prompts/greet.yaml", "prompts/welcome.yaml")
    for committed in (False, True):
        if committed:
            project.commit("Rename")
        assert scores(project, "welcome") == [0.7, pytest.approx(0.6)]
        quality = project.run("diff", "welcome", "v1", "v2", "--format", "json").value["quality"]
        assert quality["run"] == "run-0001"


def test_no_number_of_later_runs_makes_a_score_forgotten(project: Project, runs: Runs) -> None:
    one, two = runs.digest(1), runs.digest(2)
    runs.add(None, one, 0.3)
    template = runs.add(one, two, 0.7)
    with Store(project.root) as store:
        report = store.runs.report(template)
        connection = store.runs._connection  # 600 runs, in one statement
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)"
            " INSERT INTO runs SELECT 'more-' || i, '2027-01-01', suite, prompt, model,"
            " 'feed', NULL, verdict, report, cases FROM runs, n WHERE id = ?",
            (report.run,),
        )
    assert scores(project) == [0.7, pytest.approx(0.6)]


def test_runs_of_a_prompt_or_a_suite(project: Project, runs: Runs) -> None:
    project.prompt(1, "Idle.", name="idle")
    assert "Nothing has been evaluated yet." in project.run("runs").out
    runs.add(None, runs.digest(1), 0.3, prompt="gone")
    assert "run-0001" in project.run("runs", "greet").out
    assert "run-0001" in project.run("runs", "gone").out
    idle = project.run("runs", "idle")
    assert (idle.code, idle.out) == (
        0,
        "Nothing of 'idle' has been evaluated yet. `promptops eval` does it.\n",
    )
    wrong = project.run("runs", "gret")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean 'greet'?" in wrong.err
