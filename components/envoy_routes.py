"""The gateway's routes: what is open to whom, and for how long."""

from typing import TYPE_CHECKING, Any

from components import envoy_jwt, envoy_traffic, envoy_upstream

if TYPE_CHECKING:
    from components.envoy import EnvoySettings

Json = dict[str, Any]

CLIENT = "x-autoglm-client"
"""The header that tells the server who asks."""
_BY_KEY = {"request_headers": {"header_name": CLIENT, "descriptor_key": "client"}}
_PUBLIC_PATHS = ("/health", "/healthz")


def virtual_host(settings: "EnvoySettings") -> Json:
    without_key = {
        "envoy.filters.http.api_key_auth": {
            "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
            "disabled": True,
        }
    }
    to_serving = {
        **(envoy_traffic.target() if settings.candidate_host else {"cluster": envoy_traffic.STABLE}),
        "timeout": "0s",  # a stream is bounded by the two below
        "idle_timeout": f"{settings.idle_seconds}s",
        "max_stream_duration": {"max_stream_duration": f"{settings.max_stream_seconds}s"},
        "retry_policy": envoy_upstream.RETRIES,
    }
    return {
        "name": "api",
        "domains": ["*"],
        "routes": [
            *_by_token(settings, to_serving, without_key),
            {"match": {"path_separated_prefix": "/v1"}, "route": to_serving | _limited(settings, [_BY_KEY])},
            *(
                {
                    "match": {"path": path, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
                    "route": {"cluster": envoy_traffic.STABLE, "timeout": "5s"},
                    "typed_per_filter_config": without_key,
                }
                for path in _PUBLIC_PATHS
            ),
            {
                "match": {"prefix": "/"},
                "direct_response": {"status": 404},
                "typed_per_filter_config": without_key,
            },
        ],
    }


def _limited(settings: "EnvoySettings", client: list[Json]) -> Json:
    limits = settings.limits.of_route(client)
    return {"rate_limits": limits} if limits else {}


def _by_token(settings: "EnvoySettings", to_serving: Json, without_key: Json) -> list[Json]:
    if not settings.issuers:
        return []
    return [
        {
            "match": {"path_separated_prefix": "/v1", "headers": [envoy_jwt.match()]},
            "route": to_serving | _limited(settings, envoy_jwt.rate_limit_actions()),
            "request_headers_to_add": [envoy_jwt.client_header(CLIENT)],
            "typed_per_filter_config": without_key | envoy_jwt.route_config(settings.issuers),
        }
    ]
