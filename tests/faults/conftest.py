from __future__ import annotations

import pytest

from tests.faults.desk import PROMPT, PROMPT_FILE, ROWS, ROWS_FILE, SUITE, SUITE_FILE, Desk
from tests.functional.cli_project import Project
from tests.loopback import Loopback


@pytest.fixture
def desk(tmp_path, capfd, monkeypatch):
    """A project that is all right, in git, as the working directory; its server answers at once."""
    for name in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    with Loopback() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        made = Desk(Project(root, capfd), server)
        made.project.git("init", "--quiet", "--initial-branch", "main")
        for path, text in ((PROMPT_FILE, PROMPT), (SUITE_FILE, SUITE), (ROWS_FILE, ROWS)):
            made.write(path, text)
        made.project.commit("Say a word")
        yield made
