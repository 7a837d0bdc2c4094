from __future__ import annotations

import ast
import importlib.util
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import promptops
from promptops.cli import discovery

SOURCE = Path(promptops.__file__).parent
COMMANDS = SOURCE / "cli" / "commands"


def test_every_file_is_a_command() -> None:
    files = {path.stem.replace("_", "-") for path in COMMANDS.glob("[!_]*.py")}
    assert set(discovery.command_names()) == files
    assert len(files) >= 8


@pytest.mark.parametrize("name", discovery.command_names())
def test_summaries_are_the_first_line_of_the_docstring(name: str) -> None:
    tree = ast.parse((COMMANDS / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring
    assert discovery.summary(name) == docstring.splitlines()[0]
    assert len(discovery.summary(name)) <= 80


@pytest.mark.parametrize("name", discovery.command_names())
def test_every_command_is_one_flat_function(name: str) -> None:
    module, function = discovery.load(name)
    assert function.__module__ == module.__name__
    assert function.__name__ == "command"


def test_reading_summaries_imports_no_command() -> None:
    code = (
        "import sys\n"
        "from promptops.cli import discovery\n"
        "assert all(discovery.summary(name) for name in discovery.command_names())\n"
        "found = [m for m in sys.modules if m.startswith('promptops.cli.commands.')]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _zipped(tmp_path: Path, *, compiled: bool) -> Path:
    archive = tmp_path / "promptops.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in SOURCE.rglob("*.py"):
            name = path.relative_to(SOURCE.parent)
            if compiled:
                done = py_compile.compile(str(path), cfile=str(tmp_path / "one.pyc"), doraise=True)
                assert done
                bundle.write(done, name.with_suffix(".pyc"))
            else:
                bundle.write(path, name)
    return archive


@pytest.mark.parametrize("compiled", [False, True], ids=["source", "compiled"])
def test_help_works_out_of_an_archive(tmp_path: Path, compiled: bool) -> None:
    archive = _zipped(tmp_path, compiled=compiled)
    typer = importlib.util.find_spec("typer")
    assert typer is not None
    assert typer.origin is not None
    libraries = Path(typer.origin).parents[1]
    code = (
        f"import sys; sys.path[:0] = [{str(archive)!r}, {str(libraries)!r}]\n"
        "import promptops.cli.main as m\n"
        f"assert m.__file__.startswith({str(archive)!r})\n"
        "sys.exit(m.main(['--help']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in discovery.command_names():
        assert discovery.summary(name) in " ".join(done.stdout.split())
