"""How much one client, and one address, may ask for: token buckets in each gateway.

Two buckets with two purposes. That of an address is asked before the key is looked at, so that nobody tries keys by the
thousand; that of a client, which is known then, shares the model servers out. Each gateway counts for itself: with N
replicas a client that reaches all of them gets N times as much, unless they count together (envoy_shared_limits.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_TYPES = "type.googleapis.com/envoy"
_FILTER = f"{_TYPES}.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
ADDRESS_STAGE, CLIENT_STAGE = 1, 2
"""By which a filter knows which of a route's limits are its own."""
CLIENT_KEYS = (("client",), ("issuer", "client"))
"""A client of a key has a name; that of a token has one of its issuer."""
_SEPARATE = 16_384  # buckets; the least recently used goes first
_ENDLESS = 1_000_000_000  # of the bucket that is asked when no other is


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """`requests` a minute on average, of which `burst` may come at once (default: a tenth, at least 1)."""

    requests_per_minute: int
    burst: int = 0

    def __post_init__(self) -> None:
        if self.requests_per_minute < 1:
            raise ValueError(f"RateLimit.requests_per_minute: {self.requests_per_minute} is not allowed: at least 1")
        if self.burst < 0:
            raise ValueError(f"RateLimit.burst: {self.burst} is not allowed: it must be at least 1, or 0 for a tenth")

    @property
    def bucket(self) -> Json:
        """Filled often by little, so that who waits does so for a moment and not for a minute."""
        interval_ms = max(50, 60_000 // self.requests_per_minute)  # Envoy fills no faster than each 50 ms
        return {
            "max_tokens": self.burst or max(1, self.requests_per_minute // 10),
            "tokens_per_fill": max(1, self.requests_per_minute * interval_ms // 60_000),
            "fill_interval": f"{interval_ms / 1000:.3f}s",
        }


@dataclass(frozen=True, kw_only=True)
class Limits:
    """None: no limit."""

    per_address: RateLimit | None = None
    per_client: RateLimit | None = None

    def before_authentication(self) -> list[Json]:
        return (
            []
            if self.per_address is None
            else [_filter("address", ADDRESS_STAGE, [("remote_address",)], self.per_address)]
        )

    def after_authentication(self) -> list[Json]:
        if self.per_client is None:
            return []
        return [_filter("client", CLIENT_STAGE, CLIENT_KEYS, self.per_client)]

    def of_route(self, client: Sequence[Json]) -> list[Json]:
        """`rate_limits` of a route: what tells one bucket from another. `client` are the actions that name a client, by
        the descriptor keys of CLIENT_KEYS."""
        limits: list[Json] = []
        if self.per_address is not None:
            limits.append({"stage": ADDRESS_STAGE, "actions": [{"remote_address": {}}]})
        if self.per_client is not None:
            limits.append({"stage": CLIENT_STAGE, "actions": list(client)})
        return limits


def _filter(name: str, stage: int, keys: Sequence[Sequence[str]], limit: RateLimit) -> Json:
    everything = {"numerator": 100, "denominator": "HUNDRED"}
    return {
        "name": f"envoy.filters.http.local_ratelimit.{name}",
        "typed_config": {
            "@type": _FILTER,
            "stat_prefix": f"per_{name}",
            "stage": stage,
            "token_bucket": {"max_tokens": _ENDLESS, "tokens_per_fill": _ENDLESS, "fill_interval": "1s"},
            "filter_enabled": {"default_value": everything},
            "filter_enforced": {"default_value": everything},
            # Without a value: a bucket for each that is met.
            "descriptors": [{"entries": [{"key": key} for key in told], "token_bucket": limit.bucket} for told in keys],
            "max_dynamic_descriptors": _SEPARATE,
            "always_consume_default_token_bucket": False,
        },
    }
