"""Spans and metrics as they arrive at a collector."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest

import promptops
from promptops.telemetry import otlp
from promptops.telemetry.opening import open_observer
from promptops.values.observing import Called, Observer, Peer, Unobserved
from promptops.values.response import Failure
from tests.unit.telemetry.collector import Collector
from tests.unit.telemetry.told import ANSWER, RUN, SAID, called, limited, report, response

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch):
    """The exporter reads the process's own environment, and a busy machine takes its time."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(otlp, "FLUSH_SECONDS", 30.0)


@pytest.fixture
def told() -> list[str]:
    return []


@contextmanager
def observing(environ, told: list[str] | None = None):
    lines: list[str] = [] if told is None else told
    observer = open_observer(environ, lines.append, str)
    try:
        yield observer
    finally:
        observer.close()
    assert told is not None or lines == []


def one_run(observer: Observer, *calls: Called) -> None:
    with observer.run(RUN, "orchard"):
        for call in calls or (called(),):
            observer.call(call)
        observer.report(report())


def send(environ, *calls: Called) -> None:
    with observing(environ) as observer:
        one_run(observer, *calls)


# -- spans


def test_a_run_has_a_span_and_its_calls_stand_below_it():
    with Collector() as collector:
        send(collector.environ, called(), called(purpose="judge"))
    first, second, run = collector.spans
    assert (run.name, run.kind, run.parent) == ("promptops.eval orchard", "internal", "")
    assert run.attributes["promptops.run"] == RUN
    assert run.attributes["promptops.verdict"] == "regressed"
    assert not run.failed  # a regression is no error of the run
    for call in (first, second):
        assert (call.name, call.kind) == ("chat pear-2", "client")
        assert (call.trace, call.parent) == (run.trace, run.id)
        assert call.scope == ("promptops", promptops.__version__, collector.spans[0].scope[2])
        assert call.scope[2].endswith("/1.41.0")
    assert second.attributes["promptops.purpose"] == "judge"
    assert first.attributes["gen_ai.usage.input_tokens"] == 40
    assert first.attributes["gen_ai.response.finish_reasons"] == ["stop"]


def test_a_call_that_was_tried_again_is_one_span_over_all_its_attempts():
    with Collector() as collector:
        send(collector.environ, called(limited(), Failure("timeout", SAID), response()))
    call, _ = collector.spans
    assert call.seconds == pytest.approx(2.0)  # three attempts and two pauses
    assert call.attributes["promptops.retries"] == 2
    assert not call.failed
    assert "error.type" not in call.attributes
    events = [
        (name, found["error.type"], found["promptops.attempt"]) for name, found in call.events
    ]
    assert events == [
        ("promptops.attempt_failed", "rate_limited", 1),
        ("promptops.attempt_failed", "timeout", 2),
    ]


def test_a_span_stands_at_the_time_of_the_call():
    began = time.monotonic()
    attempt = called().attempts[0]._replace(began=began - 3, ended=began - 1)
    before = time.time_ns()
    with Collector() as collector:
        send(collector.environ, called()._replace(attempts=[attempt]))
    call, _ = collector.spans
    assert call.seconds == pytest.approx(2.0)
    assert abs(call.ended - (before - 1_000_000_000)) < 500_000_000


def test_a_call_that_is_given_up_failed_and_its_words_stay_here():
    with Collector() as collector:
        send(collector.environ, called(limited(), Failure("overloaded", SAID, status=503)))
    call, run = collector.spans
    assert (call.failed, call.message) == (True, "")
    assert call.attributes["error.type"] == "overloaded"
    assert call.attributes["http.response.status_code"] == 503
    assert not run.failed


def test_a_model_inside_the_process_is_no_client():
    with Collector() as collector:
        send(collector.environ, called(peer=Peer("embedded", inside=True)))
    call, _ = collector.spans
    assert call.kind == "internal"


def test_a_run_that_is_broken_off_says_by_what_and_not_in_which_words():
    with (
        Collector() as collector,
        pytest.raises(RuntimeError),
        observing(collector.environ) as observer,
        observer.run(RUN, "orchard"),
    ):
        raise RuntimeError(SAID)
    (run,) = collector.spans
    assert (run.failed, run.message, run.events) == (True, "", [])
    assert run.attributes["error.type"] == "RuntimeError"


def test_a_run_belongs_to_the_trace_that_started_the_process():
    with Collector() as collector:
        send({**collector.environ, "TRACEPARENT": f"00-{TRACE}-{PARENT}-01"})
    call, run = collector.spans
    assert (run.trace, run.parent) == (TRACE, PARENT)
    assert (call.trace, call.parent) == (TRACE, run.id)


