"""The law of the house: who may import whom, and how a file of ours is made."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import promptops

ROOT = Path(__file__).parents[2]
PACKAGE = Path(promptops.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

MOST_LINES = 320
MOST_LINES_OF_A_FUNCTION = 60
FORBIDDEN = frozenset(("util", "utils", "helper", "helpers", "manager", "base", "core", "common"))
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def imports_inside_functions(path: Path, tree: ast.Module) -> Iterator[str]:
    for function in functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{path}:{node.lineno}: {function.name} imports"


def work_in_a_package_file(path: Path, tree: ast.Module) -> Iterator[str]:
    """A package's own file says what the package is, and does nothing; the root has the version."""
    if path.name != "__init__.py":
        return
    if ast.get_docstring(tree) is None:
        yield f"{path}: no docstring"
    for node in tree.body[1:]:
        is_version = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
        if not (is_version and path.parent.name == "promptops"):
            yield f"{path}:{node.lineno}: more than a docstring"


def too_long(path: Path, tree: ast.Module) -> Iterator[str]:
    """Of a function the body counts: the options of a command are a list, and no logic."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > MOST_LINES:
        yield f"{path}: {lines} lines"
    for function in functions(tree):
        lines = (function.end_lineno or 0) - function.body[0].lineno + 1
        if lines > MOST_LINES_OF_A_FUNCTION:
            yield f"{path}:{function.lineno}: {function.name} has {lines} lines"


def forbidden_names(path: Path, tree: ast.Module) -> Iterator[str]:
    """Names that say nothing of what is inside."""
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for name in (path.stem, path.parent.name, *classes):
        if FORBIDDEN & {word.lower() for word in WORDS.findall(name)}:
            yield f"{path}: {name}"


def without_docstring(path: Path, tree: ast.Module) -> Iterator[str]:
    if ast.get_docstring(tree) is None:
        yield f"{path}: does not say what it is for"


RULES: dict[Callable[[Path, ast.Module], Iterator[str]], dict[str, str]] = {
    imports_inside_functions: {
        "a.py": "def f():\n    import os\n",
        "b.py": "class C:\n    async def f(self):\n        from os import path\n",
    },
    work_in_a_package_file: {
        "__init__.py": "'''A package.'''\nfrom os import path\n",
        "more/__init__.py": "",
        "most/__init__.py": "'''A package.'''\n__version__ = '1'\n",
    },
    too_long: {
        "a.py": "x = 1\n" * (MOST_LINES + 1),
        "b.py": "def f():\n" + "    x = 1\n" * (MOST_LINES_OF_A_FUNCTION + 1),
    },
    forbidden_names: {
        "text_utils.py": "",
        "core/a.py": "",
        "a.py": "class RunManager: pass\n",
        "b.py": "class BaseScorer: pass\n",
    },
    without_docstring: {"a.py": "x = 1\n"},
}
"""Each rule, and files that break it."""


def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps(rule):
    assert len(FILES) > 150
    assert [found for path in FILES for found in rule(path, read(path))] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_what_breaks_it_is_found(rule, tmp_path):
    for name, text in RULES[rule].items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        assert list(rule(path, read(path))), name


def lint_imports(config: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--config", str(config)],
        cwd=config.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_packages_import_only_what_stands_below_them():
    pytest.importorskip("importlinter")
    done = lint_imports(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
    assert "0 kept" not in done.stdout


def test_an_import_upwards_is_found(tmp_path):
    """The same contracts over a copy in which the lowest package knows the highest."""
    pytest.importorskip("importlinter")
    shutil.copytree(PACKAGE, tmp_path / "promptops", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "promptops" / "values" / "case.py").open("a") as file:
        file.write("\nimport numpy\nimport promptops.cli.main\n")
    done = lint_imports(tmp_path / "pyproject.toml")
    assert done.returncode == 1, done.stdout
    assert "2 broken" in done.stdout
