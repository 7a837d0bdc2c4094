"""Real stores for tests: filled, damaged, and written by processes of their own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from promptops.store.database import FILE, FOLDER
from promptops.store.migrations import MIGRATIONS
from promptops.store.pages import PAGE_BYTES
from promptops.store.store import Store
from promptops.values.account import Account
from promptops.values.response import Response, Usage

ACCOUNT = Account("r1", "city", "sample", "city", 3, "ab" * 32, "m")
JUDGE = Account("r1", "city", "judge", "judges/fair", 1, "cd" * 32, "j")


def key(number: int) -> str:
    """A request key as they are: digests."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def answer(number: int, *, size: int = 1) -> Response:
    return Response(
        f"answer {number} " * size, finish_reason="stop", usage=Usage(12, 3, 4), cost_usd=0.5
    )


def fill(store: Store, numbers: Iterable[int], *, size: int = 1) -> None:
    """Keep an answer for each number, many at a time."""

    async def keep_all() -> None:
        await asyncio.gather(
            *(store.responses.keep(key(at), 0, answer(at, size=size), ACCOUNT) for at in numbers)
        )

    asyncio.run(keep_all())


def found(store: Store, numbers: Iterable[int]) -> set[int]:
    """Those numbers whose answers are kept, and are what was kept."""
    there = set()
    for at in numbers:
        kept = store.responses.find([(key(at), 0)]).get((key(at), 0))
        if kept is not None:
            assert kept.content.startswith(f"answer {at} ")
            there.add(at)
    return there


def file_of(root: Path) -> Path:
    return root / FOLDER / FILE


def old_store(root: Path, version: int) -> None:
    """A file as it was made by the program that had so many migrations."""
    (root / FOLDER).mkdir()
    with sqlite3.connect(file_of(root)) as file:
        for script in MIGRATIONS[:version]:
            file.executescript(script)
        file.execute(f"PRAGMA user_version = {version}")
        file.execute("PRAGMA journal_mode = WAL")
        for at in range(200):
            file.execute(
                "INSERT INTO responses (request_key, sample, model, created, body)"
                " VALUES (?, 0, 'm', '2026-01-01T00:00:00+00:00', ?)",
                (key(at), msgspec.msgpack.encode(answer(at))),
            )
        if version >= 4:
            file.execute("INSERT INTO comparisons VALUES ('c', 5, 7, '2026-01-01', 12)")
    file.close()


def overwrite(file: Path, page: int, content: bytes | None = None) -> None:
    """Put something else on a page, counted from 1."""
    with file.open("r+b") as opened:
        opened.seek((page - 1) * PAGE_BYTES)
        opened.write(os.urandom(PAGE_BYTES) if content is None else content)


def pages_with(file: Path, kind: int, text: bytes) -> list[int]:
    """The pages of a kind on which a text stands."""
    raw = file.read_bytes()
    pages = [raw[at : at + PAGE_BYTES] for at in range(0, len(raw), PAGE_BYTES)]
    return [at for at, page in enumerate(pages, 1) if page[0] == kind and text in page]


def start(script: str, root: Path, *more: str) -> subprocess.Popen[str]:
    """A process of its own that runs a script on a store's root (`sys.argv[1]`)."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROLOGUE + script, str(root), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    """The next line that a process says."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def go_on(process: subprocess.Popen[str]) -> None:
    """Let a process that waits for a line go on."""
    print(file=process.stdin, flush=True)


def end(process: subprocess.Popen[str]) -> str:
    """What a process said; it must have ended well."""
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    return said


PROLOGUE = """
import asyncio, os, sqlite3, sys
from pathlib import Path
sys.path.insert(0, os.getcwd())
from promptops.errors import StoreError
from promptops.store.claims import Claims
from promptops.store.database import FOLDER
from promptops.store.store import Store
from tests.unit.store.store_files import ACCOUNT, answer, fill, file_of, found, key
root = Path(sys.argv[1])
"""