@pytest.mark.parametrize("traceparent", ["", "00-nonsense", f"00-{'0' * 32}-{PARENT}-01"])
def test_what_names_no_trace_starts_one(traceparent):
    with Collector() as collector:
        send({**collector.environ, "TRACEPARENT": traceparent})
    _, run = collector.spans
    assert run.parent == ""
    assert run.trace not in {"", "0" * 32}


def test_a_trace_that_is_not_sampled_is_not_sent_and_metrics_are():
    with Collector() as collector:
        send({**collector.environ, "TRACEPARENT": f"00-{TRACE}-{PARENT}-00"})
    assert collector.spans == []
    assert collector.metric("gen_ai.client.operation.duration")


def test_two_runs_are_two_spans_of_one_trace_where_the_process_has_one():
    with Collector() as collector:
        environ = {**collector.environ, "TRACEPARENT": f"00-{TRACE}-{PARENT}-01"}
        with observing(environ) as observer:
            one_run(observer)
            with observer.run("other", "pond"):
                observer.call(called(run="other", suite="pond"))
    first, orchard, second, pond = collector.spans
    assert {each.trace for each in collector.spans} == {TRACE}
    assert (first.parent, second.parent) == (orchard.id, pond.id)
    assert pond.name == "promptops.eval pond"


def test_the_resource_says_which_service_and_version(monkeypatch):
    with Collector() as collector:
        send(collector.environ)
        resource = collector.spans[0].resource
        assert resource["service.name"] == "promptops"
        assert resource["service.version"] == promptops.__version__
        assert not [name for name in resource if name.startswith(("process", "host"))]
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=orchard,service.name=other")
    with Collector() as collector:
        send(collector.environ)
        resource = collector.spans[0].resource
        assert (resource["service.name"], resource["team"]) == ("nightly", "orchard")


def test_thousands_of_calls_all_arrive():
    with Collector() as collector:
        with observing(collector.environ) as observer, observer.run(RUN, "orchard"):
            for number in range(6):
                for _ in range(500):
                    observer.call(called())
                collector.wait(number)  # as calls that take a while do, leave it time to send
        assert len(collector.spans) == 3001


# -- metrics


def test_tokens_and_seconds_are_measured_as_the_conventions_say():
    with Collector() as collector:
        send(collector.environ, called(), called(limited(), response()), called(limited()))
    tokens = {
        point.attributes["gen_ai.token.type"]: point
        for point in collector.metric("gen_ai.client.token.usage")
    }
    assert {name: (each.value, each.count) for name, each in tokens.items()} == {
        "input": (80, 2),
        "output": (18, 2),
    }
    assert tokens["input"].unit == "{token}"
    assert tokens["input"].bounds == [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    ]  # fmt: skip
    assert tokens["input"].attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "pear-2",
        "gen_ai.response.model": "pear-2-2030-01-01",
        "gen_ai.token.type": "input",
        "server.address": "models.ficta.example",
        "server.port": 8443,
    }
    good, bad = sorted(
        collector.metric("gen_ai.client.operation.duration"),
        key=lambda point: "error.type" in point.attributes,
    )
    assert (good.unit, good.count) == ("s", 2)
    assert good.value == pytest.approx(0.5 + 1.25)  # the second one with its pause
    assert good.bounds == pytest.approx(
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
    )
    assert (bad.count, bad.attributes["error.type"]) == (1, "rate_limited")


def test_money_retries_samples_and_verdicts_are_counted():
    calls = [
        called(),
        called(),
        called(purpose="judge"),
        called(limited(), limited(), response(cost_usd=None)),
        called(response(cost_usd=0.0)),
    ]
    with Collector() as collector:
        send(collector.environ, *calls)
    cost = {
        point.attributes["promptops.purpose"]: point.value
        for point in collector.metric("promptops.cost")
    }
    assert cost == pytest.approx({"sample": 0.005, "judge": 0.0025})
    (unpriced,) = collector.metric("promptops.calls.unpriced")
    assert unpriced.value == 1
    (retries,) = collector.metric("promptops.retries")
    assert (retries.value, retries.attributes["error.type"]) == (2, "rate_limited")
    samples = {
        point.attributes["promptops.sample.source"]: point.value
        for point in collector.metric("promptops.samples")
    }
    assert samples == {"made": 28, "cached": 8, "shared": 4}
    (verdicts,) = collector.metric("promptops.verdicts")
    assert (verdicts.value, verdicts.attributes["promptops.verdict"]) == (1, "regressed")


def test_no_label_of_a_metric_grows_with_the_runs():
    with Collector() as collector:
        send(collector.environ)
    assert not [point for point in collector.points if RUN in map(str, point.attributes.values())]


# -- where it goes


