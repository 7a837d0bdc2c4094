from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promptops.cli import commands, discovery
from promptops.cli.main import main

AddCommand = Callable[[str, str], None]


@pytest.fixture
def add_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AddCommand]:
    """A command that is one more file, as any other is."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(folder)])
    added: list[str] = []

    def add(name: str, source: str) -> None:
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        added.append(name)
        discovery.command_names.cache_clear()

    yield add
    discovery.command_names.cache_clear()
    for name in added:
        sys.modules.pop(f"promptops.cli.commands.{name}", None)


def raising(statement: str, imports: str = "") -> str:
    return f'"""Raises."""\n{imports}\n\ndef command() -> None:\n    {statement}\n'


def test_a_new_command_is_one_new_file(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    add_command(
        "say_hi", '"""Say hi."""\n\ndef command(name: str) -> None:\n    print("hi", name)\n'
    )
    assert main(["say-hi", "Ana"]) == 0
    assert capfd.readouterr().out == "hi Ana\n"
    assert main(["--help"]) == 0
    assert "say-hi" in capfd.readouterr().out


def test_what_a_command_returns_is_the_exit_code(add_command: AddCommand) -> None:
    add_command("three", '"""Three."""\n\ndef command() -> int:\n    return 3\n')
    assert main(["three"]) == 3


def test_an_error_ends_in_its_words_and_its_code(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    imports = "from promptops.errors import Location, NoVerdictError"
    error = "NoVerdictError('the \\x1b[31mroof', location=Location('a.yaml', 3, 7), hint='wait')"
    add_command("fails", raising(f"raise {error}", imports))
    assert main(["fails"]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "error: a.yaml:3:7: the ␛[31mroof\n  hint: wait\n"


def test_several_errors_are_all_shown(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    imports = "from promptops.errors import InputError, InputErrors"
    error = "InputErrors([InputError('one'), InputError('two', hint='mend')])"
    add_command("fails", raising(f"raise {error}", imports))
    assert main(["fails"]) == 2
    assert capfd.readouterr().err == "error: one\nerror: two\n  hint: mend\n"


def test_anything_else_is_our_bug(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    add_command("fails", raising("1 / 0"))
    assert main(["fails"]) == 70
    out, err = capfd.readouterr()
    assert out == ""
    assert "this is a bug in promptops (ZeroDivisionError: division by zero)" in err
    assert "fails.py:5 in command" in err
    assert "Traceback" not in err


def test_debugging_shows_the_whole_traceback(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTOPS_DEBUG", "1")
    add_command("fails", raising("1 / 0"))
    assert main(["fails"]) == 70
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_an_interrupt_ends_in_130(add_command: AddCommand) -> None:
    add_command("stops", raising("raise KeyboardInterrupt"))
    assert main(["stops"]) == 130


def test_a_system_error_of_a_command_is_our_bug_and_no_usage_error(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    add_command("fails", raising("open('/nonexistent/file')"))
    assert main(["fails"]) == 70
    assert "FileNotFoundError" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["lsit"], "no such command: lsit", "did you mean 'list'?"),
        (["list", "--formt", "json"], "no such option: --formt", "did you mean '--format'?"),
        (["--versoin"], "no such option: --versoin", "did you mean '--version'?"),
        (["show"], "missing argument 'NAME'", ""),
        (["list", "--format", "yaml"], "'yaml'", ""),
        (["list", "extra"], "extra", ""),
        (["-C", "/nonexistent/folder", "list"], "/nonexistent/folder", ""),
    ],
)
def test_a_wrong_command_line_ends_in_2(
    arguments: list[str], message: str, hint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert hint in err


def test_hostile_arguments_are_inert(capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in (["\x1b[2J"], ["list", "--\x1b[2J"], ["show", "\x1b[2J"], ["list", "\x1b[2J"]):
        assert main(arguments) == 2
        assert "\x1b" not in capfd.readouterr().err


def test_the_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == "promptops 0.1.0\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(
    arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(arguments) == 0
    out, err = capfd.readouterr()
    assert err == ""
    for name in discovery.command_names():
        assert f"  {name} " in out


@pytest.mark.parametrize("name", discovery.command_names())
def test_every_command_has_help(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"Usage: promptops {name}" in capfd.readouterr().out


def test_errors_are_colored_for_terminals_only(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["nope"])
    assert "\x1b" not in capfd.readouterr().err
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["nope"])
    assert capfd.readouterr().err.startswith("\x1b[1;31merror: \x1b[0m")


def test_a_reader_that_went_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["--help"], ["schema", "report"]):
        done = subprocess.run(
            [sys.executable, "-c", "from promptops.cli.main import run; run()", *arguments],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert done.stderr == b""
        assert done.returncode in {0, 1}
    os.close(writing)


def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", "from promptops.cli.main import run; run()", "schema", "report"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 3
    assert b"cannot write to stdout" in done.stderr
