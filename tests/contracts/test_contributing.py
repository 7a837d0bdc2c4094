"""The recipes in CONTRIBUTING.md: each file, as it stands there, is found and keeps its law."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import promptops

ROOT = Path(__file__).parents[2]
RECIPE = re.compile(
    r"`src/promptops/(\S+\.py)` is [^\n]*\n\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
RECIPES = dict(RECIPE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its tests, with the files of all recipes in it."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(
        Path(promptops.__file__).parent,
        root / "src" / "promptops",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copytree(ROOT / "tests", root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for path, text in RECIPES.items():
        (root / "src" / "promptops" / path).write_text(text, encoding="utf-8")
    return root


def contracts(tree: Path, name: str, *files: str) -> str:
    """Run the contract tests of one new name; answers the last line, once all passed."""
    paths = [str(tree / "src"), str(tree)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-k", name, *files],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def passed(line: str) -> int:
    found = re.search(r"(\d+) passed", line)
    return int(found[1]) if found else 0


def test_there_are_three_recipes():
    folders = sorted(path.rpartition("/")[0] for path in RECIPES)
    assert folders == ["models/providers", "reports/formats", "scorers"]


def test_the_scorer(tree):
    assert passed(contracts(tree, "ends_with", "tests/contracts/test_scorers.py")) >= 9


def test_the_report_format(tree):
    files = ["tests/contracts/test_report_formats.py", "tests/faults/test_hostile_output.py"]
    assert passed(contracts(tree, "tap", *files)) >= 40


@pytest.mark.slow
@pytest.mark.model
def test_the_model(tree):
    files = "tests/contracts/test_model_providers.py"
    assert passed(contracts(tree, "echo or the_files_are_what_is_found", files)) >= 9
