"""Runs that were begun: what is needed to go on with one that was broken off."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from promptops.errors import UnderWayError
from promptops.store.claims import Claims
from promptops.store.database import translated

State = Literal["running", "stopped", "finished"]

_COLUMNS = "run, created, suite, inputs, choices, state"


class BegunRun(msgspec.Struct, frozen=True):
    """A run from its first moment on."""

    run: str
    created: str
    """UTC, ISO 8601."""
    suite: str
    inputs: str
    """All that the run depends on, as JSON; equal inputs are equal texts."""
    choices: dict[str, Any]
    """How it was asked for."""
    state: State
    """`running` of a process that is gone means: killed."""
    alive: bool
    """A process is at it now."""


class Begun:
    """The begun runs of a store."""

    def __init__(self, connection: sqlite3.Connection, claims: Claims) -> None:
        self._connection = connection
        self._claims = claims

    def begin(
        self, run: str, created: str, suite: str, inputs: str, choices: Mapping[str, Any]
    ) -> None:
        """Write that a run begins, or goes on; it is this process's until `end`.

        A run that goes on keeps what was first written of it, but for its state.

        Raises:
            UnderWayError: another process is at it, or has brought it to its end.
            StoreError: it cannot be written.
        """
        if not self._claims.take_name(_name(run)):
            raise UnderWayError(
                f"run {run} is under way in another process",
                hint="let it end: what it draws is kept for every run",
            )
        try:
            before = self.find(run)
            if before is not None and before.state == "finished":
                raise UnderWayError(f"run {run} has come to its end")  # noqa: TRY301 - one way out
            with translated(self._connection):
                self._connection.execute(
                    "INSERT INTO begun (run, created, suite, inputs, choices, state)"
                    " VALUES (?, ?, ?, ?, ?, 'running')"
                    " ON CONFLICT (run) DO UPDATE SET state = 'running'",
                    (run, created, suite, inputs, msgspec.json.encode(choices).decode()),
                )
        except BaseException:
            self._claims.release_name(_name(run))
            raise

    def end(self, run: str, state: Literal["stopped", "finished"]) -> None:
        """Write how a run ended; it is nobody's any more."""
        try:
            with translated(self._connection):
                self._connection.execute("UPDATE begun SET state = ? WHERE run = ?", (state, run))
        finally:
            self._claims.release_name(_name(run))

    def find(self, run: str) -> BegunRun | None:
        """A run by its id."""
        found = self._ask(f"SELECT {_COLUMNS} FROM begun WHERE run = ?", (run,))  # noqa: S608
        return found[0] if found else None

    def unfinished(self, suite: str | None = None, inputs: str | None = None) -> list[BegunRun]:
        """Runs that are under way or were broken off, newest first; of a suite, of some inputs."""
        return self._ask(
            f"SELECT {_COLUMNS} FROM begun WHERE state <> 'finished'"  # noqa: S608 - our own words
            " AND (?1 IS NULL OR suite = ?1) AND (?2 IS NULL OR inputs = ?2)"
            " ORDER BY created DESC, run DESC",
            (suite, inputs),
        )

    def all_runs(self) -> list[BegunRun]:
        """Every run that was begun, newest first."""
        return self._ask(f"SELECT {_COLUMNS} FROM begun ORDER BY created DESC, run DESC", ())  # noqa: S608

    def _ask(self, query: str, values: tuple[str | None, ...]) -> list[BegunRun]:
        with translated(self._connection):
            rows = self._connection.execute(query, values).fetchall()
        return [
            BegunRun(
                run,
                created,
                suite,
                inputs,
                msgspec.json.decode(choices, type=dict[str, Any]),
                state,
                self._claims.alive(_name(run)),
            )
            for run, created, suite, inputs, choices, state in rows
        ]


def _name(run: str) -> str:
    return f"run {run}"
