"""Providers that misbehave, and a project that is evaluated behind one of them.

A fault is written once, for any `Wire`, as what the server answers; `FAULTS` says what class of
failure each must be, whoever the provider is.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.store.database import FILE, FOLDER
from promptops.values.request import Message, Request
from promptops.values.response import Failure, FailureKind, Outcome, Response
from tests.functional.cli_project import Done, Project
from tests.loopback import Answer, Asked, Loopback, Reply, Script
from tests.wire import WIRES, Said, Spoken, Wire

CANARY = "canary-of-a-proxy"
HTML = f"<!DOCTYPE html><html><body><h1>Bad gateway</h1><p>{CANARY}</p></body></html>"
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}

OPENAI = WIRES["openai"]
every_provider = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


class Known(NamedTuple):
    """The class of a failure."""

    kind: FailureKind
    retryable: bool
    fatal: bool
    billable: bool


LIMITED = Known("rate_limited", retryable=True, fatal=False, billable=False)
OVERLOADED = Known("overloaded", retryable=True, fatal=False, billable=False)
UNAVAILABLE = Known("unavailable", retryable=True, fatal=False, billable=False)
QUOTA = Known("quota", retryable=False, fatal=True, billable=False)
UNKNOWN_KEY = Known("authentication", retryable=False, fatal=True, billable=False)
REJECTED = Known("rejected", retryable=False, fatal=False, billable=False)
MALFORMED = Known("malformed", retryable=True, fatal=False, billable=True)
LOST = Known("connection", retryable=True, fatal=False, billable=True)
UNSENT = Known("connection", retryable=True, fatal=False, billable=False)
LATE = Known("timeout", retryable=True, fatal=False, billable=True)


@dataclass(frozen=True)
class Fault:
    """What a server answers, and what that must be known as."""

    reply: Callable[[Wire], Reply]
    known: Known
    retry_after_seconds: float | None = None
    unknown_to: str = ""
    """The provider whose format has no such thing."""


def said(wire: Wire, text: str | None = "ok", **fields: Any) -> Reply:
    """An answer, in a provider's format."""
    return Reply(wire.answer(Said(text, **fields)))


def refused(wire: Wire, status: int, **headers: str) -> Reply:
    """An error, in a provider's format."""
    return Reply(wire.error(status, f"status {status}"), status=status, headers=headers)


def spoke(spoken: Spoken, **headers: str) -> Reply:
    return Reply(spoken.body, status=spoken.status, headers={**spoken.headers, **headers})


def cut_json(wire: Wire, share: float = 0.6) -> Reply:
    """A body that is whole for HTTP, and ends in the middle of its JSON."""
    text = json.dumps(wire.answer(Said("many words " * 5)))
    return Reply(text[: int(len(text) * share)])


def broken_text(wire: Wire) -> Reply:
    """Bytes in the answer that are no UTF-8."""
    text = json.dumps(wire.answer(Said("PLACE")))
    return Reply(text.encode().replace(b"PLACE", b"a\xff\xfe\xc3b"))


def zipped(wire: Wire, data: bytes | None = None) -> Reply:
    body = json.dumps(wire.answer(Said("ok"))).encode() if data is None else data
    return Reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})


LONG = "many words " * 50

