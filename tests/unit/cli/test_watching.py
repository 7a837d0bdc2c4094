"""What is written to stderr while a run lasts, in a terminal and elsewhere."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from promptops.cli.watching import Watching
from promptops.engine.calling.waiting import Waiting
from tests.unit.cli.test_live_line import DOWN, FOUND

LIMITED = Waiting("acme/one", "limited", "rate limited", 0.0, 4.0)


def test_nothing_is_written_where_nobody_looks(capfd):
    with Watching() as watching:
        watching.tell(FOUND)
    assert capfd.readouterr() == ("", "")


def test_a_long_pause_is_written_where_nobody_looks(capfd):
    with Watching() as watching:
        watching.tell(FOUND)
        watching.tell(replace(FOUND, pause=LIMITED))
        watching.tell(replace(FOUND, pause=LIMITED))
        watching.tell(FOUND)
    assert capfd.readouterr() == (
        "",
        "city: acme/one: rate limited, goes on in 4 s\ncity: acme/one: goes on after 1 s\n",
    )


def test_quiet_is_quiet(capfd):
    with Watching(quiet=True) as watching:
        watching.tell(DOWN)
        watching.tell(replace(FOUND, pause=LIMITED))
    assert capfd.readouterr() == ("", "")


SHOWN = """
import time
from promptops.cli.watching import Watching
from tests.unit.cli.test_live_line import STATES
with Watching() as watching:
    for state in STATES.values():
        watching.tell(state)
        time.sleep(0.3)
"""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_line_leaves_room_for_what_a_terminal_echoes(columns):
    parent, child = pty.openpty()
    environ = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", SHOWN], stderr=child, env=environ | {"PYTHONUTF8": "1"}
    ) as process:
        os.close(child)
        written = b""
        while True:
            try:
                part = os.read(parent, 65_536)
            except OSError:  # nobody is at the other end any more
                break
            written += part
        assert process.wait() == 0
    os.close(parent)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())
    lines = {each.strip() for each in re.split(r"[\r\n]+", text) if each.strip()}
    assert any("Ctrl-C leaves them" in each for each in lines)
    assert any("gives up in 4 min 20 s" in each for each in lines)
    assert max(map(len, lines)) <= columns - 3
    assert not any("…" in each for each in lines)
