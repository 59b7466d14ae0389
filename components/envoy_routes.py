"""The gateway's routes: what is open to whom, how urgent it is, and for how long."""

from typing import TYPE_CHECKING, Any

from components import envoy_affinity, envoy_balancing, envoy_jwt, envoy_traffic, envoy_upstream, envoy_waiting
from components.envoy_affinity import Affinity

if TYPE_CHECKING:
    from components.envoy import EnvoySettings

Json = dict[str, Any]

CLIENT = "x-autoglm-client"
"""The header that tells the server who asks."""
PRIORITY = "x-autoglm-priority"
"""The header by which a client says that a request can wait: `batch`."""
_BY_KEY = {"request_headers": {"header_name": CLIENT, "descriptor_key": "client"}}
_PUBLIC_PATHS = ("/health", "/healthz")
_API: Json = {"path_separated_prefix": "/v1"}
_BATCH: Json = {"name": PRIORITY, "string_match": {"exact": "batch"}}
# Envoy knows two; each has circuit breakers of its own (envoy_upstream.py).
_URGENCIES: tuple[tuple[str, list[Json]], ...] = (("DEFAULT", [_BATCH]), ("HIGH", []))


def virtual_host(settings: "EnvoySettings") -> Json:
    without_key = {
        "envoy.filters.http.api_key_auth": {
            "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
            "disabled": True,
        }
    }
    return {
        "name": "api",
        "domains": ["*"],
        "routes": [
            # A few bytes can unpack to gigabytes, and no client packs its requests.
            {
                "match": _API | {"headers": [{"name": "content-encoding", "present_match": True}]},
                "direct_response": {"status": 415},
                "typed_per_filter_config": without_key,
            },
            *_by_token(settings, without_key),
            *(
                {
                    "match": _API | {"headers": urgent},
                    "route": _to_serving(settings, priority) | _limited(settings, [_BY_KEY]),
                }
                for priority, urgent in _URGENCIES
            ),
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
        **envoy_balancing.virtual_host(settings.balancing),
    }


def _to_serving(settings: "EnvoySettings", priority: str) -> Json:
    return {
        **_target(settings),
        "priority": priority,
        "timeout": "0s",  # a stream is bounded by the two below
        "idle_timeout": f"{settings.idle_seconds}s",
        "max_stream_duration": {"max_stream_duration": f"{settings.max_stream_seconds}s"},
        "retry_policy": envoy_waiting.retries(envoy_upstream.RETRIES, settings.waiting_room),
        **envoy_affinity.hash_policy(settings.affinity, CLIENT),
    }


def _target(settings: "EnvoySettings") -> Json:
    if not settings.candidate_host:
        return {"cluster": envoy_traffic.STABLE}
    return envoy_traffic.target(by_hash=settings.affinity is not Affinity.NONE)


def _limited(settings: "EnvoySettings", client: list[Json]) -> Json:
    limits = settings.limits.of_route(client)
    return {"rate_limits": limits} if limits else {}


def _by_token(settings: "EnvoySettings", without_key: Json) -> list[Json]:
    if not settings.issuers:
        return []
    return [
        {
            "match": _API | {"headers": [envoy_jwt.match(), *urgent]},
            "route": _to_serving(settings, priority) | _limited(settings, envoy_jwt.rate_limit_actions()),
            "request_headers_to_add": [envoy_jwt.client_header(CLIENT)],
            "typed_per_filter_config": without_key | envoy_jwt.route_config(settings.issuers),
        }
        for priority, urgent in _URGENCIES
    ]
