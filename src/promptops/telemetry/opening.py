"""Opening what observes runs: OpenTelemetry where an exporter is configured, else nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from promptops.telemetry.destinations import destinations
from promptops.values.observing import Observer, unobserved

MISSING = "telemetry is configured and cannot be sent without: pip install 'promptops[otel]'"


def open_observer(
    environ: Mapping[str, str], tell: Callable[[str], None], redact: Callable[[str], str]
) -> Observer:
    """Who observes the runs of this process; close it in any case. Never raises.

    `environ` says whether and where anything is sent; the exporter takes what else it needs
    (headers, certificates, sampling) from the process's own.  `tell` shows a line to a person, of
    what cannot be done and of what did not arrive.  `redact` takes secrets out of what providers
    say of themselves.
    """
    found = destinations(environ)
    for line in found.refused:
        tell(line)
    if not found:
        return unobserved
    try:
        otlp = importlib.import_module("promptops.telemetry.otlp")
    except ImportError:
        tell(MISSING)
        return unobserved
    try:
        observer: Observer = otlp.Telemetry(found, environ, tell, redact)
    except Exception as error:  # noqa: BLE001  # whatever its settings are refused for
        # Of other errors the words are not known, and could hold a header.
        why = str(error) if type(error) is ValueError else type(error).__name__
        tell(f"telemetry is off, because its settings are refused: {redact(why)}")
        return unobserved
    return observer
