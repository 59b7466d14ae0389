"""Where a request's time went, for a collector of OpenTelemetry. Off, and nothing imported, until one is named."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Protocol

from autoglm_serving.timeline import Phase

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""OpenTelemetry's own environment variables, which a collector's operator sets in pods."""

Attributes = Mapping[str, str | int | float]


class Timed(Protocol):
    """Times of a piece of work, in seconds on `clock`."""

    @property
    def arrived(self) -> float: ...

    @property
    def clock(self) -> Callable[[], float]: ...

    def phases(self) -> Iterable[Phase]: ...


class Trace(Protocol):
    """One request, by HTTP or gRPC. For the event loop's thread."""

    @property
    def trace_id(self) -> str | None:
        """32 hexadecimal digits; None when it is off."""

    def work(self, name: str, timeline: Timed, attributes: Attributes) -> None:
        """A piece of work within it has ended, in whatever way."""

    def end(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        """`name` is the better one that is known by now; `failed` when the server is at fault."""


class Tracer(Protocol):
    def begin(self, name: str, attributes: Attributes, headers: Mapping[str, str]) -> Trace:
        """A request has come; its trace goes on where the header `traceparent` says."""

    def close(self) -> None:
        """Send what is left, within a few seconds."""


class _Off:
    trace_id = None

    def begin(self, name: str, attributes: Attributes, headers: Mapping[str, str]) -> Trace:
        return self

    def work(self, name: str, timeline: Timed, attributes: Attributes) -> None: ...

    def end(self, name: str, attributes: Attributes, *, failed: bool) -> None: ...

    def close(self) -> None: ...


OFF = _Off()


def tracer(endpoint: str | None, environment: Mapping[str, str]) -> Tracer:
    """`endpoint` is the collector's URL, as http://collector:4318/v1/traces; None asks the environment."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if disabled or not (endpoint or any(environment.get(name) for name in ENDPOINTS)):
        return OFF
    from autoglm_serving.tracing.otlp import OtlpTracer

    return OtlpTracer(endpoint)


def attach(scope: MutableMapping[str, Any], trace: Trace) -> None:
    scope.setdefault("state", {})["trace"] = trace


def of(scope: Mapping[str, Any]) -> Trace:
    """The trace of the request that an ASGI scope belongs to."""
    found: Trace = scope.get("state", {}).get("trace", OFF)
    return found
