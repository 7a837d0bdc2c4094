from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.cli_project import CASES, SUITE, Project

_FOREIGN = (
    "GITHUB_BASE_REF",
    "GITHUB_EVENT_PATH",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    "CHANGE_TARGET",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
)


@pytest.fixture
def empty(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A git repository with nothing in it, as the working directory."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    project = Project(root, capfd)
    project.git("init", "--quiet", "--initial-branch", "main")
    return project


@pytest.fixture
def project(empty: Project) -> Project:
    """One prompt in two committed versions, with a suite and two cases."""
    empty.write("evals/greet.yaml", SUITE)
    empty.write("evals/greet.jsonl", CASES)
    empty.prompt(1, "Be polite.", "First words.")
    empty.commit("Greet people")
    empty.prompt(2, "Be brief.", "Fewer words.")
    empty.commit("Fewer words")
    return empty
