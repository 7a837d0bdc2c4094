"""What the engine passes on to an observer."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest

from promptops.engine.observing import Observed, peer_of
from promptops.values.observing import Called, Peer, Unobserved, unobserved
from promptops.values.report import Report
from tests.unit.telemetry.told import account, called, report, request


class Recorder:
    def __init__(self) -> None:
        self.calls: list[Called] = []

    def run(self, run: str, suite: str) -> AbstractContextManager[None]:
        return nullcontext()

    def call(self, called: Called) -> None:
        self.calls.append(called)

    def report(self, report: Report) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_call_is_passed_on_with_whom_it_asked():
    recorder = Recorder()
    observed = Observed(recorder, {"OPENAI_BASE_URL": "https://ana:s3cret@models.example/v1"})
    attempts = list(called().attempts)
    observed.call(account(), request(), attempts)
    attempts.clear()
    (told,) = recorder.calls
    assert told.peer == Peer("openai", "models.example", 443)
    assert len(told.attempts) == 1
    assert (told.account, told.request) == (account(), request())


def test_what_was_never_sent_is_no_call():
    recorder = Recorder()
    Observed(recorder, {}).call(account(), request(), [])
    assert recorder.calls == []


@pytest.mark.parametrize(
    ("model", "environ", "peer"),
    [
        ("openai/pear-2", {}, Peer("openai")),
        ("claude-pear", {}, Peer("anthropic")),
        ("pear", {}, Peer("")),
        (
            "openai/p",
            {"OPENAI_API_BASE": "http://127.0.0.1:80/v1"},
            Peer("openai", "127.0.0.1", 80),
        ),
        ("openai/p", {"OPENAI_API_BASE": "http://[::1]:81"}, Peer("openai", "::1", 81)),
        ("openai/p", {"OPENAI_API_BASE": "http://host"}, Peer("openai", "host", 80)),
        ("openai/p", {"OPENAI_API_BASE": "http://host:none"}, Peer("openai")),
        ("openai/p", {"OPENAI_API_BASE": "host/v1"}, Peer("openai")),
        ("embedded/smollm2-135m", {}, Peer("embedded", inside=True)),
    ],
)
def test_who_is_asked(model, environ, peer):
    assert peer_of(model, environ) == peer


def test_who_is_asked_is_looked_up_once():
    class Counting(dict[str, str]):
        looked = 0

        def get(self, *arguments):
            self.looked += 1
            return super().get(*arguments)

    environ = Counting()
    observed = Observed(Recorder(), environ)
    observed.call(account(), request(), called().attempts)
    looked = environ.looked
    assert looked > 0
    observed.call(account(), request(), called().attempts)
    assert environ.looked == looked


def test_where_nobody_observes_nothing_is_looked_at():
    class Untouched(dict[str, str]):
        def get(self, *arguments):
            raise AssertionError

    observed = Observed(unobserved, Untouched())
    observed.call(account(), request(), called().attempts)
    with unobserved.run("a", "b"):
        unobserved.call(called())
        unobserved.report(report())
    unobserved.close()
    assert isinstance(observed.observer, Unobserved)
