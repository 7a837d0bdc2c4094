"""Keys that were planted in the environment, and that servers repeat: found nowhere (row 43)."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from promptops.reports.discovery import formats
from promptops.store.store import Store
from tests.git_sandbox import Sandbox
from tests.loopback import Answer, Asked, Loopback, Reply, Script
from tests.wire import WIRES, Said, Wire
from tests.zygote import Stage, Zygote

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")

every_provider = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)

OWN = {
    "openai": "sk-proj-lantern0123456789abcdefLANTERN",
    "anthropic": "sk-ant-lantern0123456789abcdefLANTERN",
    "gemini": "AIzaLantern0123456789abcdefghLANTERN",
}
"""The keys that the providers are asked with, and get to see."""
LINES = """\
-----BEGIN PRIVATE KEY-----
MIIEvLighthouse0123456789abcdef
Lighthouse/9876543210+ABCDEF
-----END PRIVATE KEY-----"""
PLANTED = {
    "VAULT_TOKEN": "marzipan/lighthouse+42 %&?",
    "QUOTED_SECRET": 'it\'s "light\\house" <é>',
    "SIGNING_KEY": LINES,
    "DATABASE_URL": "postgres://ana:light%2Fhouse-42@db.example.test/x",
}
DEBUG = {"PROMPTOPS_DEBUG": "1"}
LOUD = {
    "LITELLM_LOG": "DEBUG", "LITELLM_DEBUG": "1", "DETAILED_DEBUG": "1",
    "LITELLM_PRINT_STANDARD_LOGGING_PAYLOAD": "1", "JSON_LOGS": "1", "OPENAI_LOG": "debug",
    "ANTHROPIC_LOG": "debug", "HTTPX_LOG_LEVEL": "debug", "DEBUG": "1",
}  # fmt: skip


def secrets_of(wire: Wire) -> list[str]:
    """All that nobody may see, each line of a private key among them."""
    lines = [line for line in LINES.splitlines() if "Light" in line]
    tokens = [value for name, value in PLANTED.items() if not name.endswith("_URL")]
    return [OWN[wire.name], *tokens, *lines, "light%2Fhouse-42", "light/house-42"]


def coats(secret: str) -> dict[str, str]:
    """How a server may repeat a secret."""
    data = secret.encode()
    return {
        "plain": secret,
        "base64": base64.b64encode(data).decode(),
        "basic": base64.b64encode(b"user:" + data).decode(),
        "urlsafe": base64.urlsafe_b64encode(b"u:" + data).decode(),
        "url": quote(secret, safe=""),
        "json": json.dumps(secret)[1:-1],
    }


def traces(secret: str) -> set[bytes]:
    """By what a secret is known again, however it is encoded; of base64 what it alone decides."""
    found = {secret, json.dumps(secret)[1:-1], json.dumps(json.dumps(secret))[3:-3], quote(secret)}
    found |= {quote(secret, safe=""), quote(secret, safe="").lower(), repr(secret)[1:-1]}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        core = encoded[4 if before else 0 :].rstrip("=")[:-2]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return {each.encode() for each in found}


WORDS = ("answer", "odd", "error", "refusal", "tool", "model", "header", "filtered")
PROMPT = """\
# {secret}
version: 1
model: {model}
params: {{max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: user, content: "Say {{{{ word }}}}"}}
"""
JUDGE = """\
version: 1
model: {model}
inputs: {{answer: {{type: string}}, fence: {{type: string}}}}
messages:
  - {{role: user, content: "{{{{ fence }}}} judge {{{{ answer }}}} {{{{ fence }}}} judge"}}
output:
  schema:
    type: object
    additionalProperties: false
    required: [explanation, verdict]
    properties: {{explanation: {{type: string}}, verdict: {{enum: [good, bad]}}}}
"""
SUITE = """\
prompt: say
dataset: say.jsonl
samples: 1
scorers:
  said: {type: contains, expected: "{{ word }}"}
  kind: {type: judge, prompt: judges/kind, role: observe, labels: {good: 1, bad: 0}}
