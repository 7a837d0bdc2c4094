"""Traces and metrics of whole runs: the real program, the real client, a real collector."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.functional.cli_project import CASES, PROMPT, git
from tests.loopback import KEY, Asked, Loopback, Reply, completion, error
from tests.unit.telemetry.collector import Collector

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = "ficta-collector-0123456789"
NOBODY = "http://127.0.0.1:9"
MODEL = "openai/pear-2"

PROBE = """
import json, sys, threading
from promptops.cli.main import main
code = main(sys.argv[1:])
threads = sorted(each.name for each in threading.enumerate())
sys.stderr.write("\\n" + json.dumps([int(code), sorted(sys.modules), threads]))
"""
WITHOUT_THE_EXTRA = "import sys; sys.modules['opentelemetry'] = None\n" + PROBE

SUITE = """\
prompt: greet
dataset: greet.jsonl
samples: 2
scorers:
  named: {type: contains, expected: "{{ name }}"}
gate: {margin: 0.5}
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    told: list[str]
    """Lines on stderr that speak of telemetry."""
    rest: list[str]
    """The other ones."""
    modules: set[str]
    threads: list[str]
    seconds: float

    @property
    def report(self) -> Any:
        return json.loads(self.out)[0]


class Busy:
    """Answers every call with the name that it holds, and refuses the first one for a moment."""

    def __init__(self) -> None:
        self.refused = 0

    def __call__(self, asked: Asked) -> Reply | dict[str, Any]:
        if not self.refused:
            self.refused += 1
            return error(429, f"slower, {asked.last_user}", headers={"Retry-After": "0"})
        said = asked.last_user.removeprefix("Greet ").rstrip(".")
        body = completion(f"Welcome, dear {said}!", asked=asked, model=f"pear {KEY}")
        body["usage"]["prompt_tokens_details"] = {"cached_tokens": 2}
        return body


@dataclass(frozen=True)
class Desk:
    """A project, the server of its model, and a first run that a collector was told of."""

    root: Path
    server: Loopback
    collector: Collector
    first: Ended
    made: int
    """Calls that came in during the first run."""

    def again(self, *, model: str = MODEL, probe: str = PROBE, **environ: str) -> Ended:
        return evaluate(self.root, {**self.server.environ, **environ}, model, probe)


