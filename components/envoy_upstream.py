"""The gateway's way to the model servers: who is asked, who is left out, what is tried again."""

from typing import Any

Json = dict[str, Any]

# Only what no model has begun to work on, so that a request that kills its server is not handed to the next one: no
# connection, or an answer with the header that OpenAI's clients heed too (a draining server sends it).
RETRIES: Json = {
    "retry_on": "connect-failure,refused-stream,reset-before-request,retriable-headers",
    "retriable_headers": [{"name": "x-should-retry", "string_match": {"exact": "true"}}],
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    # A server that is dead has the fewest open requests, so it is chosen again and again: 3 were too few (tests/drill).
    "host_selection_retry_max_attempts": 20,
    "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.5s"},
}

# Below the time after which any server closes an idle connection: no request meets a connection that is closing. The
# shortest known is the 5 s of uvicorn's default, which vLLM keeps; the bundled torch engine waits 75 s.
_HTTP: Json = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": "4s"},
        "explicit_http_config": {"http_protocol_options": {}},
    }
}


def cluster(name: str, host: str, port: int, open_at_most: tuple[int, int], choice: Json) -> Json:
    """Every ready pod by the headless Service's DNS: a ClusterIP would hide load, health and ejection of each.

    A pod that drains leaves DNS and keeps its open streams. With less than half of the servers healthy, all are tried.
    `open_at_most`: requests, all of them and those of batches. `choice`: fields that say which pod is asked.
    """
    return {
        "name": name,
        "cluster_type": {
            "name": "envoy.clusters.dns",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
                "dns_refresh_rate": "1s",
                "dns_failure_refresh_rate": {"base_interval": "0.5s", "max_interval": "1s"},
                "dns_lookup_family": "ALL",
            },
        },
        "connect_timeout": "2s",
        **choice,
        "ignore_health_on_host_removal": True,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}}]}
            ],
        },
        "health_checks": [
            {
                "http_health_check": {"path": "/ready"},
                "timeout": "5s",  # a server may be busy; one that drains answers 503, which counts at once
                "interval": "2s",
                "no_traffic_interval": "2s",
                "unhealthy_threshold": 3,
                "healthy_threshold": 1,
            }
        ],
        # Leaves out a server that keeps giving no answer (502, 503, 504, no connection), but at most half of them, so
        # never the last. A 500 does not count: it is one request's own failure, and anyone can send five of those.
        "outlier_detection": {
            "consecutive_gateway_failure": 5,
            "enforcing_consecutive_gateway_failure": 100,
            "enforcing_consecutive_5xx": 0,
            "enforcing_success_rate": 0,
            "interval": "10s",
            "base_ejection_time": "30s",
            "max_ejection_percent": 50,
            "successful_active_health_check_uneject_host": False,  # such a server says that it is ready
        },
        "circuit_breakers": {
            "thresholds": [
                _threshold(priority, most) for priority, most in zip(("HIGH", "DEFAULT"), open_at_most, strict=True)
            ]
        },
        "typed_extension_protocol_options": _HTTP,
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 30, "keepalive_interval": 10}},
    }


def _threshold(priority: str, most: int) -> Json:
    """Requests are what is bounded. Connections, some of them idle, are only kept from running away: a request that
    waits for one is not told that it is one too many."""
    return {
        "priority": priority,
        "max_connections": 4 * most,
        "max_pending_requests": most,
        "max_requests": most,
        "max_retries": 16,
    }
