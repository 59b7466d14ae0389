"""Spans by OpenTelemetry's SDK: the request, each piece of work in it, and the phases of that."""

import os
import threading
import time
from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from autoglm_serving import __version__
from autoglm_serving.tracing import Attributes, Timed

CLOSE_SECONDS = 3.0
"""At the end of the process; the pod's grace has 10 s for all of it."""


class OtlpTracer:
    """Sends in the background and drops what a collector that is away does not take. The SDK's environment variables
    hold: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, …"""

    def __init__(self, endpoint: str | None) -> None:
        os.environ.setdefault("OTEL_SERVICE_NAME", "autoglm-serving")
        self._provider = TracerProvider(
            resource=Resource.create({"service.version": __version__}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("autoglm_serving", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, name: str, attributes: Attributes, headers: Mapping[str, str]) -> "OtlpTrace":
        parent = self._propagator.extract(dict(headers), Context())
        return OtlpTrace(self._tracer, self._tracer.start_span(name, parent, SpanKind.SERVER, attributes))

    def close(self) -> None:
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


class OtlpTrace:
    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._context = set_span_in_context(span, Context())
        self.trace_id = format_trace_id(span.get_span_context().trace_id)

    def work(self, name: str, timeline: Timed, attributes: Attributes) -> None:
        """Spans are made when all is over: their times are the timeline's, and a running answer pays nothing."""
        # Wall clock minus monotonic clock, in nanoseconds: spans have the time of day.
        offset = time.time_ns() - int(timeline.clock() * 1e9)
        span = self._tracer.start_span(
            name, self._context, SpanKind.INTERNAL, attributes, start_time=offset + int(timeline.arrived * 1e9)
        )
        within = set_span_in_context(span, Context())
        for phase in timeline.phases():
            part = self._tracer.start_span(phase.name, within, start_time=offset + int(phase.start * 1e9))
            part.end(offset + int(phase.end * 1e9))
        span.end()

    def end(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        self._span.update_name(name)
        self._span.set_attributes(dict(attributes))
        if failed:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()