FAULTS: dict[str, Fault] = {
    "1 rate limited": Fault(lambda w: refused(w, 429, **{"Retry-After": "1"}), LIMITED, 1),
    "1 rate limited, in milliseconds": Fault(
        lambda w: refused(w, 429, **{"retry-after-ms": "1500"}), LIMITED, 1.5
    ),
    "1 rate limited, without a word": Fault(lambda w: refused(w, 429), LIMITED),
    "1 rate limited, said in the text": Fault(lambda w: spoke(w.later(2)), LIMITED, 2),
    "2 garbage": Fault(lambda w: refused(w, 429, **{"Retry-After": "soon"}), LIMITED),
    "2 no number": Fault(lambda w: refused(w, 429, **{"Retry-After": "NaN"}), LIMITED),
    "2 endless": Fault(lambda w: refused(w, 429, **{"Retry-After": "1e999"}), LIMITED),
    "2 negative": Fault(lambda w: refused(w, 429, **{"Retry-After": "-5"}), LIMITED),
    "2 a day": Fault(lambda w: refused(w, 429, **{"Retry-After": "86400"}), LIMITED, 86400),
    "2 a date in the past": Fault(
        lambda w: refused(w, 429, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), LIMITED, 0
    ),
    "3 no money": Fault(lambda w: spoke(w.no_money()), QUOTA),
    "3 no money, 402": Fault(lambda w: refused(w, 402), QUOTA),
    "4 wrong key": Fault(lambda w: spoke(w.wrong_key()), UNKNOWN_KEY),
    "4 401": Fault(lambda w: refused(w, 401), UNKNOWN_KEY),
    "4 403": Fault(lambda w: refused(w, 403), UNKNOWN_KEY),
    "4 401 in HTML": Fault(
        lambda w: Reply(HTML, status=401, content_type="text/html"), UNKNOWN_KEY
    ),
    "5 500": Fault(lambda w: refused(w, 500), UNAVAILABLE),
    "5 500, empty": Fault(lambda w: Reply("", status=500), UNAVAILABLE),
    "6 503": Fault(lambda w: refused(w, 503), OVERLOADED),
    "6 503, later": Fault(lambda w: refused(w, 503, **{"Retry-After": "3"}), OVERLOADED, 3),
    "6 529": Fault(lambda w: refused(w, 529), OVERLOADED),
    "7 502 in HTML": Fault(
        lambda w: Reply(HTML, status=502, content_type="text/html"), UNAVAILABLE
    ),
    "7 502 in HTML that says JSON": Fault(lambda w: Reply(HTML, status=502), UNAVAILABLE),
    "7 504": Fault(lambda w: refused(w, 504), UNAVAILABLE),
    "8 HTML": Fault(lambda w: Reply(HTML, content_type="text/html"), MALFORMED),
    "8 HTML that says JSON": Fault(lambda w: Reply(HTML), MALFORMED),
    "8 empty": Fault(lambda w: Reply(""), MALFORMED),
    "8 no content": Fault(lambda w: Reply("", status=204), MALFORMED),
    "8 JSON of another kind": Fault(lambda w: Reply("[1, 2]"), MALFORMED),
    "8 null": Fault(lambda w: Reply("null"), MALFORMED),
    "8 an empty object": Fault(lambda w: Reply("{}"), MALFORMED),
    "8 an error that says 200": Fault(
        lambda w: Reply(w.error(500, "the model crashed")), MALFORMED
    ),
    "9 truncated JSON": Fault(cut_json, MALFORMED),
    "10 reset": Fault(lambda w: Reply(reset=True), LOST),
    "10 closed": Fault(lambda w: Reply(raw=b""), LOST),
    "10 cut short": Fault(lambda w: Reply(w.answer(Said(LONG)), cut_after=100), LOST),
    "10 cut in a chunk": Fault(
        lambda w: Reply(w.answer(Said(LONG)), cut_after=100, chunk=40), LOST
    ),
    "10 cut in the headers": Fault(lambda w: Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Ty"), LOST),
    "10 less than announced": Fault(lambda w: Reply(w.answer(Said("ok")), length=9_000), LOST),
    "10 no HTTP": Fault(lambda w: Reply(raw=b"SSH-2.0-loopback\r\n\r\n"), LOST),
    "10 no gzip": Fault(lambda w: Reply(b"no gzip", headers={"Content-Encoding": "gzip"}), LOST),
    "10 a header of 100 KB": Fault(
        lambda w: Reply(w.answer(Said("ok")), headers={"X-Long": "a" * 100_000}), LOST
    ),
    "11 no answer": Fault(lambda w: Reply("{}", delay_seconds=60), LATE),
    "12 a byte at a time": Fault(lambda w: Reply(" " * 500, drip_seconds=0.2), LATE),
    "12 a header at a time": Fault(
        lambda w: Reply(w.answer(Said("ok")), slow_head_seconds=0.6), LATE
    ),
    "13 invalid UTF-8": Fault(broken_text, MALFORMED),
    # Anthropic's list holds the parts of one answer: an empty one is an empty answer, row 16.
    "15 an empty list": Fault(lambda w: Reply(w.nothing([])), MALFORMED, unknown_to="anthropic"),
    "15 null in place of a list": Fault(lambda w: Reply(w.nothing(None)), MALFORMED),
    "400": Fault(lambda w: refused(w, 400), REJECTED),
    "413": Fault(lambda w: refused(w, 413), REJECTED),
    "422": Fault(lambda w: refused(w, 422), REJECTED),
}
"""By the row of the list of faults and a name of its own."""


EVERY_FAULT = [
    pytest.param(name, wire, id=f"{name}-{wire.name}")
    for name, fault in FAULTS.items()
    for wire in WIRES.values()
    if wire.name != fault.unknown_to
]


def in_turn(*answers: Answer) -> Script:
    """Each answer to one request, in the order of their arrival; the last one for ever."""
    return lambda asked: answers[min(asked.index, len(answers) - 1)]


def by_case(answers: Mapping[str, Answer], otherwise: Script) -> Script:
    """What the last word of the question names, again and again."""

    def script(asked: Asked) -> Answer:
        name = asked.last_user.rpartition(" ")[2]
        return answers[name] if name in answers else otherwise(asked)

    return script


def ask(text: str, wire: Wire, **fields: Any) -> Request:
    return Request(wire.model, (Message("user", text),), {"max_tokens": 20}, **fields)


def outcomes(
    environ: Mapping[str, str], requests: Sequence[Request], *, deadline_seconds: float = 10.0
) -> list[Outcome]:
    """What one attempt at each comes to, one after the other, through one gateway."""

    async def use() -> list[Outcome]:
        model: Model = open_model()
        try:
            return [
                await model.respond(each, deadline_seconds=deadline_seconds) for each in requests
            ]
        finally:
            await model.close()

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        return asyncio.run(use())


def outcome(
    answer: Answer | Script, wire: Wire, *, deadline_seconds: float = 10.0, **fields: Any
) -> Outcome:
    """What one call to a server that answers so comes to; it is asked once, whatever happens."""
    script = answer if callable(answer) else lambda asked: answer
    with Loopback(script) as server:
        (found,) = outcomes(
            server.environ_of(wire),
            [ask("Say one", wire, **fields)],
            deadline_seconds=deadline_seconds,
        )
        assert len(server.requests) == 1
        return found


def response(answer: Answer | Script, wire: Wire, **fields: Any) -> Response:
    found = outcome(answer, wire, **fields)
    assert isinstance(found, Response), found
    return found


def known(failure: Outcome) -> Known:
    assert isinstance(failure, Failure), failure
    return Known(failure.kind, failure.retryable, failure.fatal, failure.billable)


_FOREIGN = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "FORCE_COLOR")
PROMPT = """\
version: {version}
change: {change}
model: {model}
params: {{max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "Say {{{{ word }}}}"}}
"""
SUITE = """\
prompt: say
dataset: say.jsonl
samples: 1
scorers:
  said: {type: contains, expected: "{{ word }}"}
"""


