"""A collector on 127.0.0.1 that takes OTLP over HTTP, as protobuf, and keeps what it was sent."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {1: "internal", 3: "client"}


@dataclass(frozen=True)
class Sent:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    """Unpacked."""


@dataclass(frozen=True)
class Span:
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    began: int
    ended: int
    """Nanoseconds since 1970."""
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    failed: bool
    message: str
    resource: dict[str, Any]
    scope: tuple[str, str, str]
    """Name, version and schema."""

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9


@dataclass(frozen=True)
class Point:
    """One data point of a metric."""

    name: str
    unit: str
    attributes: dict[str, Any]
    value: float
    """The sum."""
    count: int = 1
    bounds: list[float] = field(default_factory=list)


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


class Collector:
    """The server; use it as a context manager.

    `status` answers every request; `silent` answers none, until the server is left.
    """

    def __init__(self, *, status: int = 200, silent: bool = False) -> None:
        self.status = status
        self.sent: list[Sent] = []
        self._left = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                headers = {name.lower(): value for name, value in self.headers.items()}
                collector.sent.append(Sent(self.path, headers, body))
                if silent:
                    collector._left.wait(60)
                    self.close_connection = True
                    return
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # whoever sent something may be gone

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "NO_PROXY": "127.0.0.1"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def bytes(self) -> bytes:
        """All that was sent, addresses and headers included."""
        return b"\n".join(
            f"{sent.path} {sorted(sent.headers.items())} ".encode() + sent.body
            for sent in self.sent
        )

    def paths(self) -> set[str]:
        return {sent.path for sent in self.sent}

    @property
    def spans(self) -> list[Span]:
        return list(self._spans())

    @property
    def points(self) -> list[Point]:
        return list(self._points())

    def metric(self, name: str) -> list[Point]:
        return [point for point in self.points if point.name == name]

    def wait(self, paths: int, seconds: float = 20.0) -> None:
        """Until so many requests have come in."""
        until = time.monotonic() + seconds
        while len(self.sent) < paths and time.monotonic() < until:
            time.sleep(0.01)

    def _spans(self) -> Iterator[Span]:
        for sent in self.sent:
            if sent.path != "/v1/traces":
                continue
            for resource in ExportTraceServiceRequest.FromString(sent.body).resource_spans:
                about = _attributes(resource.resource.attributes)
                for part in resource.scope_spans:
                    scope = (part.scope.name, part.scope.version, part.schema_url)
                    for span in part.spans:
                        yield _span(span, about, scope)

    def _points(self) -> Iterator[Point]:
        for sent in self.sent:
            if sent.path != "/v1/metrics":
                continue
            for resource in ExportMetricsServiceRequest.FromString(sent.body).resource_metrics:
                for part in resource.scope_metrics:
                    for metric in part.metrics:
                        yield from _metric(metric)


def _span(span: Any, resource: dict[str, Any], scope: tuple[str, str, str]) -> Span:
    return Span(
        name=span.name,
        kind=KINDS.get(span.kind, str(span.kind)),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        events=[(event.name, _attributes(event.attributes)) for event in span.events],
        failed=span.status.code == 2,
        message=span.status.message,
        resource=resource,
        scope=scope,
    )


def _metric(metric: Any) -> Iterator[Point]:
    for point in metric.histogram.data_points:
        yield Point(
            metric.name,
            metric.unit,
            _attributes(point.attributes),
            point.sum,
            point.count,
            list(point.explicit_bounds),
        )
    for point in metric.sum.data_points:
        value = point.as_double if point.WhichOneof("value") == "as_double" else point.as_int
        yield Point(metric.name, metric.unit, _attributes(point.attributes), value)