def evaluate(
    root: Path, environ: Mapping[str, str], model: str = MODEL, probe: str = PROBE
) -> Ended:
    foreign = ("OTEL_", "TRACE", "PYTHON", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    command = ["eval", "--quiet", "--model", model, "--format", "json"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", probe, *command],
        cwd=root,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    took = time.monotonic() - began
    *notes, last = done.stderr.splitlines()
    code, modules, threads = json.loads(last)
    told = [line for line in notes if "telemetry:" in line or "telemetry is" in line]
    rest = [line for line in notes if line not in told]
    return Ended(code, done.stdout, told, rest, set(modules), threads, took)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    root = tmp_path_factory.mktemp("project")
    files = {
        "evals/greet.yaml": SUITE,
        "evals/greet.jsonl": CASES,
        "prompts/greet.yaml": PROMPT.format(version=1, change="First.", system="Be polite."),
    }
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Greet people")
    second = PROMPT.format(version=2, change="Fewer words.", system="Be brief.")
    (root / "prompts/greet.yaml").write_text(second)
    with Loopback(Busy()) as server:
        with Collector() as collector:
            environ = {
                **server.environ,
                **collector.environ,
                "TRACEPARENT": f"00-{TRACE}-{PARENT}-01",
                "OTEL_EXPORTER_OTLP_HEADERS": f"x-ficta={HEADER}",
            }
            first = evaluate(root, environ)
        yield Desk(root, server, collector, first, len(server.chats))


def test_a_run_is_a_trace_of_its_calls(desk: Desk) -> None:
    assert desk.first.told == []
    report = desk.first.report
    calls = [span for span in desk.collector.spans if span.name == "chat pear-2"]
    (run,) = [span for span in desk.collector.spans if span not in calls]
    assert (run.name, run.trace, run.parent) == ("promptops.eval greet", TRACE, PARENT)
    assert run.attributes["promptops.run"] == report["run"]
    assert run.attributes["promptops.verdict"] == report["verdict"]
    assert run.attributes["promptops.exit_code"] == desk.first.code
    assert len(calls) == desk.made - 1 == report["calls"]["made"] - 1
    assert sum(len(call.events) for call in calls) == 1
    port = int(desk.server.url.split(":")[2].split("/")[0])
    for call in calls:
        assert (call.kind, call.trace, call.parent) == ("client", TRACE, run.id)
        assert run.began <= call.began < call.ended <= run.ended
        expected = {
            "server.address": "127.0.0.1",
            "server.port": port,
            "gen_ai.request.temperature": 0.2,
            "gen_ai.request.max_tokens": 12,
            "gen_ai.usage.cache_read.input_tokens": 2,
            "promptops.prompt": "greet",
        }
        assert expected.items() <= call.attributes.items()


def test_its_metrics_are_those_of_its_report(desk: Desk) -> None:
    report = desk.first.report
    tokens = {
        point.attributes["gen_ai.token.type"]: point.value
        for point in desk.collector.metric("gen_ai.client.token.usage")
    }
    for kind in ("input", "output"):
        told = [report[arm]["tokens"][kind] for arm in ("candidate", "baseline")]
        assert tokens[kind] == sum(told) > 0
    (retries,) = desk.collector.metric("promptops.retries")
    assert retries.value == report["calls"]["retried"] == 1
    (samples,) = desk.collector.metric("promptops.samples")
    assert samples.value == report["candidate"]["samples"] + report["baseline"]["samples"]
    assert samples.attributes["promptops.sample.source"] == "made"
    (verdicts,) = desk.collector.metric("promptops.verdicts")
    assert verdicts.attributes["promptops.verdict"] == report["verdict"]


def test_nothing_that_was_said_and_no_key_is_in_any_byte(desk: Desk) -> None:
    sent = desk.collector.sent
    assert {each.headers["x-ficta"] for each in sent} == {HEADER}
    assert HEADER.encode() not in b"".join(each.body for each in sent)
    said = ["Be polite", "Be brief", "Greet Ana", "Welcome", "dear", "Ana Ficta", "Bo Example"]
    secrets = [KEY, base64.b64encode(KEY.encode()).decode().rstrip("="), quote(KEY, safe="")]
    for word in [*said, *secrets]:
        assert word.encode() not in desk.collector.bytes, word
    assert desk.collector.spans[0].attributes["gen_ai.response.model"] == "pear [redacted]"


def test_answers_that_the_store_has_are_no_calls(desk: Desk) -> None:
    with Collector() as collector:
        ended = desk.again(**collector.environ)
    assert ended.report["calls"]["made"] == 0
    (run,) = collector.spans
    assert run.attributes["promptops.samples.cached"] == ended.report["calls"]["cached"] > 0
    assert not collector.metric("gen_ai.client.operation.duration")
    assert "litellm" not in ended.modules


@pytest.mark.parametrize("off", [False, True])
def test_unasked_nothing_is_imported_and_no_thread_started(desk: Desk, off: bool) -> None:
    """With calls to make, the client below may not import it either."""
    if off:
        address = {"OTEL_EXPORTER_OTLP_ENDPOINT": NOBODY}
        ended = desk.again(OTEL_SDK_DISABLED="true", **address)
    else:
        ended = desk.again(model="openai/pear-3")
        assert ended.report["calls"]["made"] > 0
        assert "litellm" in ended.modules
    assert ended.told == []
    assert "promptops.telemetry.otlp" not in ended.modules
    assert not {name for name in ended.modules if name.split(".")[0] == "opentelemetry"}
    assert not [name for name in ended.threads if "otel" in name.lower()]


def test_without_the_extra_the_run_goes_on_with_one_note(desk: Desk) -> None:
    with Collector() as collector:
        ended = desk.again(probe=WITHOUT_THE_EXTRA, **collector.environ)
    assert ended.told == [
        "telemetry is configured and cannot be sent without: pip install 'promptops[otel]'"
    ]
    assert (ended.code, ended.report["verdict"]) == (desk.first.code, desk.first.report["verdict"])
    assert collector.sent == []


@pytest.mark.parametrize("fault", ["gone", "silent", "refusing"])
def test_a_collector_that_takes_nothing_changes_nothing_but_a_note(desk: Desk, fault: str) -> None:
    without = desk.again()
    with Collector(silent=fault == "silent", status=500) as collector:
        address = NOBODY if fault == "gone" else collector.url
        headers = f"x-ficta={HEADER},{HEADER}"  # of which the second is wrong
        ended = desk.again(OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_EXPORTER_OTLP_HEADERS=headers)
    (note,) = ended.told
    assert f"1 of 1 spans did not reach {address} " in note
    assert ended.rest == without.rest  # nothing of what the SDK logs, which quotes the header
    assert (ended.code, ended.report["verdict"]) == (without.code, without.report["verdict"])
    assert ended.report["calls"] == without.report["calls"]
    assert ended.seconds < without.seconds + 8


def test_calls_are_made_all_the_same_where_nobody_is_told_of_them(desk: Desk) -> None:
    ended = desk.again(model="openai/pear-4", OTEL_EXPORTER_OTLP_ENDPOINT=NOBODY)
    made = ended.report["calls"]["made"]
    assert made > 0
    assert ended.told == [
        f"telemetry: {made + 1} of {made + 1} spans did not reach {NOBODY} (ConnectionError)"
    ]
    assert ended.report["verdict"] == desk.first.report["verdict"]
