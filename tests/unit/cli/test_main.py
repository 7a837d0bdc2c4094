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
    assert err == "a.yaml:3:7: error: the ␛[31mroof\n  hint: wait\n"


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


def test_an_interrupt_ends_in_130(
    add_command: AddCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    add_command("stops", raising("raise KeyboardInterrupt"))
    assert main(["stops"]) == 130
    assert capfd.readouterr() == ("", "interrupted; what was paid for is kept\n")


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


RUN = [sys.executable, "-c", "from promptops.cli.main import run; run()"]


@pytest.fixture
def broken_pipe() -> Iterator[int]:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["list", "-h"], ["schema", "report"]])
def test_a_reader_that_went_away_is_no_error(arguments: list[str], broken_pipe: int) -> None:
    done = subprocess.run(
        [*RUN, *arguments], stdout=broken_pipe, stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("debug", ["0", "1"])
@pytest.mark.parametrize("arguments", [["nosuch"], ["list", "--nosuch"], ["-C", "/nosuch", "list"]])
def test_an_error_that_nobody_reads_keeps_its_exit_code(
    arguments: list[str], debug: str, broken_pipe: int
) -> None:
    done = subprocess.run(
        [*RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=broken_pipe,
        env={**os.environ, "PROMPTOPS_DEBUG": debug},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")


def test_what_is_noted_and_not_read_changes_nothing(broken_pipe: int) -> None:
    code = "import sys; from promptops.cli.output import note; note('so'); note('so'); print('on')"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=broken_pipe, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"on\n")


def test_no_stderr_at_all_keeps_the_exit_code() -> None:
    closing = [
        sys.executable,
        "-c",
        "import os, sys; os.close(2); os.execv(sys.argv[1], sys.argv[1:])",
    ]
    done = subprocess.run([*closing, *RUN, "nosuch"], stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


def test_no_stdout_at_all_is_told() -> None:
    closing = [
        sys.executable,
        "-c",
        "import os, sys; os.close(1); os.execv(sys.argv[1], sys.argv[1:])",
    ]
    done = subprocess.run([*closing, *RUN, "--help"], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (3, b"error: cannot write to stdout: it is closed\n")


def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [*RUN, "schema", "report"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 3
    assert b"cannot write to stdout" in done.stderr


@pytest.mark.parametrize("name", discovery.command_names())
def test_help_is_in_plain_words_and_80_columns(
    name: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([name, "--help"]) == 0
    shown = capfd.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for strange in ("<", "[[", "list[", "<=x", "x>=", "{"):
        assert strange not in shown
    usage = shown.splitlines()[0].removeprefix(f"Usage: promptops {name} [OPTIONS]")
    assert usage == usage.upper()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs", "--limit", "x"], "--limit: 'x' is not a whole number"),
        (["runs", "-n", "1.5"], "--limit: '1.5' is not a whole number"),
        (["runs", "-n", "9" * 5000], f"--limit: '{'9' * 5000}' is not a whole number"),
        (["runs", "-n", "0"], "--limit: must be 1 or more, not 0"),
        (["eval", "--samples", "1001"], "--samples: must be from 1 to 1000, not 1001"),
        (
            ["list", "-f", "jsn"],
            "--format: 'jsn' is none of terminal, json",
        ),
        (
            ["schema", "sweet"],
            "KIND: 'sweet' is none of prompt, suite, dataset, report, gate",
        ),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(
    arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capfd.readouterr().err == f"error: {message}\n"


def test_a_number_is_taken_without_pydantic() -> None:
    """Its import takes as long as all of `list`."""
    code = (
        "import sys; from promptops.cli.main import main; main(['runs', '-n', '3']);"
        "sys.exit('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
