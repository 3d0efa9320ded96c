"""Traces by OpenTelemetry, where the variables OTEL_… of the environment name a collector that takes OTLP over HTTP.

Requests are traced by FastAPI, batches by `run.tracing`; this is where their spans go. Needs `batchcast[otel]`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping

from batchcast.run.tracing import use_tracer, wanted_trace

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OURS = "http/protobuf"
_SECONDS_TO_SEND = 2.0  # what is left at the end
_QUERY = "url.query"  # holds what people filter by, and what a provider of identities sends back

_log = logging.getLogger(__name__)


def is_asked_for(environment: Mapping[str, str]) -> bool:
    """Whether the variables of an environment have traces sent."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return (
        not is_off
        and environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
        and _first(environment, _ENDPOINTS) != ""
    )


def start_tracing(environment: Mapping[str, str] = os.environ) -> Callable[[], None]:
    """Send traces from now on, where that is asked for; what is returned sends the last ones and ends that.

    A server without traces is better than none: where they can't be sent, the log says why.
    """
    if not is_asked_for(environment):
        return _do_nothing
    protocol = _first(environment, _PROTOCOLS) or _OURS
    if protocol != _OURS:
        _log.warning("traces are not sent: the protocol is %s, and only %s is known", protocol, _OURS)
        return _do_nothing
    try:
        from opentelemetry import trace
        from opentelemetry.context import Context
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
    except ImportError as error:
        _log.warning("traces are not sent: %s. Install what they need: pip install 'batchcast[otel]'", error)
        return _do_nothing

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return wanted_trace.get() or super().generate_trace_id()

    class WithoutQueries(SpanProcessor):
        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            if span.attributes and _QUERY in span.attributes:
                span.set_attribute(_QUERY, "REDACTED")

    named = "OTEL_SERVICE_NAME" in environment or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": "batchcast"})
    provider = TracerProvider(resource=resource, id_generator=Ids(), shutdown_on_exit=False)
    provider.add_span_processor(WithoutQueries())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    use_tracer(provider.get_tracer("batchcast"))

    def end() -> None:
        use_tracer(None)
        sending = threading.Thread(target=provider.shutdown, name="last-traces", daemon=True)
        sending.start()
        sending.join(_SECONDS_TO_SEND)

    return end


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _do_nothing() -> None:
    """There is nothing to end."""
