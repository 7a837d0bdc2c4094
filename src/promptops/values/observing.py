"""What a run tells whoever observes it: its calls, its end, and nothing of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

from promptops.values.account import Account
from promptops.values.report import Report
from promptops.values.request import Request
from promptops.values.response import Outcome


class Attempt(NamedTuple):
    """One attempt at an answer, from its sending to its end, in seconds of `time.monotonic`."""

    outcome: Outcome
    began: float
    ended: float


class Peer(NamedTuple):
    """Who is asked."""

    provider: str
    """As model strings name it; empty where the string does not tell."""
    address: str | None = None
    """The host, where the environment names it."""
    port: int | None = None
    inside: bool = False
    """It runs inside this process."""


class Called(NamedTuple):
    """One answer that was wanted of a model, however often it was asked for."""

    account: Account
    request: Request
    peer: Peer
    attempts: Sequence[Attempt]
    """At least one, in order; all but the last one failed."""


class Observer(Protocol):
    """Whoever observes runs. It never raises, and never waits for anybody."""

    def run(self, run: str, suite: str) -> AbstractContextManager[None]:
        """Open while the run of that id lasts; what leaves it by raising broke the run off."""
        ...

    def call(self, called: Called) -> None:
        """Told when an answer is there, or given up; not of answers that the store had."""
        ...

    def report(self, report: Report) -> None:
        """Told what a run came to, while it is open."""
        ...

    def close(self) -> None:
        """Let go of everything. May take a moment; safe to call twice."""
        ...


class Unobserved:
    """Observes nothing."""

    def run(self, run: str, suite: str) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def call(self, called: Called) -> None:
        pass

    def report(self, report: Report) -> None:
        pass

    def close(self) -> None:
        pass


unobserved = Unobserved()
