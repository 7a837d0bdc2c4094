"""Recordings that somebody made to do harm: refused by file and line, within bounds, or inert."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import time
import tracemalloc
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from promptops.documents.lfs import POINTER
from promptops.documents.tree import WorkingTree
from promptops.errors import InputError
from promptops.reports.discovery import formats
from promptops.store.recording import MOST_BYTES, read_manifest
from promptops.store.recording_reading import MOST_DEPTH
from tests.benchmarks.shouting import answer, shouting
from tests.examples import CANARIES
from tests.functional.cli_project import Project
from tests.loopback import Loopback
from tests.unit.store import kept, recorded

ONE = kept.account(1)
MEGABYTE = 2**20
MANIFEST = "evals/city.recording/manifest.json"


@pytest.fixture
def root(tmp_path):
    """A project with a sound recording of three answers in one object."""
    slots = [(ONE, name, 0) for name in "abc"]
    kept.keep(tmp_path, ONE, *((name, 0) for name in "abc"))
    (tmp_path / "evals").mkdir()
    recorded.record(tmp_path, slots)
    return tmp_path


@contextmanager
def bounded(*, megabytes: float = 16, seconds: float = 30):
    """Hold what happens to memory and time; both are far above what is needed."""
    began = time.monotonic()
    tracemalloc.start()
    try:
        yield
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < megabytes * MEGABYTE
    assert time.monotonic() - began < seconds


def refused(
    root: Path,
    *words: str,
    where: str | None = None,
    line: int | None = None,
    megabytes: float = 16.0,
) -> str:
    """Reading it is refused, and says where; nothing of it was taken in."""
    with bounded(megabytes=megabytes), pytest.raises(InputError) as caught:
        recorded.taken(root, root / "elsewhere")
    for each in words:
        assert each in str(caught.value)
    place = caught.value.location
    assert where is None or (place and place.path == where)
    assert line is None or (place and place.line == line)
    if (root / "elsewhere" / ".promptops").exists():
        assert kept.slots(root / "elsewhere") == set()
    return str(caught.value)


def raw(root):
    """The lines of the object as they are."""
    return b"".join(
        json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in recorded.lines(root)
    )


def test_a_sound_one_is_taken(root):
    assert recorded.taken(root, root / "elsewhere") == 3
    path = recorded.put(root, raw(root))
    assert recorded.taken(root, root / "again") == 3
    assert (root / path).exists()


def edited(root, number, **changes):
    """The lines with one of them changed."""
    found = recorded.lines(root)
    found[number] |= changes
    return b"".join(json.dumps(each).encode() + b"\n" for each in found)


LINES = {
    "not JSON": b"{]\n",
    "nothing": b"\n",
    "two values": b"{} {}\n",
    "a list": b"[]\n",
    "a number": b"7\n",
    "not UTF-8": b'{"key": "\xff"}\n',
    "nested": b"[" * 100_000 + b"\n",
    "nested tool calls": b'{"key":"%s","index":0,"purpose":"sample","model":"openai/loop",'
    b'"response":{"tool_calls":[{"a":%s}]}}\n'
    % (b"0" * 64, b"[" * (MOST_DEPTH + 5) + b"]" * (MOST_DEPTH + 5)),
    "half a line": b'{"key": "0',
}
CHANGES: dict[str, dict[str, Any]] = {
    "key of another length": {"key": "0" * 63},
    "key in capitals": {"key": "A" * 64},
    "a path for a key": {"key": "../../etc/passwd"},
    "index below zero": {"index": -1},
    "index beyond all": {"index": 2**70},
    "index as text": {"index": "0"},
    "another purpose": {"purpose": "judge"},
    "no purpose": {"purpose": "mischief"},
    "another model": {"model": "openai/other"},
    "an unknown field": {"run": "x"},
    "no response": {"response": None},
    "content as a number": {"response": {"content": 7}},
    "an unknown field of the response": {"response": {"headers": {}}},
    "cost below zero": {"response": {"cost_usd": -1}},
    "latency below zero": {"response": {"latency_seconds": -1}},
    "latency as text": {"response": {"latency_seconds": "1"}},
    "endless flags": {"response": {"flags": ["x"] * 1000}},
    "a long flag": {"response": {"flags": ["x" * 1000]}},
    "tokens below zero": {"response": {"usage": {"input_tokens": -1, "output_tokens": 0}}},
    "tokens as a part": {"response": {"usage": {"input_tokens": 0.5, "output_tokens": 0}}},
    "more cached than sent": {
        "response": {"usage": {"input_tokens": 1, "output_tokens": 0, "cached_input_tokens": 2}}
    },
    "tool calls that are none": {"response": {"tool_calls": ["x"]}},
    "a number no store holds": {"response": {"tool_calls": [{"n": 2**70}]}},
    "a step that is none": {"response": {"steps": [{"kind": "magic"}]}},
    "a step with odd tokens": {
        "response": {
            "steps": [{"kind": "model", "usage": {"input_tokens": -5, "output_tokens": 0}}]
        }
    },
}
NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")


@pytest.mark.parametrize("what", LINES)
def test_a_line_that_is_none(root, what):
    good = raw(root)
    path = recorded.put(root, good + LINES[what])
    refused(root, recorded.AGAIN, where=path, line=4)


@pytest.mark.parametrize("what", CHANGES)
def test_a_line_that_does_not_fit(root, what):
    path = recorded.put(root, edited(root, 1, **CHANGES[what]))
    refused(root, recorded.AGAIN, where=path, line=2)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_are_none(root, number):
    data = edited(root, 2, response={"latency_seconds": 12345})
    path = recorded.put(root, data.replace(b"12345", number.encode()))
    refused(root, where=path, line=3)


def test_lone_surrogates(root):
    data = edited(root, 0, response={"content": "12345"})
    path = recorded.put(root, data.replace(b"12345", rb"half \ud800"))
    refused(root, where=path, line=1)


def test_different_answers_to_one_request(root):
    first = recorded.lines(root)[0]
    other = json.dumps(first | {"response": {"content": "another"}}).encode()
    path = recorded.put(root, raw(root) + other + b"\n")
    refused(root, "two different answers to one request", where=path, line=4)


def test_different_answers_of_two_objects(root):
    told, files = recorded.manifest(root), recorded.files(root)
    recorded.put(root, edited(root, 0, response={"content": "another"}))
    (other,) = recorded.manifest(root)["objects"]
    for name, data in files.items():
        (recorded.folder(root) / name).write_bytes(data)
    recorded.tell(root, told | {"objects": [*told["objects"], other]})
    path = f"evals/city.recording/{other['sha256']}.jsonl.gz"
    refused(root, "two different answers", where=path, line=1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain text",
        gzip.compress(b"x", mtime=0)[:12],
        b"\x1f\x8b\x08" + b"\x00" * 40,
        gzip.compress(b"{}\n", mtime=0) + b"rubbish behind it",
    ],
)
def test_a_file_that_is_no_object(root, data):
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    (recorded.folder(root) / name).write_bytes(data)
    refused(root, where=f"evals/city.recording/{name}")


@pytest.mark.parametrize("keep", [5, 30, -4])
def test_a_file_that_is_cut_off(root, keep):
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    place = recorded.folder(root) / name
    place.write_bytes(place.read_bytes()[:keep])
    refused(root, "cut off", where=f"evals/city.recording/{name}")


def test_other_contents_under_the_same_name(root):
    data = edited(root, 0, response={"content": "forged"})
    (there,) = recorded.manifest(root)["objects"]
    place = recorded.folder(root) / f"{there['sha256']}.jsonl.gz"
    place.write_bytes(gzip.compress(data))
    told = recorded.manifest(root)
    told["objects"][0]["bytes"] = len(data)
    recorded.tell(root, told)
    refused(root, "not those that it is named after")


@pytest.mark.parametrize("answers", [1, 2, 4, 10**9])
def test_another_number_of_answers(root, answers):
    recorded.put(root, raw(root), answers=answers)
    refused(root, "it holds 3 answers")


def packed_zeros(size: int) -> bytes:
    """So many bytes, packed a thousand to one, without ever having them at once."""
    out, packer = io.BytesIO(), zlib.compressobj(9, wbits=31)
    for _ in range(size // MEGABYTE):
        out.write(packer.compress(bytes(MEGABYTE)))
    out.write(packer.flush())
    return out.getvalue()


def test_a_bomb_that_says_it_is_small(root):
    (there,) = recorded.manifest(root)["objects"]
    place = recorded.folder(root) / f"{there['sha256']}.jsonl.gz"
    bomb = packed_zeros(256 * MEGABYTE)
    told = recorded.manifest(root)
    told["objects"][0]["bytes"] = 300_000  # no smaller, or the file itself would be too large
    recorded.tell(root, told)
    place.write_bytes(bomb)
    refused(root, "larger than it says", megabytes=8)


def test_a_bomb_of_one_endless_line(root):
    (there,) = recorded.manifest(root)["objects"]
    told = recorded.manifest(root)
    told["objects"][0]["bytes"] = MOST_BYTES
    recorded.tell(root, told)
    place = recorded.folder(root) / f"{there['sha256']}.jsonl.gz"
    place.write_bytes(packed_zeros(256 * MEGABYTE))
    refused(root, "larger than it says", megabytes=120)  # a line may have 32 MB


def test_a_file_that_unpacks_to_nothing(root):
    """Blocks without contents cost time and are no larger unpacked."""
    (there,) = recorded.manifest(root)["objects"]
    place = recorded.folder(root) / f"{there['sha256']}.jsonl.gz"
    head, empty = gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"
    place.write_bytes(head + empty * 10_000)
    refused(root, "larger than its contents")


def test_objects_that_are_too_large_together(root):
    told = recorded.manifest(root)
    first = told["objects"][0]
    told["objects"] = [first | {"sha256": f"{n:064x}", "bytes": 2**28} for n in range(3)]
    recorded.tell(root, told)
    refused(root, "larger than 512 MB together", where=MANIFEST)


def test_a_manifest_of_a_gigabyte(root):
    with (recorded.folder(root) / "manifest.json").open("r+b") as file:
        file.truncate(2**30)
    refused(root, "larger than 4 MB", where=MANIFEST)


def test_a_million_objects(root):
    told = recorded.manifest(root)
    told["objects"] = [{"sha256": f"{n:064x}"} for n in range(1_000_000)]
    recorded.tell(root, told)
    refused(root, "larger than 4 MB", where=MANIFEST)
    told["objects"] = told["objects"][:40_000]
    recorded.tell(root, told)
    refused(root, where=MANIFEST, megabytes=32)


MANIFESTS: dict[str, dict[str, Any]] = {
    "no schema": {"schema": None},
    "another schema": {"schema": "promptops.report/1"},
    "no moment": {"recorded": "yesterday"},
    "a moment that is none": {"recorded": "2026-13-41T99:99:99+00:00"},
    "an unknown field": {"hook": "rm"},
    "no runs": {"runs": []},
    "runs as text": {"runs": "x"},
    "objects as text": {"objects": "x"},
    "suite as a number": {"suite": 7},
}
OBJECTS = {
    "a path for a hash": {"sha256": "../../../etc/passwd"},
    "a hash with a line": {"sha256": "0" * 64 + "\n"},
    "no bytes": {"bytes": 0},
    "bytes below zero": {"bytes": -1},
    "too many bytes": {"bytes": 2**40},
    "bytes as text": {"bytes": "1"},
    "a purpose that is none": {"purpose": "hook"},
    "a moment that is none": {"drawn": ["x", "y"]},
    "cost below zero": {"cost_usd": -1.0},
    "an unknown field": {"path": "../x"},
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_is_none(root, what):
    recorded.tell(root, recorded.manifest(root) | MANIFESTS[what])
    refused(root, where=MANIFEST)


@pytest.mark.parametrize("what", OBJECTS)
def test_a_manifest_with_an_object_that_is_none(root, what):
    told = recorded.manifest(root)
    told["objects"][0] |= OBJECTS[what]
    recorded.tell(root, told)
    refused(root, where=MANIFEST)


@pytest.mark.parametrize(
    "plan",
    [
        {"samples": 0},
        {"samples": 10**9},
        {"samples": True},
        {"seed": 2**70},
        {"seed": 0.5},
        {"reached": -1},
        {"key": "x"},
    ],
)
def test_a_plan_of_looks_that_is_none(root, plan):
    told = recorded.manifest(root)
    sound = {"key": "0" * 64, "samples": 3, "seed": 1, "reached": 3}
    told["runs"][0]["plan"] = sound
    recorded.tell(root, told)
    assert recorded.taken(root, root / "sound") == 3
    told["runs"][0]["plan"] = sound | plan
    recorded.tell(root, told)
    refused(root, where=MANIFEST)


def test_an_object_that_is_named_twice(root):
    told = recorded.manifest(root)
    told["objects"] *= 2
    recorded.tell(root, told)
    refused(root, "names an object twice", where=MANIFEST)


@pytest.mark.parametrize(
    ("text", "line"),
    [(b"", 0), (b"\n\n{]", 3), (b'{"schema": NaN}', 1), (b"\xff\xfe", 1), (b"[" * 100_000, 0)],
)
def test_a_manifest_that_is_no_json(root, text, line):
    (recorded.folder(root) / "manifest.json").write_bytes(text)
    refused(root, where=MANIFEST, line=line)


def test_an_object_that_is_not_there(root):
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    (recorded.folder(root) / name).unlink()
    refused(root, "it is not there", "commit the whole folder")


@pytest.mark.parametrize("what", ["manifest.json", "object"])
def test_git_lfs_pointers(root, what):
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    name = name if what == "object" else what
    (recorded.folder(root) / name).write_bytes(POINTER + b"v1\noid sha256:0\nsize 1\n")
    refused(root, "Git LFS pointer", "git lfs pull", where=f"evals/city.recording/{name}")


@pytest.mark.parametrize("what", ["folder", "manifest", "object", "evals"])
def test_links_are_not_followed(root, what):
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    place = {
        "evals": root / "evals",
        "folder": recorded.folder(root),
        "manifest": recorded.folder(root) / "manifest.json",
        "object": recorded.folder(root) / name,
    }[what]
    place.rename(root / "outside")
    place.symlink_to(root / "outside")
    refused(root, "symbolic link")


@pytest.mark.parametrize("what", ["manifest", "object"])
def test_what_is_no_file(root, what):
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    place = recorded.folder(root) / (name if what == "object" else "manifest.json")
    place.unlink()
    os.mkfifo(place)  # opening it would wait for ever
    refused(root, "not a regular file")


@pytest.mark.parametrize("suite", ["../city", "a/../../b", "x\0y", "a\\b"])
def test_suites_outside(root, suite):
    with pytest.raises(InputError, match="not inside the project"):
        read_manifest(WorkingTree(root), suite)


@pytest.fixture
def replayed(tmp_path, capfd, monkeypatch):
    """A project with a recording that was made with `promptops eval --record`; nobody answers."""
    root = shouting(tmp_path / "project", cases=6, samples=2)
    monkeypatch.chdir(root)
    for name in ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    project = Project(root, capfd)
    with Loopback(answer) as server, monkeypatch.context() as desk:
        for name, value in server.environ.items():
            desk.setenv(name, value)
        assert project.run("eval", "--record", "-q").code == 0
    return project


def said(project, **response):
    """Have every answer of its recording be this one."""
    folder = project.root / "evals" / "shout.recording"
    told = json.loads((folder / "manifest.json").read_text())
    for there in told["objects"]:
        place = folder / f"{there['sha256']}.jsonl.gz"
        found = [json.loads(line) for line in gzip.decompress(place.read_bytes()).splitlines()]
        data = b"".join(
            json.dumps(each | {"response": response}).encode() + b"\n" for each in found
        )
        there |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        (folder / f"{there['sha256']}.jsonl.gz").write_bytes(gzip.compress(data))
    (folder / "manifest.json").write_text(json.dumps(told))


@pytest.mark.parametrize("format_", formats())
@pytest.mark.parametrize("name", ["escape", "c1", "command", "html", "mention"])
def test_hostile_answers_are_replayed_and_inert(replayed, format_, name):
    said(
        replayed,
        content=CANARIES[name],
        finish_reason=CANARIES[name],
        response_model=CANARIES[name],
        flags=[CANARIES[name][:60], "model_differs"],
        tool_calls=[{"function": {"name": 5, "arguments": [CANARIES[name]]}}, {}],
    )
    done = replayed.run("eval", "--replay", "-f", format_, "--cases", "all")
    assert done.code in {0, 1, 3}, done.err
    for text in (done.out, done.err):
        assert not {"\x1b", "\x9b", "\x07", "\x08", "\x00"} & set(text)
        assert "\n::add-mask::" not in text


def test_refusals_at_the_command_line(replayed):
    folder = replayed.root / "evals" / "shout.recording"
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"suite": "\x1b[31mowned\n::error::x"}))
    done = replayed.run("eval", "--replay")
    assert (done.code, done.out) == (2, "")
    assert "evals/shout.recording/manifest.json: error: " in done.err
    assert "\x1b" not in done.err
    assert not any(line.startswith("::") for line in done.err.splitlines())
    manifest.unlink()
    done = replayed.run("eval", "--replay")
    assert (done.code, done.out) == (2, "")
    assert "suite 'shout' has no recorded answers" in done.err
    assert "promptops eval --record shout" in done.err
