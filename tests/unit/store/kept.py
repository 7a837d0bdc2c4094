"""Stores with known contents, written through the store itself."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from promptops.store.database import FILE, FOLDER
from promptops.store.runs import SampleRecord
from promptops.store.store import Store
from promptops.values.account import Account, Purpose
from promptops.values.report import SCHEMA, ArmReport, Calls, Cost, Report, Tokens
from promptops.values.response import Response, Usage
from promptops.values.sample import Arm

DAY = "2026-05-{:02}T10:00:00+00:00"


def key(name: str) -> str:
    """A request key."""
    return hashlib.sha256(name.encode()).hexdigest()


def digest(name: str) -> str:
    """The digest of a prompt's version."""
    return hashlib.sha256(f"version {name}".encode()).hexdigest()


def account(
    version: int = 1,
    *,
    prompt: str = "city",
    run: str = "r1",
    suite: str = "city",
    purpose: Purpose = "sample",
    model: str = "openai/loop",
) -> Account:
    meant = "" if purpose == "embedding" else digest(f"{prompt} {version}")
    return Account(run, suite, purpose, prompt, version, meant, model)


def response(content: str = "Quito", cost_usd: float | None = 0.25) -> Response:
    return Response(content, finish_reason="stop", usage=Usage(12, 3, 4), cost_usd=cost_usd)


def keep(root: Path, whose: Account, *slots: tuple[str, int], cost: float | None = 0.25) -> None:
    """Have responses drawn on an account."""

    async def all_of_them(store: Store) -> None:
        for name, sample in slots:
            answer = response(f"{name} {sample}", cost)
            await store.responses.keep(key(name), sample, answer, whose)

    with Store(root) as store:
        asyncio.run(all_of_them(store))


def change(root: Path, statement: str, values: Iterable[object] = ()) -> None:
    """Do something to the file that the store itself never does."""
    connection = sqlite3.connect(root / FOLDER / FILE)
    with connection:
        connection.execute(statement, tuple(values))
    connection.close()


def ask(root: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(root / FOLDER / FILE)
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def slots(root: Path) -> set[tuple[str, int]]:
    """The key and sample of every response that is kept."""
    return {
        (str(k), int(str(s))) for k, s in ask(root, "SELECT request_key, sample FROM responses")
    }


def dated(root: Path, day: int, name: str) -> None:
    """Have the responses to a request drawn on a day of May."""
    when = (DAY.format(day), key(name))
    change(root, "UPDATE responses SET created = ? WHERE request_key = ?", when)


def without_accounts(root: Path) -> None:
    """As if all was drawn before accounts were kept."""
    change(root, "UPDATE responses SET account = NULL, checksum = NULL")
    change(root, "DELETE FROM ledger")
    change(root, "DELETE FROM accounts")


def run(
    root: Path,
    name: str,
    used: Iterable[tuple[Arm, str]],
    *,
    candidate: int | None = 1,
    baseline: int | None = None,
    prompt: str = "city",
) -> None:
    """A run that used some responses; without a `candidate` it has left no report."""
    rows = [
        (arm, f"c{at}", 0, key(each), SampleRecord("made", {}))
        for at, (arm, each) in enumerate(used)
    ]
    with Store(root) as store:
        store.runs.add_samples(name, rows)
        if candidate is not None:
            store.runs.finish(report(name, candidate, baseline, prompt))


def report(
    run: str, candidate: int = 1, baseline: int | None = None, prompt: str = "city"
) -> Report:
    def arm(version: int) -> ArmReport:
        meant = digest(f"{prompt} {version}")
        return ArmReport(version, meant, None, dirty=True, samples=1, failures=0)

    made = Report(
        SCHEMA, run, prompt, prompt, "passed", 0, [], None, arm(candidate), [], Calls(), Tokens(),
        Cost(), [], created="2026-05-01T10:00:00+00:00",
    )  # fmt: skip
    return msgspec.structs.replace(made, baseline=arm(baseline)) if baseline else made
