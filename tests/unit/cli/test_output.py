from __future__ import annotations

import io
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from promptops.cli.output import check_output, emit, note, stream_surface, surface
from promptops.errors import InputError


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def terminal(encoding: str = "utf-8") -> Terminal:
    return Terminal(io.BytesIO(), encoding=encoding)


def test_color_is_for_terminals() -> None:
    assert stream_surface(terminal(), {"TERM": "xterm"}).color
    assert not stream_surface(io.TextIOWrapper(io.BytesIO()), {"TERM": "xterm"}).color


@pytest.mark.parametrize(
    ("environ", "color"),
    [
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_the_environment_decides_on_color(environ: dict[str, str], color: bool) -> None:
    assert stream_surface(terminal(), environ).color is color


def test_a_pipe_is_colored_only_when_forced() -> None:
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert stream_surface(pipe, {"FORCE_COLOR": "1"}).color
    assert not stream_surface(pipe, {"FORCE_COLOR": "0"}).color


@pytest.mark.parametrize(
    ("columns", "width"), [("72", 72), ("0", 100), ("wide", 100), ("-5", 100), ("٤", 100)]
)
def test_columns_set_the_width(columns: str, width: int) -> None:
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert stream_surface(pipe, {"COLUMNS": columns}).width == width


def test_unicode_follows_the_encoding() -> None:
    assert stream_surface(terminal("utf-8"), {}).unicode
    assert not stream_surface(terminal("latin-1"), {}).unicode


def test_a_file_is_plain_and_holds_all_of_unicode(tmp_path: Path) -> None:
    found = surface(tmp_path / "report", {"TERM": "xterm"})
    assert (found.color, found.unicode) == (False, True)


def test_a_file_is_written_whole_with_the_usual_rights(tmp_path: Path) -> None:
    place = tmp_path / "report.txt"
    emit("größer ≥ 1", place)
    assert place.read_text(encoding="utf-8") == "größer ≥ 1\n"
    assert list(tmp_path.iterdir()) == [place]
    other = tmp_path / "other"
    other.write_text("")
    assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_the_rights_of_a_replaced_file_stay(tmp_path: Path) -> None:
    place = tmp_path / "report.txt"
    place.write_text("before")
    place.chmod(0o640)
    emit("after", place)
    assert place.read_text() == "after\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640


def test_a_link_keeps_pointing_at_the_file(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("before")
    link.symlink_to(target)
    emit("after", link)
    assert link.is_symlink()
    assert target.read_text() == "after\n"


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    emit("through", pipe)
    reader.join(timeout=10)
    assert got == ["through\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        check_output(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        check_output(tmp_path / "nowhere" / "report")


def test_text_degrades_to_what_stdout_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    emit("a → b, ≥ 3, 東")
    assert raw.getvalue() == b"a -> b, >= 3, \\u6771\n"


def test_a_plain_form_never_begins_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="latin-1"))
    emit("  ┊:error::x")
    note("  ┊:error::naïve · x")
    assert out.getvalue() == b"  \\:error::x\n"
    assert err.getvalue() == b"  \\x3a:error::na\xefve - x\n"


def test_machine_text_is_utf_8_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    emit('{"a": "東"}', machine=True)
    assert raw.getvalue().decode() == '{"a": "東"}\n'


def test_lone_surrogates_do_not_stop_a_report(tmp_path: Path) -> None:
    emit("bad \ud800 half", tmp_path / "report")
    assert (tmp_path / "report").read_bytes() == b"bad \\ud800 half\n"
