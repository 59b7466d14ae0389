"""The listener for clients: what a connection may cost, what a request may look like, and who looks at it in turn."""

from typing import TYPE_CHECKING, Any

from components import (
    envoy_affinity,
    envoy_compression,
    envoy_errors,
    envoy_jwt,
    envoy_routes,
    envoy_shared_limits,
    envoy_tls,
    envoy_tracing,
    envoy_traffic,
)

if TYPE_CHECKING:
    from components.envoy import EnvoySettings

Json = dict[str, Any]

_TYPES = "type.googleapis.com/envoy"
_FILTERS = f"{_TYPES}.extensions.filters.http"
_ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_FILTERS}.router.v3.Router"}}
STREAMS_STAT = "http.api.downstream_rq_active"
"""The gauge of open requests."""

_SAID_OF_ITSELF = ("x-forwarded-host", "forwarded", envoy_routes.CLIENT, envoy_traffic.TRACK)

# One JSON object a line. No header that may hold a key, no query string, no body.
_ACCESS_LOG = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "client_name": "%REQ(X-AUTOGLM-CLIENT)%",
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


def listener(settings: "EnvoySettings") -> Json:
    """On `settings.port`."""
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
                ],
                **envoy_tls.listener(settings.tls_secret),
            }
        ],
    }


def _connection_manager(settings: "EnvoySettings") -> Json:
    return {
        "@type": f"{_TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "api",
        "server_header_transformation": "PASS_THROUGH",
        # The peer's address is the client's, or a proxy's of ours: what a client says about itself is not believed.
        "use_remote_address": True,
        "xff_num_trusted_hops": settings.proxies,
        "internal_address_config": {"cidr_ranges": []},
        "early_header_mutation_extensions": [_drop_headers(settings.proxies)],
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
        "http2_protocol_options": {
            "max_concurrent_streams": 128,
            "initial_stream_window_size": 256 * 1024,
            "initial_connection_window_size": 1024 * 1024,
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
        **envoy_tracing.manager(settings.tracing),
        "http_filters": _filters(settings),
        "route_config": {"virtual_hosts": [envoy_routes.virtual_host(settings)]},
    }


def _filters(settings: "EnvoySettings") -> list[Json]:
    """The key is checked before the body is taken in."""
    limits, shared, denied = settings.limits, settings.shared_limits, settings.denied
    return [
        *denied.before_authentication(),
        *limits.before_authentication(),
        *envoy_shared_limits.before_authentication(shared, limits),
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
        *denied.after_authentication(envoy_routes.CLIENT),
        *limits.after_authentication(),
        *envoy_shared_limits.after_authentication(shared, limits),
        *envoy_compression.filters(),
        {
            "name": "envoy.filters.http.buffer",
            "typed_config": {
                "@type": f"{_FILTERS}.buffer.v3.Buffer",
                "max_request_bytes": settings.max_body_bytes,
            },
        },
        *envoy_affinity.filters(settings.affinity),
        _ROUTER,
    ]


def _drop_headers(proxies: int) -> Json:
    """What a client says of itself, and what would steer Envoy: x-envoy-upstream-rq-timeout-ms and its kin."""
    dropped = (*_SAID_OF_ITSELF, *(() if proxies else ("x-forwarded-for",)))
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": f"{_TYPES}.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [
                *({"remove": name} for name in dropped),
                {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}},
            ],
        },
    }


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _seconds(value: int) -> str:
    return f"{value}s"
