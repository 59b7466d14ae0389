"""The gateway's second listener, for the kubelet alone: readiness, and a drain that ends when the last stream has.

Envoy exits at once on SIGTERM, its image has no shell, and its admin interface, which can drain, listens on loopback
only and wants POST. So the preStop hook asks `GET /drain`: a few lines of Lua tell the admin interface to fail the
health check (from then on each answer carries `Connection: close`), and answer once no request is open. Then SIGTERM
cuts nobody off.
"""

from typing import Any

Json = dict[str, Any]

READY_PATH = "/ready"
LIVE_PATH = "/live"
DRAIN_PATH = "/drain"
_TICK_PATH = "/tick"
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def drain_script(streams: str, settle_seconds: int) -> str:
    """Lua for `/drain`. `streams`: the gauge of open requests; `settle_seconds`: how long new ones may still arrive.

    Envoy's Lua has no sleep; a call to this listener's own /tick, which the fault filter delays by a second, is one.
    """
    return f"""
function envoy_on_request(handle)
  if handle:headers():get(":path") ~= "{DRAIN_PATH}" then return end
  local function call(cluster, method, path)
    local request = {{[":method"] = method, [":path"] = path, [":authority"] = "drain"}}
    local _, body = handle:httpCall(cluster, request, nil, 5000)
    return body or ""
  end
  call("admin", "POST", "/healthcheck/fail")
  local seconds, open = 0, nil
  repeat
    call("probes", "GET", "{_TICK_PATH}")
    seconds = seconds + 1
    open = string.match(call("admin", "GET", "/stats?filter=^{streams}$"), ": (%d+)")
  until seconds >= {settle_seconds} and open == "0"
  handle:respond({{[":status"] = "200"}}, "drained\\n")
end
"""


def listener(address: str, port: int, streams: str, settle_seconds: int) -> Json:
    """Answers /ready and /drain on `port`. Network policies open this port to nobody; the kubelet needs none."""
    return {
        "name": "probes",
        "address": {"socket_address": {"address": address, "port_value": port}},
        "bypass_overload_manager": True,  # the kubelet must not restart it, which would cut every stream
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": {
                            "@type": _HCM,
                            "stat_prefix": "probes",
                            "stream_idle_timeout": "0s",
                            "route_config": {"virtual_hosts": [_virtual_host()]},
                            "http_filters": _filters(streams, settle_seconds),
                        },
                    }
                ]
            }
        ],
    }


def clusters(port: int, admin_port: int) -> list[Json]:
    """Where the drain script's calls go: both on the pod's own loopback."""
    return [_loopback("probes", port), _loopback("admin", admin_port)]


def _virtual_host() -> Json:
    return {
        "name": "probes",
        "domains": ["*"],
        "routes": [
            {"match": {"path": path}, "direct_response": {"status": 200}}
            for path in (READY_PATH, LIVE_PATH, DRAIN_PATH, _TICK_PATH)
        ],
    }


def _filters(streams: str, settle_seconds: int) -> list[Json]:
    prefix = "type.googleapis.com/envoy.extensions.filters.http"
    return [
        {
            "name": "envoy.filters.http.health_check",
            "typed_config": {
                "@type": f"{prefix}.health_check.v3.HealthCheck",
                "pass_through_mode": False,
                "headers": [{"name": ":path", "string_match": {"exact": READY_PATH}}],
            },
        },
        {
            "name": "envoy.filters.http.fault",
            "typed_config": {
                "@type": f"{prefix}.fault.v3.HTTPFault",
                "headers": [{"name": ":path", "string_match": {"exact": _TICK_PATH}}],
                "delay": {"fixed_delay": "1s", "percentage": {"numerator": 100}},
            },
        },
        {
            "name": "envoy.filters.http.lua",
            "typed_config": {
                "@type": f"{prefix}.lua.v3.Lua",
                "default_source_code": {"inline_string": drain_script(streams, settle_seconds)},
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{prefix}.router.v3.Router"},
        },
    ]


def _loopback(name: str, port: int) -> Json:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
