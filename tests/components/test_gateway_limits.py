"""Rate limits at the gateway: the real Envoy counts, by address before the key and by client after it."""

import time
from collections import Counter
from pathlib import Path

import pytest

from components.envoy_limits import Limits, RateLimit
from tests.components.test_gateway_tokens import TRUSTED, claims, issuer
from tests.harness import envoy
from tests.harness.envoy import KEY, Gateway, Upstream

OTHER = "other-key-0123456789abcdefghijklmnopqrstuvwxyz"


def statuses(gateway: Gateway, count: int, key: str | None = KEY, **headers: str) -> Counter[int]:
    return Counter(gateway.ask("GET", "/v1/models", key=key, **headers).status for _ in range(count))


@pytest.mark.integration
def test_a_client_that_asks_too_often_waits_and_the_others_do_not(tmp_path: Path, upstream: Upstream) -> None:
    limits = Limits(per_client=RateLimit(requests_per_minute=30, burst=4))
    keys = (("tester", KEY), ("other", OTHER))
    with envoy.gateway(tmp_path, upstream.port, api_keys=keys, issuers=(issuer(),), limits=limits) as gateway:
        assert statuses(gateway, 4) == {200: 4}
        refused = gateway.ask("GET", "/v1/models")
        assert refused.status == 429
        assert refused.error()["code"] == "rate_limit_exceeded"
        assert int(refused.headers["retry-after"]) >= 1
        assert len(upstream.seen) == 4
        assert statuses(gateway, 2, OTHER) == {200: 2}
        ada, bob = (TRUSTED.token(claims(sub=name)) for name in ("ada", "bob"))
        assert statuses(gateway, 5, ada) == {200: 4, 429: 1}
        assert statuses(gateway, 1, bob) == {200: 1}
        time.sleep(2.2)  # a token comes back every 2 s
        assert statuses(gateway, 1) == {200: 1}


@pytest.mark.integration
def test_an_address_can_not_try_keys_by_the_thousand(tmp_path: Path, upstream: Upstream) -> None:
    limits = Limits(per_address=RateLimit(requests_per_minute=6, burst=5))
    with envoy.gateway(tmp_path, upstream.port, limits=limits) as gateway:
        assert statuses(gateway, 20, "wrong") == {401: 5, 429: 15}
        # Whoever else it says it is: the address is the connection's.
        for number in range(3):
            assert statuses(gateway, 1, x_forwarded_for=f"192.0.2.{number}") == {429: 1}
        assert gateway.ask("GET", "/health", key=None).status == 200


@pytest.mark.parametrize(
    ("limit", "bucket"),
    [
        (RateLimit(requests_per_minute=60), {"max_tokens": 6, "tokens_per_fill": 1, "fill_interval": "1.000s"}),
        (RateLimit(requests_per_minute=1), {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "60.000s"}),
        (
            RateLimit(requests_per_minute=60_000, burst=9),
            {"max_tokens": 9, "tokens_per_fill": 50, "fill_interval": "0.050s"},
        ),
    ],
)
def test_a_bucket_is_filled_evenly(limit: RateLimit, bucket: dict[str, object]) -> None:
    assert limit.bucket == bucket


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="requests_per_minute: 0 is not allowed"):
        RateLimit(requests_per_minute=0)
    with pytest.raises(ValueError, match="burst: -1 is not allowed"):
        RateLimit(requests_per_minute=1, burst=-1)
