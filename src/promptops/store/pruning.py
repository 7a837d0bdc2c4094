"""Deleting responses: which ones are meant, what they are worth, and which a run still needs.

What was spent stays in the ledger, whatever is deleted here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.store.database import translated
from promptops.store.inventory import Amount, Texts, amounts, find_owners
from promptops.store.text_pruning import Meant, TextPruning, Wanted
from promptops.store.transaction import transaction

ROWS_AT_ONCE = 500
"""Deleted in one transaction: whoever else writes waits no longer than that."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The versions of prompts that are still to be had."""

    digests: frozenset[str]
    """Of all prompts, judges among them: what the working tree and the commits hold."""
    unreadable: frozenset[str] = frozenset()
    """Names of prompts whose files cannot be read just now: nothing of theirs counts as lost."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which responses are meant. Where both are given, both must hold."""

    before: str | None = None
    """Drawn before this moment (UTC, ISO 8601)."""
    reach: Reach | None = None
    """Drawn for a version outside of this reach, and used by no run of a version inside."""


class Unfinished(msgspec.Struct, frozen=True):
    """A run that was begun and has not come to its end."""

    run: str
    suite: str
    prompt: str = ""
    digests: tuple[str, ...] | None = None
    """Of the versions that it compares; None where that cannot be read any more."""
    alive: bool = False
    """It is under way."""

    def needs(self, reach: Reach | None) -> bool:
        """Whether it needs responses at all.

        A run that was broken off can go on only with the versions that it was begun with.
        """
        return (
            self.alive
            or reach is None
            or self.digests is None
            or self.prompt in reach.unreadable
            or reach.digests.issuperset(self.digests)
        )


class Selection(msgspec.Struct, frozen=True):
    """What a pruning would delete, or has deleted."""

    total: Amount = Amount()
    prompts: dict[str, Amount] = {}
    """The same by prompt, the largest first; `""` where nothing says whose they are."""
    needed: int = 0
    """Responses that were meant and stay: an unfinished run needs them."""
    runs: tuple[str, ...] = ()
    """The unfinished runs, as far as they need any, sorted."""
    under_way: frozenset[str] = frozenset()
    """Those of them that a process is at."""
    texts: Texts = Texts()
    """What goes with the responses: texts and cases that no run needs then."""


_TABLES = {
    "reachable": "digest TEXT PRIMARY KEY",
    "unreadable": "prompt TEXT PRIMARY KEY",
    "reached_arms": "run TEXT, arm TEXT, PRIMARY KEY (run, arm)",
    "lost_accounts": "id INTEGER PRIMARY KEY",
    "used_keys": "request_key TEXT PRIMARY KEY",
    "lost_keys": "request_key TEXT PRIMARY KEY",
    "wanting": "run TEXT, suite TEXT, digest TEXT",
    "needed_accounts": "id INTEGER, run TEXT, PRIMARY KEY (id, run)",
    "needed_keys": "request_key TEXT, run TEXT, PRIMARY KEY (request_key, run)",
    "meant": "id INTEGER PRIMARY KEY, request_key TEXT, sample INTEGER, account INTEGER",
}
"""Temporary tables, which belong to the connection and end with it."""

_MEANT = """
    INSERT INTO meant (request_key, sample, account) SELECT request_key, sample, account
        FROM responses WHERE ?1 IS NULL OR created < ?1 ORDER BY request_key, sample
"""
_WITHOUT_ACCOUNT = "SELECT EXISTS (SELECT 1 FROM meant WHERE account IS NULL)"

