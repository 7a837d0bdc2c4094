"""Where traces and metrics go, by the environment."""

from __future__ import annotations

import pytest

from promptops.telemetry.destinations import Destinations, destinations, shown

HERE = "http://127.0.0.1:4318"
GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
METRICS = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
NOWHERE = Destinations()


@pytest.mark.parametrize(
    ("environ", "traces", "metrics"),
    [
        ({}, None, None),
        ({"OTEL_SERVICE_NAME": "x", "TRACEPARENT": "00-1-1-01"}, None, None),
        ({GENERAL: ""}, None, None),
        ({GENERAL: HERE}, f"{HERE}/v1/traces", f"{HERE}/v1/metrics"),
        ({GENERAL: f"{HERE}/in/"}, f"{HERE}/in/v1/traces", f"{HERE}/in/v1/metrics"),
        ({TRACES: f"{HERE}/as/it/is"}, f"{HERE}/as/it/is", None),
        ({METRICS: f"{HERE}/m"}, None, f"{HERE}/m"),
        ({GENERAL: HERE, TRACES: "https://other/t"}, "https://other/t", f"{HERE}/v1/metrics"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces", None),
        ({"OTEL_METRICS_EXPORTER": "OTLP"}, None, "http://localhost:4318/v1/metrics"),
        ({GENERAL: HERE, "OTEL_TRACES_EXPORTER": "none"}, None, f"{HERE}/v1/metrics"),
        ({GENERAL: HERE, "OTEL_METRICS_EXPORTER": "none"}, f"{HERE}/v1/traces", None),
        ({GENERAL: HERE, "OTEL_SDK_DISABLED": "TRUE"}, None, None),
        (
            {GENERAL: HERE, "OTEL_SDK_DISABLED": "false"},
            f"{HERE}/v1/traces",
            f"{HERE}/v1/metrics",
        ),
        (
            {GENERAL: HERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            f"{HERE}/v1/traces",
            f"{HERE}/v1/metrics",
        ),
    ],
)
def test_what_is_sent_where(environ, traces, metrics):
    found = destinations(environ)
    assert (found.traces, found.metrics, found.refused) == (traces, metrics, ())
    assert bool(found) == bool(traces or metrics)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER names console"),
        ({"OTEL_METRICS_EXPORTER": "prometheus,zipkin"}, "names prometheus, zipkin"),
        ({GENERAL: HERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "PROTOCOL=grpc is not spoken"),
        ({GENERAL: "localhost:4317"}, f"{GENERAL} is no http:// or https:// address"),
        ({GENERAL: "http://"}, f"{GENERAL} is no"),
        ({GENERAL: "http://[::1"}, f"{GENERAL} is no"),
        ({GENERAL: "http://host:port"}, f"{GENERAL} is no"),
        ({TRACES: "unix:///run/otel"}, f"{TRACES} is no"),
    ],
)
def test_what_cannot_be_done_is_said_once_and_nothing_is_sent(environ, named):
    found = destinations(environ)
    assert not found
    (line,) = found.refused
    assert named in line


def test_one_signal_may_be_refused_and_the_other_sent():
    environ = {GENERAL: HERE, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc"}
    found = destinations(environ)
    assert (found.traces, found.metrics) == (f"{HERE}/v1/traces", None)
    assert len(found.refused) == 1


def test_one_of_several_exporters_is_known():
    found = destinations({GENERAL: HERE, "OTEL_TRACES_EXPORTER": "otlp, console"})
    assert found.traces == f"{HERE}/v1/traces"
    assert found.refused == (
        "telemetry: OTEL_TRACES_EXPORTER names console; only otlp and none are known here",
    )


def test_an_address_is_shown_without_what_may_be_secret():
    assert shown("https://ana:s3cret@host:8443/key/abc?token=def#g") == "https://host:8443"
