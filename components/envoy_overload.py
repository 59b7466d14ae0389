"""What the gateway does before its container's memory limit would kill it, and every open stream with it."""

from typing import Any

Json = dict[str, Any]

_MONITORS = "type.googleapis.com/envoy.extensions.resource_monitors"
_MAX_CONNECTIONS = 4096


def manager(heap: int) -> Json:
    """`heap`: bytes that Envoy may use. Nearly there, it gives memory back, then answers new requests with 503."""
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.fixed_heap",
                "typed_config": {
                    "@type": f"{_MONITORS}.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": heap,
                },
            },
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{_MONITORS}.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": _MAX_CONNECTIONS,
                },
            },
        ],
        "actions": [
            _at("envoy.overload_actions.shrink_heap", 0.9),
            _at("envoy.overload_actions.stop_accepting_requests", 0.95),
        ],
    }


def _at(action: str, share: float) -> Json:
    return {
        "name": action,
        "triggers": [{"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": share}}],
    }