"""


def repeating(wire: Wire, *, twice: bool = False) -> Script:
    """A server that repeats whatever it was sent in its headers, and every planted secret.

    `twice`: what is escaped for JSON already is put into JSON once more.
    """

    def script(asked: Asked) -> Answer:
        sent = [v for k, v in asked.headers.items() if k in {"authorization", "x-api-key"}]
        sent += [asked.headers.get("x-goog-api-key", ""), asked.path]
        word = asked.last_user.rpartition(" ")[2]
        inside = word in {"judge", "tool"} and not twice
        every = [
            coat
            for secret in secrets_of(wire)
            for name, coat in coats(secret).items()
            if not (inside and name == "json")
        ]
        text = " | ".join([*sent, *every])
        headers = {
            "x-echo": OWN[wire.name],
            "x-request-id": OWN[wire.name],
            "server": " ".join(sent),
        }
        if word == "judge":
            said = json.dumps({"explanation": text, "verdict": "good"})
            return Reply(wire.answer(Said(said)), headers=headers)
        return Reply(*_said(wire, word, text), headers=headers)

    return script


def _said(wire: Wire, word: str, text: str) -> tuple[dict[str, Any], int]:
    if word == "error":
        return wire.error(400, text), 400
    calls = (("call", "f", json.dumps({"said": text})), (OWN[wire.name], "g", "{}"))
    said = {
        "tool": Said(None, ended="tools", calls=calls),
        "model": Said(word, model=OWN[wire.name]),
        "filtered": Said(text, ended="filtered"),
        "odd": Said(text, ended=OWN[wire.name]),
    }
    body = wire.answer(said.get(word, Said(f"{word} {text}")))
    if word == "refusal" and wire.name == "openai":
        body["choices"][0]["message"] |= {"content": None, "refusal": text}
    return body, 200


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("children")) as made:
        yield made


class Planted(Stage):
    """A stage whose environment holds secrets."""

    wire: Wire

    @property
    def environ(self) -> dict[str, str]:
        ours = {k: v for k, v in os.environ.items() if not k.endswith(("_KEY", "_TOKEN"))}
        own = {k: OWN[self.wire.name] for k in self.server.environ_of(self.wire) if "KEY" in k}
        return {**ours, **self.server.environ_of(self.wire), **own, **PLANTED, **DEBUG}


@contextmanager
def planted(root: Path, zygote: Zygote, wire: Wire) -> Iterator[Planted]:
    """A project behind a server that repeats every secret."""
    sandbox = Sandbox(root)
    token = PLANTED["VAULT_TOKEN"]
    rows = "".join(
        json.dumps({"id": word, "word": word, "note": f"Not this: {token}"}) + "\n"
        for word in WORDS
    )
    sandbox.commit(
        "Say",
        {
            "prompts/say.yaml": PROMPT.format(model=wire.model, secret=token),
            "prompts/judges/kind.yaml": JUDGE.format(model=wire.model),
            "evals/say.yaml": SUITE,
            "evals/say.jsonl": rows,
        },
    )
    with Loopback(repeating(wire)) as server:
        stage = Planted(zygote, root, server)
        object.__setattr__(stage, "wire", wire)
        yield stage


def shell(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A command line in a process that imports litellm with this environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=stage.root,
        env={**stage.environ, **LOUD},
        capture_output=True,
        check=False,
        timeout=120,
    )


def leaks(texts: dict[str, bytes], wire: Wire) -> list[tuple[str, bytes]]:
    """Where which secret stands, and some of what is around it."""
    found = []
    for secret in secrets_of(wire):
        for trace in traces(secret):
            for where, text in texts.items():
                at = text.find(trace)
                if at >= 0:
                    found.append((where, text[max(0, at - 40) : at + len(trace) + 20]))
    return found


def on_disk(root: Path) -> dict[str, bytes]:
    """Every file of the store as it lies there, and what is compressed in it."""
    places = [each for each in sorted((root / ".promptops").rglob("*")) if each.is_file()]
    texts = {each.name: each.read_bytes() for each in places}
    store = sqlite3.connect(root / ".promptops" / "store.db")
    try:
        for query in (
            "SELECT cases FROM runs",
            "SELECT body FROM prompt_texts",
            "SELECT body FROM case_texts",
        ):
            for number, (body,) in enumerate(store.execute(query).fetchall()):
                texts[f"{query} {number}"] = zlib.decompress(body)
    finally:
        store.close()
    return texts


def shown(stage: Stage) -> dict[str, bytes]:
    """What every command says of the last run."""
    commands = [["report", "last", "-f", name, "--cases", "all"] for name in formats()]
    commands += [
        ["runs"],
        ["costs"],
        ["cache"],
        ["cache", "verify"],
        ["show", "say"],
        ["log", "say"],
    ]
    commands += [["cache", "export", "kept.gz"], ["eval", "--resume", OWN[stage.wire.name]]]  # type: ignore[attr-defined]
    texts = {}
    for command in commands:
        child = stage.run(*command)
        texts[" ".join(command[:4])] = f"{child.out}\n{child.err}".encode()
    texts["export"] = gzip.decompress((stage.root / "kept.gz").read_bytes())
    return texts


@every_provider
def test_keys_are_found_nowhere(tmp_path: Path, zygote: Zygote, wire: Wire) -> None:
    with planted(tmp_path / "project", zygote, wire) as stage:
        Store(stage.root).close()
        held = sqlite3.connect(stage.root / ".promptops" / "store.db")  # so that the log stays
        try:
            held.execute("SELECT count(*) FROM runs").fetchone()
            done = shell(stage, "-m", "promptops", "eval", "--cases", "all")
            assert done.returncode in {0, 3}, done.stderr
            assert len(stage.server.requests) > len(WORDS)
            texts = {"stdout": done.stdout, "stderr": done.stderr, **on_disk(stage.root)}
            assert len(texts["store.db-wal"]) > 10_000
        finally:
            held.close()
        texts |= {f"later {name}": text for name, text in on_disk(stage.root).items()}
        texts |= shown(stage)
        assert b"[redacted]" in texts["SELECT body FROM prompt_texts 0"]
        assert b"[redacted]" in texts["SELECT body FROM case_texts 0"]
        assert b"[redacted]" in texts["export"]
        assert b"[redacted]" in texts["report last -f json"]
        assert leaks(texts, wire) == []


@every_provider
def test_keys_in_what_ends_a_run(tmp_path: Path, zygote: Zygote, wire: Wire) -> None:
    with planted(tmp_path / "project", zygote, wire) as stage:
        spoken = wire.wrong_key()
        text = json.dumps(spoken.body).replace(
            wire.key, OWN[wire.name] + " " + LINES.split("\n")[1]
        )
        stage.server.script = lambda asked: Reply(text, status=spoken.status)
        child = stage.run("eval", "--cases", "all")
        assert child.code == 3, child.err
        texts = {"stdout": child.out.encode(), "stderr": child.err.encode(), **on_disk(stage.root)}
        assert leaks(texts | shown(stage), wire) == []


CRASH = """
import base64, os, sys
import promptops.reports.formats.json as format_
def render(*_):
    key = os.environ["VAULT_TOKEN"]
    raise RuntimeError({told})
