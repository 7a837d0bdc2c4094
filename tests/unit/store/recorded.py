"""Recordings with known contents, written as promptops writes them; and taken apart again."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptops.documents.tree import WorkingTree
from promptops.models.redaction import Redactor
from promptops.store.reading import opened_to_read
from promptops.store.recording import RecordedArm, RecordedRun, read_manifest
from promptops.store.recording_notes import Noted, Notes
from promptops.store.recording_reading import fill
from promptops.store.recording_writing import Kept, Written, announced, write
from promptops.store.store import Store
from promptops.values.account import Account
from tests.unit.store import kept

WHEN = "2026-06-01T10:00:00+00:00"
AGAIN = "promptops eval --record city"
RUN = RecordedRun(
    model="openai/loop",
    prompt="city",
    candidate=RecordedArm(2, kept.digest("city 2"), 2),
    baseline=RecordedArm(1, kept.digest("city 1"), 2),
    dataset="d" * 64,
    cases=2,
    scorers={"exact": "e" * 64},
)

Used = Iterable[tuple[Account, str, int]]
"""On whose account which answer was used: the name of its request, and its number."""


@contextmanager
def noted(used: Used):
    """Notes of answers, whose keys are the same in the recording as in the store."""
    with Notes() as notes:
        for account, name, number in used:
            notes.note(Noted(kept.key(name), number, kept.key(name)), account)
        yield notes


def record(
    root: Path,
    used: Used,
    *,
    when: str = WHEN,
    redact: Callable[[Any], Any] | None = None,
) -> Written:
    """Record answers out of the store below `root`, beside its suite `city`."""
    with Store(root) as store, opened_to_read(root) as connection, noted(used) as notes:
        there = Kept(store.responses, connection, redact or Redactor({}).exactly)
        return write(WorkingTree(root), announced("city", when, [RUN]), notes, there)


def folder(root: Path) -> Path:
    return root / "evals" / "city.recording"


def files(root: Path) -> dict[str, bytes]:
    """Every file of the recording."""
    return {each.name: each.read_bytes() for each in sorted(folder(root).iterdir())}


def manifest(root: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder(root) / "manifest.json").read_text())
    return told


def lines(root: Path, number: int = 0) -> list[dict[str, Any]]:
    """The answers of one of its objects."""
    name = manifest(root)["objects"][number]["sha256"]
    text = gzip.decompress((folder(root) / f"{name}.jsonl.gz").read_bytes())
    return [json.loads(line) for line in text.splitlines()]


def put(root: Path, data: bytes, number: int = 0, *, answers: int | None = None) -> str:
    """Put other contents into an object, named and announced as it should be; its path."""
    told = manifest(root)
    there = told["objects"][number]
    (folder(root) / f"{there['sha256']}.jsonl.gz").unlink()
    there |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    there["answers"] = len(data.splitlines()) if answers is None else answers
    name = f"{there['sha256']}.jsonl.gz"
    (folder(root) / name).write_bytes(gzip.compress(data))
    tell(root, told)
    return f"evals/city.recording/{name}"


def tell(root: Path, value: object) -> None:
    """Write another manifest."""
    (folder(root) / "manifest.json").write_text(json.dumps(value))


def taken(root: Path, into: Path) -> int:
    """Take the recording into a store elsewhere."""
    tree = WorkingTree(root)
    into.mkdir(exist_ok=True)
    return fill(into, tree, {"city": read_manifest(tree, "city")})
