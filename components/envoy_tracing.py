"""Spans of requests for an OpenTelemetry collector: which one, how long, how it ended; no prompt, no key, no query."""

from dataclasses import dataclass
from typing import Any

from components import envoy_clusters
from components.connections import Pods

Json = dict[str, Any]

_CLUSTER = "traces"
_CONFIG = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"


@dataclass(frozen=True, kw_only=True)
class Tracing:
    """A collector's OTLP port for gRPC, and which share of the requests it is told of, in percent. A
    request that comes with a trace of its own (`traceparent`) follows that one's decision. `pods`: the
    collector's, if it is the region's own. `networks`: ranges that it is in, if it is no Service of the cluster; none:
    the internet."""

    host: str
    port: int = 4317
    percent: float = 1.0
    networks: tuple[str, ...] = ()
    pods: Pods | None = None

    def __post_init__(self) -> None:
        if not 0 < self.percent <= 100:
            raise ValueError(f"Tracing.percent: {self.percent} is not allowed: more than 0, at most 100")


def manager(tracing: Tracing | None) -> Json:
    """Fields of the HTTP connection manager."""
    if tracing is None:
        return {}
    return {
        "tracing": {
            "random_sampling": {"value": tracing.percent},
            "spawn_upstream_span": True,
            "custom_tags": [{"tag": "http.url", "value": "%PATH(NQ:PATH)%"}],
            "provider": {
                "name": "envoy.tracers.opentelemetry",
                "typed_config": {
                    "@type": _CONFIG,
                    "grpc_service": {"envoy_grpc": {"cluster_name": _CLUSTER}, "timeout": "1s"},
                    "service_name": "open-autoglm-gateway",
                },
            },
        }
    }


def clusters(tracing: Tracing | None) -> list[Json]:
    """Where the collector is. One that is down costs spans, and no request waits for it."""
    if tracing is None:
        return []
    return [envoy_clusters.service(_CLUSTER, tracing.host, tracing.port, connect_timeout="1s", grpc=True)]