format_.render = render
sys.argv = ["promptops", "eval", "-f", "json"]
from promptops.cli.main import run
run()
"""


@pytest.mark.parametrize(
    "told",
    [
        '" ".join([*os.environ.values(), base64.b64encode(key.encode()).decode()])',
        "dict(os.environ)",
    ],
)
def test_keys_in_a_crash(tmp_path: Path, zygote: Zygote, told: str) -> None:
    wire = WIRES["openai"]
    with planted(tmp_path / "project", zygote, wire) as stage:
        done = shell(stage, "-c", CRASH.format(told=told))
        assert done.returncode == 70, done.stderr
        assert b"Traceback" in done.stderr
        assert b"RuntimeError" in done.stderr
        assert leaks({"stderr": done.stderr, "stdout": done.stdout}, wire) == []


def test_keys_within_json_within_json(tmp_path: Path, zygote: Zygote) -> None:
    wire = WIRES["openai"]
    with planted(tmp_path / "project", zygote, wire) as stage:
        stage.server.script = repeating(wire, twice=True)
        assert stage.run("eval").code in {0, 3}
        assert leaks({**on_disk(stage.root), **shown(stage)}, wire) == []


def test_keys_in_what_a_kill_leaves(tmp_path: Path, zygote: Zygote) -> None:
    wire = WIRES["openai"]
    with planted(tmp_path / "project", zygote, wire) as stage:
        stage.server.delay_seconds = 0.05
        child = stage.start("eval", "--concurrency", "1")
        assert child.until(lambda: len(stage.server.requests) > 4), child.err
        child.kill(signal.SIGKILL)
        child.wait()
        files = [each for each in (stage.root / ".promptops").iterdir() if each.is_file()]
        texts = {each.name: each.read_bytes() for each in files}
        assert b"[redacted]" in texts["store.db-wal"]
        assert leaks({**texts, "stderr": child.err.encode()}, wire) == []


def test_the_search_finds_what_is_there() -> None:
    """What looks for leaks sees every way in which a server repeats a secret."""
    wire = WIRES["openai"]
    for secret in secrets_of(wire):
        for name, coat in coats(secret).items():
            assert leaks({"here": b"..." + coat.encode() + b"..."}, wire), (secret, name)