_REACHED_ARMS = """
    INSERT INTO reached_arms
        SELECT id, 'candidate' FROM runs
            WHERE candidate_digest IN reachable OR prompt IN unreadable
        UNION SELECT id, 'baseline' FROM runs
            WHERE baseline_digest IN reachable OR prompt IN unreadable
"""
# An account without a digest, such as an embedding's, goes the way of its run.
_LOST_ACCOUNTS = """
    INSERT INTO lost_accounts SELECT id FROM accounts
        WHERE prompt NOT IN unreadable AND iif(digest = '',
            run IN (SELECT id FROM runs) AND run NOT IN (SELECT run FROM reached_arms),
            digest NOT IN reachable)
"""
_USED_KEYS = """
    INSERT OR IGNORE INTO used_keys SELECT request_key
        FROM reached_arms JOIN samples USING (run, arm)
"""
# From before there were accounts: lost where runs used them, all are known, and none is reached.
_LOST_KEYS = """
    INSERT INTO lost_keys SELECT request_key FROM samples
        EXCEPT SELECT request_key FROM used_keys
        EXCEPT SELECT request_key FROM samples WHERE run NOT IN (SELECT id FROM runs)
"""
_WITHIN_REACH = """
    DELETE FROM meant WHERE NOT iif(account IS NULL,
        request_key IN lost_keys, account IN lost_accounts AND request_key NOT IN used_keys)
"""

# What a run has drawn, all responses to its versions, and whatever its suite's judges said.
_NEEDED_ACCOUNTS = """
    INSERT OR IGNORE INTO needed_accounts SELECT accounts.id, wanting.run FROM accounts
        JOIN wanting ON accounts.run = wanting.run
            OR (accounts.suite = wanting.suite
                AND (accounts.purpose <> 'sample' OR wanting.digest IS NULL))
            OR (accounts.digest <> '' AND accounts.digest = wanting.digest)
"""
_NEEDED_KEYS = """
    INSERT OR IGNORE INTO needed_keys SELECT samples.request_key, wanting.run
        FROM wanting JOIN samples ON samples.run = wanting.run
"""
_NEEDED_OLD_KEYS = """
    INSERT OR IGNORE INTO needed_keys SELECT samples.request_key, wanting.run
        FROM wanting JOIN runs ON runs.suite = wanting.suite
            OR wanting.digest IN (runs.candidate_digest, runs.baseline_digest)
        JOIN samples ON samples.run = runs.id
"""
_NEEDED_BY = """
    SELECT needed_accounts.run FROM meant JOIN needed_accounts ON needed_accounts.id = meant.account
    UNION SELECT needed_keys.run FROM meant JOIN needed_keys USING (request_key)
"""
_DROP_NEEDED = """
    DELETE FROM meant WHERE account IN (SELECT id FROM needed_accounts)
        OR request_key IN (SELECT request_key FROM needed_keys)
"""

_BODIES = """
    SELECT coalesce(accounts.prompt, owners.prompt, ''), responses.body
        FROM meant JOIN responses USING (request_key, sample)
        LEFT JOIN accounts ON accounts.id = responses.account
        LEFT JOIN owners ON responses.account IS NULL AND owners.request_key = meant.request_key
        WHERE meant.id > ? AND meant.id <= ?
"""
_DELETE = """
    DELETE FROM responses WHERE (request_key, sample) IN
        (SELECT request_key, sample FROM meant WHERE id > ? AND id <= ?)
"""