Provide = Callable[..., "ProviderDesk"]


@dataclass
class ProviderDesk:
    """A project with one suite, whose model is asked at a server that misbehaves."""

    project: Project
    server: Loopback
    wire: Wire

    def suite(self, more: str) -> None:
        """The suite file, with these lines added."""
        self.project.write("evals/say.yaml", SUITE + more)

    def rows(self, *words: str, **columns: Sequence[str]) -> None:
        """One case a word, by its name."""
        self.project.write(
            "evals/say.jsonl",
            "".join(
                json.dumps(
                    {"id": word, "word": word} | {name: each[n] for name, each in columns.items()}
                )
                + "\n"
                for n, word in enumerate(words)
            ),
        )

    def prompt(self, version: int, system: str = "Speak.", model: str | None = None) -> None:
        self.project.write(
            "prompts/say.yaml",
            PROMPT.format(
                version=version, change="x", system=system, model=model or self.wire.model
            ),
        )

    def compared(self) -> None:
        """A second version in the working tree, so that there is something to compare."""
        self.prompt(2, "Speak up.")

    def run(self, *arguments: str) -> Done:
        return self.project.run("eval", "--quiet", *arguments)

    def evaluate(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and the one report of `eval`; whatever happened, it is no bug of ours."""
        done = self.run("--format", "json", *arguments)
        assert "this is a bug" not in done.err
        assert done.out, done.err
        (report,) = done.value
        assert report["exit_code"] == done.code
        return done.code, report

    def shown(self) -> dict[str, str]:
        """The kept report in every format."""
        texts = {}
        for name in ("terminal", "json"):
            done = self.project.run("report", "--format", name, "--cases", "all")
            assert done.out, done.err
            texts[name] = done.out
        return texts

    def kept(self) -> bytes:
        """Everything that the run left on disk beside the project's own files."""
        places = sorted((self.project.root / ".promptops").rglob("*"))
        return b"".join(place.read_bytes() for place in places if place.is_file())

    def responses(self) -> list[Response]:
        """Every response in the store, as it is read again."""
        connection = sqlite3.connect(self.project.root / FOLDER / FILE)
        try:
            rows = connection.execute("SELECT body FROM responses ORDER BY created").fetchall()
        finally:
            connection.close()
        return [msgspec.msgpack.decode(body, type=Response) for (body,) in rows]


def providing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Provide]:
    """A function that makes a desk of a server's script; what it opened is closed at the end."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as held:

        def provide(
            script: Script, wire: Wire = OPENAI, *, words: Sequence[str] = ("one", "two")
        ) -> ProviderDesk:
            server = held.enter_context(Loopback(script))
            root = tmp_path / f"project-{server.origin.rpartition(':')[2]}"
            root.mkdir()
            monkeypatch.chdir(root)
            for name, value in server.environ_of(wire).items():
                monkeypatch.setenv(name, value)
            desk = ProviderDesk(Project(root, capfd), server, wire)
            desk.project.git("init", "--quiet", "--initial-branch", "main")
            desk.suite("")
            desk.rows(*words)
            desk.prompt(1)
            desk.project.commit("Say a word")
            return desk

        yield provide
