"""Limits that all gateways count together, in envoyproxy/ratelimit and its Redis, beside the bucket in each.

The service is asked with the same names as the local buckets (envoy_limits.py) and counts whole minutes. While it or
its store is down, `when_down` decides: `open` lets requests pass, held by the local buckets alone; `closed` refuses.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from components import envoy_clusters
from components.envoy_limits import ADDRESS_STAGE, CLIENT_KEYS, CLIENT_STAGE, Limits

Json = dict[str, Any]

DOMAIN = "autoglm"
_CLUSTER = "ratelimit"
_FILTER = "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit"


class WhenDown(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class SharedLimits:
    """Where the service is. An answer that takes longer than `timeout_ms` is none."""

    host: str
    port: int = 8081
    when_down: WhenDown = WhenDown.OPEN
    timeout_ms: int = 50


def before_authentication(shared: SharedLimits | None, limits: Limits) -> list[Json]:
    return [_filter(shared, "address", ADDRESS_STAGE)] if shared and limits.per_address else []


def after_authentication(shared: SharedLimits | None, limits: Limits) -> list[Json]:
    return [_filter(shared, "client", CLIENT_STAGE)] if shared and limits.per_client else []


def service_config(limits: Limits) -> Json:
    """The service's own configuration. Without a value: a count for each that is met."""
    descriptors: list[Json] = []
    if limits.per_address:
        descriptors.append({"key": "remote_address", **_rate(limits.per_address.requests_per_minute)})
    if limits.per_client:
        rate = _rate(limits.per_client.requests_per_minute)
        descriptors += [_nested(keys, rate) for keys in CLIENT_KEYS]
    return {"domain": DOMAIN, "descriptors": descriptors}


def clusters(shared: SharedLimits | None) -> list[Json]:
    if shared is None:
        return []
    return [envoy_clusters.service(_CLUSTER, shared.host, shared.port, connect_timeout="0.25s", grpc=True)]


def _filter(shared: SharedLimits, name: str, stage: int) -> Json:
    return {
        "name": f"envoy.filters.http.ratelimit.{name}",
        "typed_config": {
            "@type": _FILTER,
            "domain": DOMAIN,
            "stage": stage,
            "timeout": f"{shared.timeout_ms / 1000:.3f}s",
            "failure_mode_deny": shared.when_down is WhenDown.CLOSED,
            "status_on_error": {"code": "ServiceUnavailable"},
            "rate_limit_service": {
                "transport_api_version": "V3",
                "grpc_service": {"envoy_grpc": {"cluster_name": _CLUSTER}},
            },
        },
    }


def _rate(requests_per_minute: int) -> Json:
    return {"rate_limit": {"unit": "minute", "requests_per_unit": requests_per_minute}}


def _nested(keys: tuple[str, ...], rate: Json) -> Json:
    first, *rest = keys
    return {"key": first, **({"descriptors": [_nested(tuple(rest), rate)]} if rest else rate)}