class Pruning:
    """Deletes responses of a store, in small steps, so that others can write meanwhile.

    The connection must not be in a transaction; its temporary tables are used.
    """

    def __init__(
        self, connection: sqlite3.Connection, unfinished: Callable[[], Sequence[Unfinished]]
    ) -> None:
        """`unfinished` says which runs there are, each time that it is asked."""
        self._connection = connection
        self._unfinished = unfinished
        self._texts = TextPruning(connection)

    def select(self, criteria: Criteria) -> Selection:
        """What `prune` would delete, as things stand.

        Raises:
            StoreError: the store cannot be read.
        """
        with translated(self._connection):
            texts = self._choose_texts(criteria)
            needed = self._choose(criteria)
            return _with(needed, amounts(self._bodies(0, self._last())), texts)

    def prune(self, criteria: Criteria) -> Selection:
        """Delete responses; answers which were deleted.

        Whenever a run begins meanwhile, what is left to delete is chosen anew.

        Raises:
            StoreError: the store cannot be written; what was deleted up to there stays deleted.
        """
        with translated(self._connection):
            deleted: dict[str, Amount] = {}
            begun = self._begun()
            needed = self._choose(criteria)
            at = 0
            while at < self._last():
                with transaction(self._connection):
                    now = self._begun()
                    if now == begun:
                        for prompt, amount in amounts(self._bodies(at, at + ROWS_AT_ONCE)).items():
                            deleted[prompt] = deleted.get(prompt, Amount()) + amount
                        self._connection.execute(_DELETE, (at, at + ROWS_AT_ONCE))
                        at += ROWS_AT_ONCE
                if now != begun:
                    begun = now
                    needed = self._choose(criteria)
                    at = 0
            texts = self._texts.prune(lambda: self._choose_texts(criteria), self._begun)
            return _with(needed, deleted, texts)

    def _choose(self, criteria: Criteria) -> Selection:
        """Fill `meant`; answers what was meant and is needed, with nothing to delete yet."""
        for name, columns in _TABLES.items():
            self._do(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
            self._do(f"DELETE FROM temp.{name}")  # noqa: S608 - our own names
        self._do(_MEANT, (criteria.before,))
        old = bool(self._do(_WITHOUT_ACCOUNT).fetchone()[0])
        find_owners(self._connection, wanted=old)
        if criteria.reach is not None:
            self._keep_reached(criteria.reach, old=old)
        unfinished = [each for each in self._unfinished() if each.needs(criteria.reach)]
        return self._keep_needed(unfinished, old=old) if unfinished else Selection()

    def _choose_texts(self, criteria: Criteria) -> Texts:
        reach = criteria.reach
        meant = Meant(criteria.before)
        if reach is not None:
            meant = Meant(criteria.before, reach.digests, reach.unreadable)
        unfinished = [each for each in self._unfinished() if each.needs(reach)]
        return self._texts.choose(meant, [Wanted(each.run, each.digests) for each in unfinished])

    def _keep_reached(self, reach: Reach, *, old: bool) -> None:
        self._fill("reachable", ((digest,) for digest in reach.digests))
        self._fill("unreadable", ((name,) for name in reach.unreadable))
        self._do(_REACHED_ARMS)
        self._do(_LOST_ACCOUNTS)
        self._do(_USED_KEYS)
        if old:
            self._do(_LOST_KEYS)
        self._do(_WITHIN_REACH)

    def _keep_needed(self, unfinished: Sequence[Unfinished], *, old: bool) -> Selection:
        wanted = (
            (each.run, each.suite, digest)
            for each in unfinished
            for digest in (each.digests or (None,))
        )
        self._fill("wanting", wanted)
        self._do(_NEEDED_ACCOUNTS)
        self._do(_NEEDED_KEYS)
        if old:
            self._do(_NEEDED_OLD_KEYS)
        runs = tuple(row[0] for row in self._do(_NEEDED_BY).fetchall())
        alive = frozenset(each.run for each in unfinished if each.alive)
        needed = self._do(_DROP_NEEDED).rowcount
        return Selection(needed=needed, runs=runs, under_way=alive & {*runs})

    def _begun(self) -> list[Any]:
        """The runs that have not come to their end, as far as the store itself says."""
        asked = "SELECT run, state FROM begun WHERE state <> 'finished' ORDER BY run"
        return self._do(asked).fetchall()

    def _last(self) -> int:
        return int(self._do("SELECT ifnull(max(id), 0) FROM meant").fetchone()[0])

    def _bodies(self, after: int, until: int) -> Iterator[tuple[str, bytes]]:
        return self._do(_BODIES, (after, until))

    def _fill(self, table: str, rows: Iterable[tuple[str | None, ...]]) -> None:
        for row in rows:
            places = ", ".join("?" * len(row))
            self._do(f"INSERT OR IGNORE INTO temp.{table} VALUES ({places})", row)  # noqa: S608

    def _do(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)


def _with(needed: Selection, by_prompt: dict[str, Amount], texts: Texts) -> Selection:
    total = sum(by_prompt.values(), Amount())
    ordered = sorted(by_prompt.items(), key=lambda each: (-each[1].responses, each[0]))
    return msgspec.structs.replace(needed, total=total, prompts=dict(ordered), texts=texts)
