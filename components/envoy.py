"""From typed settings to the gateway's Envoy configuration (v3 API): pure, so that a test can run real Envoy on it."""

import re
from dataclasses import dataclass, field
from typing import Any

from components import (
    envoy_errors,
    envoy_jwt,
    envoy_metrics,
    envoy_overload,
    envoy_probes,
    envoy_routes,
    envoy_traffic,
    envoy_upstream,
)
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits

Json = dict[str, Any]

_TYPES = "type.googleapis.com/envoy"
_FILTERS = f"{_TYPES}.extensions.filters.http"
_STREAMS_STAT = "http.api.downstream_rq_active"
_ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_FILTERS}.router.v3.Router"}}

_SAID_OF_ITSELF = ("x-forwarded-for", "x-forwarded-host", "forwarded", envoy_routes.CLIENT, envoy_traffic.TRACK)

# One JSON object a line. No header that may hold a key, no query string, no body.
_ACCESS_LOG = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ:PATH)%",
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "request_bytes": "%BYTES_RECEIVED%",
    "response_bytes": "%BYTES_SENT%",
    "duration_ms": "%DURATION%",
    "first_byte_ms": "%RESPONSE_DURATION%",
    "upstream": "%UPSTREAM_HOST%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "user_agent": "%REQ(USER-AGENT)%",
}


@dataclass(frozen=True, kw_only=True)
class EnvoySettings:
    """What the gateway does with traffic. Times in seconds, sizes in bytes."""

    upstream_host: str  # a name whose every address is one ready model server
    upstream_port: int = 8000
    candidate_host: str = ""  # such a name, of servers that host a version on trial; they may be the same
    candidate_port: int = 8000
    traffic_folder: str = ""  # of a candidate: see envoy_traffic
    api_keys: tuple[tuple[str, str], ...] = ()  # (client's name, key)
    issuers: tuple[JwtIssuer, ...] = ()
    limits: Limits = field(default_factory=Limits)
    address: str = "0.0.0.0"  # noqa: S104  to listen on: the pod's own
    port: int = 8080
    probe_port: int = 8081
    metrics_port: int = 8082
    admin_port: int = 9901
    max_body_bytes: int = 16 * 1024 * 1024  # a 10 MB screenshot is 13.4 MB in base64
    max_stream_seconds: int = 600
    idle_seconds: int = 300  # between two bytes, so also for the first token of a long prompt in a full queue
    header_seconds: int = 10
    body_seconds: int = 120  # 16 MiB over 1.1 Mbit/s
    settle_seconds: int = 5
    max_heap_bytes: int = 400 * 1024 * 1024

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, int) and value < 1:
                raise ValueError(f"EnvoySettings.{name}: {value} is not allowed: it must be at least 1")
        if not (self.api_keys or self.issuers):
            raise ValueError("EnvoySettings.api_keys: none given, so nobody could use the gateway: give one or more")
        for client, key in self.api_keys:
            if self.issuers and re.fullmatch(envoy_jwt.SHAPE, f"Bearer {key}"):
                raise ValueError(f"EnvoySettings.api_keys: that of {client} has a token's two dots: give another")


def config(settings: EnvoySettings) -> Json:
    """The whole bootstrap configuration. It holds the API keys, so it belongs in a Secret."""
    dynamic = {"layered_runtime": envoy_traffic.runtime(settings.traffic_folder)} if settings.candidate_host else {}
    return {
        "admin": {"address": _address("127.0.0.1", settings.admin_port)},
        "static_resources": {
            "listeners": [
                _api_listener(settings),
                envoy_probes.listener(settings.address, settings.probe_port, _STREAMS_STAT, settings.settle_seconds),
                envoy_metrics.listener(settings.address, settings.metrics_port),
            ],
            "clusters": [
                *_upstreams(settings),
                *envoy_jwt.clusters(settings.issuers),
                *envoy_probes.clusters(settings.probe_port, settings.admin_port),
            ],
        },
        "overload_manager": envoy_overload.manager(settings.max_heap_bytes),
        **dynamic,
    }


def arguments(path: str, threads: int) -> list[str]:
    """Envoy's command line. A pod is replaced, not restarted in place: hot restart's shared memory is not needed."""
    return ["--config-path", path, "--concurrency", str(threads), "--disable-hot-restart", "--log-level", "warning"]


def _upstreams(settings: EnvoySettings) -> list[Json]:
    stable = envoy_upstream.cluster(envoy_traffic.STABLE, settings.upstream_host, settings.upstream_port)
    if not settings.candidate_host:
        return [stable]
    return [
        stable,
        envoy_upstream.cluster(envoy_traffic.CANDIDATE, settings.candidate_host, settings.candidate_port),
    ]


def _api_listener(settings: EnvoySettings) -> Json:
    return {
        "name": "api",
        "address": _address(settings.address, settings.port),
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(settings),
                    }
                ]
            }
        ],
    }


def _connection_manager(settings: EnvoySettings) -> Json:
    return {
        "@type": f"{_TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "api",
        "server_header_transformation": "PASS_THROUGH",
        # The peer's address is the client's: what a client says about itself is dropped, not believed.
        "use_remote_address": True,
        "internal_address_config": {"cidr_ranges": []},
        "early_header_mutation_extensions": [_drop_headers()],
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        # One spelling for each path, before it is matched. An encoded slash has no honest use here.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "max_request_headers_kb": 32,
        "common_http_protocol_options": {
            "idle_timeout": "60s",
            "headers_with_underscores_action": "REJECT_REQUEST",
            "max_headers_count": 64,
        },
        "request_headers_timeout": _seconds(settings.header_seconds),
        "request_timeout": _seconds(settings.body_seconds),
        "stream_idle_timeout": _seconds(settings.idle_seconds),
        "access_log": [
            {
                "name": "envoy.access_loggers.stdout",
                "typed_config": {
                    "@type": f"{_TYPES}.extensions.access_loggers.stream.v3.StdoutAccessLog",
                    "log_format": {"json_format": _ACCESS_LOG},
                },
            }
        ],
        "local_reply_config": envoy_errors.local_replies(),
        "http_filters": _filters(settings),
        "route_config": {"virtual_hosts": [envoy_routes.virtual_host(settings)]},
    }


def _filters(settings: EnvoySettings) -> list[Json]:
    """The key is checked before the body is taken in."""
    return [
        *settings.limits.before_authentication(),
        *envoy_jwt.filters(settings.issuers),
        {
            "name": "envoy.filters.http.api_key_auth",
            "typed_config": {
                "@type": f"{_FILTERS}.api_key_auth.v3.ApiKeyAuth",
                "credentials": [{"client": client, "key": key} for client, key in settings.api_keys],
                "key_sources": [{"header": "Authorization"}],
                "forwarding": {"header": envoy_routes.CLIENT, "hide_credentials": True},
            },
        },
        *settings.limits.after_authentication(),
        {
            "name": "envoy.filters.http.buffer",
            "typed_config": {
                "@type": f"{_FILTERS}.buffer.v3.Buffer",
                "max_request_bytes": settings.max_body_bytes,
            },
        },
        _ROUTER,
    ]


def _drop_headers() -> Json:
    """What a client says of itself, and what would steer Envoy: x-envoy-upstream-rq-timeout-ms and its kin."""
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": f"{_TYPES}.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [
                *({"remove": name} for name in _SAID_OF_ITSELF),
                {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}},
            ],
        },
    }


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _seconds(value: int) -> str:
    return f"{value}s"
