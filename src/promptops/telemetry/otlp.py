"""The one file that knows OpenTelemetry: runs and calls into spans and metrics, over OTLP/HTTP.

Calls are told of when they are over, so that nothing here is awaited; threads of the SDK send them
in batches.  Nothing is set globally, so no other library joins in.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import NoOpTracerProvider, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace import set_span_in_context as within
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import promptops
from promptops.telemetry import attributes
from promptops.telemetry.attributes import Redact
from promptops.telemetry.destinations import Destinations, shown
from promptops.telemetry.line import Line
from promptops.telemetry.measures import Measures
from promptops.values.observing import Called
from promptops.values.report import Report
from promptops.values.response import Failure

FLUSH_SECONDS = 2.0
"""How long the end of a process waits for what is not sent yet."""
_POLL_SECONDS = 0.02
_NANO = 1_000_000_000


class Telemetry:
    """Observes runs, and sends what it saw to a collector."""

    def __init__(
        self,
        to: Destinations,
        environ: Mapping[str, str],
        tell: Callable[[str], None],
        redact: Redact,
    ) -> None:
        """Raises ValueError, or whatever else the SDK raises, where its variables are wrong."""
        _quiet()
        self._tell = tell
        self._redact = lru_cache(maxsize=256)(redact)
        self._parent = _parent(environ)
        self._runs: dict[str, tuple[Span, Context]] = {}
        self._spans = 0
        self._exporter: _SpanExporter | None = None
        self._signals: list[_Signal] = []
        named = {"service.name": "promptops", "service.version": promptops.__version__}
        resource = Resource.create(named | dict(OTELResourceDetector().detect().attributes))
        self._tracer = self._open_tracer(to.traces, resource)
        self._measures = Measures(self._open_meter(to.metrics, resource))

    def _open_tracer(self, address: str | None, resource: Resource) -> Tracer:
        if address is None:
            return NoOpTracerProvider().get_tracer("promptops")
        line = Line()
        self._exporter = _SpanExporter(address, session=line)
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._signals.append(_Signal(address, line, provider.shutdown, self._exporter.shutdown))
        return provider.get_tracer("promptops", promptops.__version__, attributes.SCHEMA)

    def _open_meter(self, address: str | None, resource: Resource) -> Meter:
        if address is None:
            return NoOpMeterProvider().get_meter("promptops")
        line = Line()
        exporter = OTLPMetricExporter(address, session=line)
        reader = PeriodicExportingMetricReader(exporter)
        provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._signals.append(_Signal(address, line, provider.shutdown, exporter.shutdown))
        return provider.get_meter("promptops", promptops.__version__, attributes.SCHEMA)

    @contextmanager
    def run(self, run: str, suite: str) -> Iterator[None]:
        """The span of a run: of the trace that the environment names, where it names one."""
        suite = attributes.plain(suite)
        span = self._tracer.start_span(
            f"promptops.eval {suite}",
            self._parent,
            attributes={"promptops.suite": suite, "promptops.run": run},
        )
        self._spans += span.is_recording()
        self._runs[run] = span, within(span, self._parent)
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            del self._runs[run]
            span.end()

    def call(self, called: Called) -> None:
        """The span of a call, under that of its run, and what is measured of it."""
        self._measures.call(called, self._redact)
        _, context = self._runs.get(called.account.run, (None, self._parent))
        # The engine's clock is one that nobody sets; what it reads now says where it stands.
        offset = time.time_ns() - time.monotonic_ns()
        attempts, last = called.attempts, called.attempts[-1]
        span = self._tracer.start_span(
            f"{attributes.operation(called)} {attributes.model_name(called)}",
            context,
            SpanKind.INTERNAL if called.peer.inside else SpanKind.CLIENT,
            attributes.of_call(called, self._redact),
            start_time=offset + int(attempts[0].began * _NANO),
        )
        self._spans += span.is_recording()
        for number, attempt in enumerate(attempts[:-1], 1):
            span.add_event(
                "promptops.attempt_failed",
                attributes.of_attempt(number, attempt),
                offset + int(attempt.ended * _NANO),
            )
        if isinstance(last.outcome, Failure):
            span.set_status(StatusCode.ERROR)  # what it said may quote anything
        span.end(offset + int(last.ended * _NANO))

    def report(self, report: Report) -> None:
        """What a run came to, on its span, and counted."""
        self._measures.report(report)
        if report.run in self._runs:
            self._runs[report.run][0].set_attributes(attributes.of_report(report))

    def close(self) -> None:
        """Send what is left, for two seconds at most, and not where nobody is there."""
        signals, self._signals = self._signals, []
        if not signals:
            return
        threads = [threading.Thread(target=each.finish, daemon=True) for each in signals]
        for thread in threads:
            thread.start()
        until = time.monotonic() + FLUSH_SECONDS
        for signal, thread in zip(signals, threads, strict=True):
            while thread.is_alive() and time.monotonic() < until and not signal.line.down:
                thread.join(_POLL_SECONDS)
        late = [
            signal for signal, thread in zip(signals, threads, strict=True) if thread.is_alive()
        ]
        for signal in late:
            signal.give_up()  # wakes a thread that waits to try again
        self._tell_lost(signals, late)

    def _tell_lost(self, signals: Sequence[_Signal], late: Sequence[_Signal]) -> None:
        """One line of what did not arrive."""
        lost = [each for each in signals if each.line.trouble or each in late]
        missing = self._spans - self._exporter.delivered if self._exporter else 0
        if not lost and not missing:
            return
        blamed = lost[0] if lost else signals[0]
        why = blamed.line.trouble or f"not within {FLUSH_SECONDS:g} s"
        what = f"{missing:,} of {self._spans:,} spans" if missing else "metrics"
        self._tell(f"telemetry: {what} did not reach {shown(blamed.address)} ({why})")


@dataclass(frozen=True, slots=True)
class _Signal:
    """Traces or metrics, on their way."""

    address: str
    line: Line
    finish: Callable[[], object]
    """Sends what is left and ends; waits as long as it takes."""
    give_up: Callable[[], object]


class _SpanExporter(OTLPSpanExporter):
    """Counts what arrived."""

    delivered = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        if result is SpanExportResult.SUCCESS:
            self.delivered += len(spans)
        return result


def _parent(environ: Mapping[str, str]) -> Context:
    """The span that started this process, as a build does.

    Source: OpenTelemetry specification, "Environment Variables as Context Propagation Carriers".
    """
    names = ("traceparent", "tracestate")
    carrier = {name: environ[name.upper()] for name in names if environ.get(name.upper())}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _quiet() -> None:
    """The SDK logs what fails: that would fall into the live line, and may quote a header."""
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
