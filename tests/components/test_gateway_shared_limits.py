"""Limits that two gateways count together: the real Envoys, the real rate limit service, the real Redis."""

from collections import Counter
from pathlib import Path

import pytest

from components.envoy_limits import Limits, RateLimit
from components.envoy_shared_limits import SharedLimits, WhenDown, service_config
from tests.components.test_gateway_limits import OTHER, statuses
from tests.components.test_gateway_tokens import TRUSTED, claims, issuer
from tests.harness import envoy, limiter
from tests.harness.envoy import KEY, Upstream

MANY = RateLimit(requests_per_minute=8, burst=1000)  # the local bucket refuses nothing here
KEYS = (("tester", KEY), ("other", OTHER))
SLOWLY = 2000  # ms: a busy machine is no store that is down


@pytest.mark.integration
def test_two_gateways_count_together(tmp_path: Path, upstream: Upstream) -> None:
    limits = Limits(per_client=MANY)
    with limiter.running(tmp_path, limits) as counter:
        shared = SharedLimits(host="127.0.0.1", port=counter.port, timeout_ms=SLOWLY)
        changes = {"limits": limits, "shared_limits": shared, "api_keys": KEYS, "issuers": (issuer(),)}
        folders = [tmp_path / name for name in ("first", "second")]
        for folder in folders:
            folder.mkdir()
        with (
            envoy.gateway(folders[0], upstream.port, **changes) as first,
            envoy.gateway(folders[1], upstream.port, **changes) as second,
        ):
            found: Counter[int] = Counter()
            for gateway in (first, second) * 20:  # 40 requests: even if a minute ends amid them, most are too many
                found += statuses(gateway, 1)
            assert 8 <= found[200] <= 16
            assert found[200] + found[429] == 40
            refused = first.ask("GET", "/v1/models")
            assert refused.status == 429
            assert refused.error()["code"] == "rate_limit_exceeded"
            assert statuses(second, 1, OTHER) == {200: 1}
            assert statuses(second, 1, TRUSTED.token(claims(sub="ada"))) == {200: 1}


@pytest.mark.integration
@pytest.mark.parametrize(("when_down", "status"), [(WhenDown.OPEN, 200), (WhenDown.CLOSED, 503)])
def test_a_lost_store_is_met_as_declared(tmp_path: Path, upstream: Upstream, when_down: WhenDown, status: int) -> None:
    limits = Limits(per_client=RateLimit(requests_per_minute=600, burst=3))
    with limiter.running(tmp_path, limits) as counter:
        shared = SharedLimits(host="127.0.0.1", port=counter.port, when_down=when_down, timeout_ms=SLOWLY)
        with envoy.gateway(tmp_path, upstream.port, limits=limits, shared_limits=shared) as gateway:
            assert gateway.ask("GET", "/v1/models").status == 200
            counter.lose_store()
            answer = gateway.ask("GET", "/v1/models")
            assert answer.status == status
            if status == 503:
                assert answer.error()["code"] == "service_unavailable"
            assert 429 in statuses(gateway, 20), "the gateway's own bucket still holds"


def test_the_service_knows_what_the_gateway_asks_it() -> None:
    limits = Limits(per_address=RateLimit(requests_per_minute=6), per_client=RateLimit(requests_per_minute=60))
    assert service_config(limits) == {
        "domain": "autoglm",
        "descriptors": [
            {"key": "remote_address", "rate_limit": {"unit": "minute", "requests_per_unit": 6}},
            {"key": "client", "rate_limit": {"unit": "minute", "requests_per_unit": 60}},
            {
                "key": "issuer",
                "descriptors": [{"key": "client", "rate_limit": {"unit": "minute", "requests_per_unit": 60}}],
            },
        ],
    }
