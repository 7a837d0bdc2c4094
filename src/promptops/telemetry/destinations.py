"""Where traces and metrics go, by OpenTelemetry's own variables; nothing is imported to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT = "http://localhost:4318"
_SPOKEN = "http/protobuf"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Full addresses, None for what is not sent; and what was asked for and cannot be done."""

    traces: str | None = None
    metrics: str | None = None
    refused: tuple[str, ...] = ()
    """In words, one line each."""

    def __bool__(self) -> bool:
        return bool(self.traces or self.metrics)


def destinations(environ: Mapping[str, str]) -> Destinations:
    """What the environment configures; an empty variable counts as none.

    Source: OpenTelemetry specification, "Environment Variable Specification" and "OTLP Exporter".
    """
    if _get(environ, "OTEL_SDK_DISABLED").lower() == "true":
        return Destinations()
    refused: list[str] = []
    traces = _destination(environ, "traces", refused)
    metrics = _destination(environ, "metrics", refused)
    return Destinations(traces, metrics, tuple(dict.fromkeys(refused)))


def shown(address: str) -> str:
    """An address as it may be shown: scheme, host and port; the rest may hold secrets."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _destination(environ: Mapping[str, str], signal: str, refused: list[str]) -> str | None:
    """The address of `traces` or `metrics`."""
    wanted = f"OTEL_{signal.upper()}_EXPORTER"
    exporters = {each.strip().lower() for each in _get(environ, wanted).split(",")} - {""}
    own, general = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
    name = own if _get(environ, own) else general
    address = _get(environ, name)
    if "none" in exporters or not (exporters or address):
        return None
    if unknown := sorted(exporters - {"otlp"}):
        names = ", ".join(unknown)
        refused.append(f"telemetry: {wanted} names {names}; only otlp and none are known here")
    if exporters and "otlp" not in exporters:
        return None
    if problem := _unspoken(environ, signal):
        refused.append(problem)
        return None
    if not address:
        return f"{_DEFAULT}/v1/{signal}"
    if not address.lower().startswith(("http://", "https://")) or not _has_host(address):
        refused.append(f"telemetry: {name} is no http:// or https:// address, so nothing is sent")
        return None
    return address if name == own else f"{address.rstrip('/')}/v1/{signal}"


def _unspoken(environ: Mapping[str, str], signal: str) -> str | None:
    """Why the protocol that is asked for cannot be spoken."""
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    name = own if _get(environ, own) else "OTEL_EXPORTER_OTLP_PROTOCOL"
    protocol = _get(environ, name).lower()
    if protocol in {"", _SPOKEN}:
        return None
    return f"telemetry: {name}={protocol} is not spoken here, only {_SPOKEN} is (port 4318)"


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _get(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()
