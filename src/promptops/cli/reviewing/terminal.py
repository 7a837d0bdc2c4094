"""The terminal while answers are labelled: single keys in, whole screens out."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import tty
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self

from promptops.cli.output import stream_surface, tell
from promptops.errors import TerminatedError
from promptops.reports.surface import Surface

_CLEAR = "\x1b[H\x1b[2J"
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""Has the terminal mark what is pasted: pasted text must not be taken for keys."""
_PASTED = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)
_PASTE_STARTS = b"\x1b[200~"
_MOST_PASTED = 1_000_000
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-9;?]*([A-Za-z~])|O([A-Za-z]))")
_ESCAPE_SECONDS = 0.05
"""How long the rest of a key's sequence may take; an escape that stands alone is a key."""
_LONGEST_SEQUENCE = 8
_CHUNK = 4096
_TALLEST = 10_000

_MOVES = {b"A": "up", b"B": "down", b"H": "home", b"F": "bottom"}
_PAGES = {b"\x1b[5~": "page up", b"\x1b[6~": "page down", b"\x1b[1~": "home", b"\x1b[4~": "bottom"}
_CONTROLS = {
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x15": "clear",
    "\x0c": "resize",
    "\x04": "end",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `char` with its text, `paste` with what was pasted, or the name of another key.

    `resize` asks for the screen anew; `end` says that nobody is there any more.
    """

    name: str
    text: str = ""


class Terminal:
    """Single keys from stdin, screens to stderr; the terminal is given back as it was.

    Use as a context manager.  SIGTERM raises TerminatedError within.
    """

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._buffer = b""
        self._ended = False
        self._plain = os.environ.get("TERM", "dumb") == "dumb"

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._input)
        self._wake, waking = os.pipe()
        self._waking = waking
        os.set_blocking(waking, False)
        os.set_blocking(self._wake, False)
        self._handlers: dict[int, Any] = {}
        for number, handler in (
            (signal.SIGWINCH, _nothing),
            (signal.SIGCONT, _nothing),
            (signal.SIGTSTP, _nothing),
            (signal.SIGTERM, _terminated),
        ):
            self._handlers[number] = signal.signal(number, handler)
        self._old_waking = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        self._take_over()
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._old_waking)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._give_back()
        os.close(self._wake)
        os.close(self._waking)

    @property
    def surface(self) -> Surface:
        """What the terminal can show now."""
        return stream_surface(sys.stderr)

    @property
    def height(self) -> int:
        """Lines of the screen; without end where it cannot be cleared."""
        if self._plain:
            return _TALLEST
        try:
            return os.get_terminal_size(sys.stderr.fileno()).lines or 24
        except OSError:
            return 24

    def paint(self, lines: Sequence[str]) -> None:
        """Show lines in place of what was shown; the cursor stays behind the last."""
        text = "\n".join(lines)
        tell(f"\n{text}" if self._plain else _CLEAR + text)

    def clear(self) -> None:
        """Leave an empty screen."""
        tell("\n" if self._plain else _CLEAR)

    def forget_keys(self) -> None:
        """Drop keys that were hit before what they would be about was on the screen."""
        self._buffer = b""
        with suppress(termios.error, OSError):
            termios.tcflush(self._input, termios.TCIFLUSH)

    def read(self) -> Key:
        """The next key; waits for it."""
        while True:
            key = self._take() if self._buffer else None
            if key is not None:
                return key
            if self._ended:
                return Key("end")
            waits = _ESCAPE_SECONDS if self._is_partial() else None
            ready, _, _ = select.select([self._input, self._wake], [], [], waits)
            if self._wake in ready:
                came = os.read(self._wake, _CHUNK)
                if signal.SIGTSTP in came:
                    self._stop()
                if signal.SIGCONT in came:
                    self._take_over()
                return Key("resize")
            if not ready:
                return self._first()
            self._fill()

    def _take_over(self) -> None:
        with suppress(termios.error, OSError):
            tty.setcbreak(self._input)
        if not self._plain:
            tell(_PASTE_ON)

    def _give_back(self) -> None:
        if not self._plain:
            tell(_PASTE_OFF)
        with suppress(termios.error, OSError):
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)

    def _stop(self) -> None:
        """Ctrl-Z: not every shell mends a terminal that it gets back with its echo off."""
        self._give_back()
        tell("\n")
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        with suppress(BlockingIOError):  # that it goes on is known: it would take over twice
            os.read(self._wake, _CHUNK)
        self._take_over()

    def _fill(self) -> None:
        try:
            data = os.read(self._input, _CHUNK)
        except OSError:  # the terminal is gone
            data = b""
        self._ended = not data
        self._buffer = (self._buffer + data)[-_MOST_PASTED:]

    def _is_partial(self) -> bool:
        """Whether the buffer holds the beginning of a key; a paste may take as long as it likes."""
        return bool(self._buffer) and not self._buffer.startswith(_PASTE_STARTS)

    def _first(self) -> Key:
        """What a beginning comes to whose rest never came."""
        lone, self._buffer = self._buffer[:1], self._buffer[1:]
        return Key("escape") if lone == b"\x1b" else Key("other")

    def _take(self) -> Key | None:
        """The first whole key of the buffer; None where there is none yet."""
        if self._buffer.startswith(b"\x1b"):
            return self._sequence()
        length = _length(self._buffer[0])
        if len(self._buffer) < length:
            return None
        data, self._buffer = self._buffer[:length], self._buffer[length:]
        char = data.decode("utf-8", "replace")
        if char in _CONTROLS:
            return Key(_CONTROLS[char])
        return Key("char", char) if char.isprintable() else Key("other")

    def _sequence(self) -> Key | None:
        """The same where the buffer begins with an escape."""
        if self._buffer.startswith(_PASTE_STARTS):
            pasted = _PASTED.match(self._buffer)
            if pasted is None:
                return None
            self._buffer = self._buffer[pasted.end() :]
            return Key("paste", pasted[1].decode("utf-8", "replace"))
        if found := _SEQUENCE.match(self._buffer):
            self._buffer = self._buffer[found.end() :]
            return Key(_PAGES.get(found[0]) or _MOVES.get(found[1] or found[2], "other"))
        return None if len(self._buffer) < _LONGEST_SEQUENCE else self._first()


def _length(first: int) -> int:
    """Bytes of the UTF-8 character that begins so."""
    return 1 + (first >= 0xC0) + (first >= 0xE0) + (first >= 0xF0)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The signal wakes whoever waits for a key, and that is all."""


def _terminated(_number: int, _frame: FrameType | None) -> None:
    raise TerminatedError
