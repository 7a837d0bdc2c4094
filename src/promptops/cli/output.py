"""Where everything that is shown leaves the program: the report on stdout, the rest on stderr."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from promptops.errors import InputError, NoVerdictError
from promptops.models.redaction import Redactor
from promptops.reports.safe_text import inert, inert_lines, plain
from promptops.reports.surface import Surface

PLAIN_WIDTH = 100


class Format(StrEnum):
    """How a command that is no evaluation shows what it found."""

    TERMINAL = "terminal"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(Format))
]
CasesOption = Annotated[
    str | None,
    typer.Option(
        "--cases",
        metavar="N|all",
        help="How many changed cases are shown one by one.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write to FILE, not to stdout.", show_default=False
    ),
]


def surface(output: Path | None = None, environ: Mapping[str, str] = os.environ) -> Surface:
    """What stdout can show, or the file that is written in its stead (UTF-8, uncoloured)."""
    if output is not None and str(output) != "-":
        return Surface(_asked_width(environ) or PLAIN_WIDTH, color=_forced(environ))
    return stream_surface(sys.stdout, environ)


def showing(shown: Surface, cases: str | None) -> Surface:
    """The surface, with as many changed cases as `--cases` asks for.

    Raises:
        InputError: that is neither a number nor `all`.
    """
    if cases is None:
        return shown
    if cases == "all":
        return replace(shown, max_cases=None)
    if not (cases.isascii() and cases.isdecimal()) or len(cases) > 6:
        raise InputError(f"--cases {cases}: neither a number nor 'all'")
    return replace(shown, max_cases=int(cases))


def stream_surface(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Surface:
    """What a stream can show, by its kind, `NO_COLOR`, `FORCE_COLOR`, `COLUMNS` and `TERM`."""
    tty = is_terminal(stream)
    color = not environ.get("NO_COLOR") and (
        _forced(environ) or (tty and environ.get("TERM") != "dumb")
    )
    width = _asked_width(environ) or (
        shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if tty else PLAIN_WIDTH
    )
    return Surface(width, color=color, unicode=_is_unicode(stream))


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may be looking."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def colored(text: str, sgr: str, stream: TextIO) -> str:
    """`text` in a colour (`31`, `1;31`, …) where `stream` shows colours."""
    return f"\x1b[{sgr}m{text}\x1b[0m" if stream_surface(stream).color else text


def check_output(output: Path | None, option: str = "--output") -> None:
    """Refuse a place that cannot be written, before any work is done; `option` named it.

    Raises:
        InputError: a folder, a missing folder above it, or one that may not be written.
    """
    if output is None or str(output) == "-":
        return
    place = Path(os.path.realpath(output))
    if place.is_dir():
        raise InputError(f"{option} {output} is a folder", hint="name a file in it")
    if not place.parent.is_dir():
        raise InputError(f"{option} {output}: the folder {place.parent} does not exist")
    if not os.access(place if place.exists() else place.parent, os.W_OK):
        raise InputError(f"{option} {output}: may not be written")


def emit(text: str, output: Path | None = None, *, machine: bool = False) -> None:
    """Write the report, without secrets: to `output`, whole or not at all; else to stdout.

    `machine` text (JSON, HTML, XML) is UTF-8 wherever it goes; other text follows the encoding of
    stdout, with plain forms for what that cannot hold.

    Raises:
        InputError: `output` cannot be written to.
        NoVerdictError: writing failed halfway (a full disk).
    """
    text = Redactor(os.environ).exact(text)
    text = text if text.endswith("\n") or not text else text + "\n"
    check_output(output)
    if output is not None and str(output) != "-":
        _write_file(Path(os.path.realpath(output)), text.encode("utf-8", "backslashreplace"))
        return
    unicode = machine or sys.stdout is None or _is_unicode(sys.stdout)
    encoding = "utf-8" if unicode else sys.stdout.encoding or "ascii"
    if encoding != "utf-8":
        text = inert_lines(plain(text))
    _write_stdout(text.encode(encoding, "backslashreplace"))


def note(text: str) -> None:
    """A diagnostic, on stderr. The text may come from anywhere."""
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    line = inert(text if _is_unicode(sys.stderr) else plain(text)) + "\n"
    tell(line.encode(encoding, "backslashreplace").decode(encoding))


def tell(text: str) -> None:
    """Write to stderr, without secrets; where nobody can read it, nothing comes of that."""
    try:
        sys.stderr.write(Redactor(os.environ).exact(text))
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):  # none, a broken pipe, a full disk, closed
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Nobody reads this stream any more: what is still to be written goes nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):
        return


def _write_stdout(data: bytes) -> None:
    """A reader that went away (`| head`) is no error: the command's own exit code stands."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except AttributeError:
        raise NoVerdictError("cannot write to stdout: it is closed") from None
    except OSError as error:
        silence(sys.stdout)
        raise NoVerdictError(f"cannot write to stdout: {error.strerror}") from None


def _write_file(place: Path, data: bytes) -> None:
    if place.exists() and not place.is_file():  # a pipe or a device: nothing to replace
        place.write_bytes(data)
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    except OSError as error:
        raise InputError(f"cannot write {place}: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(place.stat().st_mode & 0o7777 if place.exists() else 0o666 & ~_umask())
        temporary.replace(place)
    except OSError as error:
        raise NoVerdictError(f"cannot write {place}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _is_unicode(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") in {"utf8", "utf8sig"}


def _forced(environ: Mapping[str, str]) -> bool:
    return environ.get("FORCE_COLOR", "0") not in {"", "0"} and not environ.get("NO_COLOR")


def _asked_width(environ: Mapping[str, str]) -> int | None:
    asked = environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and asked.isascii() and int(asked[:6]) > 0 else None