@pytest.mark.parametrize("signal", ["traces", "metrics"])
def test_one_signal_alone(signal):
    with Collector() as collector:
        send({f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT": f"{collector.url}/v1/{signal}"})
        assert collector.paths() == {f"/v1/{signal}"}
        assert collector.spans or collector.points


def test_headers_are_sent_and_never_shown(monkeypatch, capfd, told):
    secret = "ficta-0123456789-secret"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-ficta={secret},{secret}")  # one is wrong
    with Collector(status=401) as collector:
        with observing(collector.environ, told) as observer:
            one_run(observer)
        assert {sent.headers["x-ficta"] for sent in collector.sent} == {secret}
        assert all(secret.encode() not in sent.body for sent in collector.sent)
    assert told == [f"telemetry: 2 of 2 spans did not reach {collector.url} (HTTP 401)"]
    assert capfd.readouterr() == ("", "")


def test_nothing_that_was_said_is_in_any_byte():
    with Collector() as collector:
        send(collector.environ, called(), called(limited(), response()), called(limited()))
        assert len(collector.sent) == 2
        assert SAID.encode() not in collector.bytes
        assert ANSWER.encode() not in collector.bytes


# -- where nobody takes it


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_collector_that_refuses_is_named_once(status, told, capfd):
    with Collector(status=status) as collector:
        began = time.monotonic()
        with observing(collector.environ, told) as observer:
            one_run(observer)
        assert time.monotonic() - began < otlp.FLUSH_SECONDS + 3
    assert told == [f"telemetry: 2 of 2 spans did not reach {collector.url} (HTTP {status})"]
    assert capfd.readouterr() == ("", "")


def test_nobody_there_is_not_waited_for(told, capfd):
    with Collector() as collector:
        gone = collector.environ
    with observing(gone, told) as observer:
        one_run(observer)
        began = time.monotonic()
    assert time.monotonic() - began < otlp.FLUSH_SECONDS
    assert told == [f"telemetry: 2 of 2 spans did not reach {collector.url} (ConnectionError)"]
    assert capfd.readouterr() == ("", "")


def test_one_that_never_answers_is_waited_for_two_seconds(told, capfd, monkeypatch):
    monkeypatch.setattr(otlp, "FLUSH_SECONDS", 2.0)
    with Collector(silent=True) as collector:
        with observing(collector.environ, told) as observer:
            one_run(observer)
            began = time.monotonic()
        took = time.monotonic() - began
    assert otlp.FLUSH_SECONDS <= took < otlp.FLUSH_SECONDS + 3
    assert told == [f"telemetry: 2 of 2 spans did not reach {collector.url} (not within 2 s)"]
    assert capfd.readouterr() == ("", "")


def test_metrics_alone_may_be_lost(told):
    with Collector() as good, Collector(status=404) as bad:
        environ = {
            **good.environ,
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{bad.url}/v1/metrics?key=hidden",
        }
        with observing(environ, told) as observer:
            one_run(observer)
        assert len(good.spans) == 2
    assert told == [f"telemetry: metrics did not reach {bad.url} (HTTP 404)"]


def test_closing_twice_is_closing_once(told):
    with Collector(status=401) as collector:
        with observing(collector.environ, told) as observer:
            one_run(observer)
            observer.close()
            sent = len(collector.sent)
        assert len(collector.sent) == sent
    assert len(told) == 1


def test_no_thread_outlives_it():
    before = set(threading.enumerate())
    with Collector() as collector:
        send(collector.environ)
    assert set(threading.enumerate()) <= before


# -- what cannot be opened


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (("OTEL_BSP_MAX_QUEUE_SIZE", "-1"), "max_queue_size must be a positive integer"),
        (("OTEL_METRIC_EXPORT_INTERVAL", "0"), "is invalid"),
    ],
)
def test_settings_that_the_sdk_refuses_switch_it_off(setting, said, monkeypatch, told, capfd):
    monkeypatch.setenv(*setting)
    with Collector() as collector, observing(collector.environ, told) as observer:
        assert isinstance(observer, Unobserved)
        one_run(observer)
    (line,) = told
    assert line.startswith("telemetry is off, because its settings are refused: ")
    assert said in line
    assert capfd.readouterr() == ("", "")


def test_what_is_refused_is_told_and_the_rest_is_sent(told):
    with Collector() as collector:
        environ = {**collector.environ, "OTEL_METRICS_EXPORTER": "prometheus"}
        with observing(environ, told) as observer:
            one_run(observer)
        assert collector.paths() == {"/v1/traces"}
    assert told == [
        "telemetry: OTEL_METRICS_EXPORTER names prometheus; only otlp and none are known here"
    ]


def test_nothing_configured_is_nothing_opened(told):
    opened: Callable[..., Observer] = open_observer
    assert isinstance(opened({}, told.append, str), Unobserved)
    assert told == []
