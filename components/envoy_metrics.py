"""The gateway's third listener, for Prometheus alone: Envoy's statistics, and nothing else of its admin interface."""

from typing import Any

Json = dict[str, Any]

PATH = "/metrics"
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_ROUTE = {
    "match": {"path": PATH, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
    # By upstream cluster: envoy_cluster_upstream_rq_total, _xx, and the histogram _time in ms, as in envoy_traffic.
    "route": {"cluster": "admin", "prefix_rewrite": "/stats/prometheus", "timeout": "10s"},
}


def listener(address: str, port: int) -> Json:
    """Answers /metrics on `port`, from the cluster `admin` of envoy_probes."""
    manager = {
        "@type": _HCM,
        "stat_prefix": "metrics",
        "route_config": {"virtual_hosts": [{"name": "metrics", "domains": ["*"], "routes": [_ROUTE]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": _ROUTER}}],
    }
    return {
        "name": "metrics",
        "address": {"socket_address": {"address": address, "port_value": port}},
        "bypass_overload_manager": True,  # shows how full the memory is
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
