"""The rate limit service's Kubernetes objects: whom it reaches, and where its password is."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pytest

from components import connections
from components.envoy_limits import Limits, RateLimit
from components.workloads.ratelimit import RateLimiter, RateLimiterArgs
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain

LIMITS = Limits(per_client=RateLimit(requests_per_minute=60))


def made() -> tuple[Recorder, RateLimiter]:
    services: list[RateLimiter] = []

    def program() -> Mapping[str, Any]:
        providers = [kubernetes.Provider("cluster", kubeconfig="{}"), random.Provider("random")]
        args = RateLimiterArgs(namespace="ns", image="ratelimit:1", store_image="redis:7", limits=LIMITS)
        services.append(RateLimiter("limits", args, pulumi.ResourceOptions(providers=providers)))
        return {}

    return mocks.run(program), services[0]


def test_the_password_is_in_the_secret_and_nowhere_else() -> None:
    recorder, _ = made()
    password = "k" * 48
    secret = recorder.one("Secret")
    assert f"requirepass {password}\n" in plain(secret.inputs["stringData"])["redis.conf"]
    for item in recorder.resources:
        if item is not secret:
            assert password not in str({key: plain(value) for key, value in item.inputs.items()}), item.name


def test_only_the_service_reaches_the_store() -> None:
    _, service = made()
    edges = [(one.source.name if one.source else "", one.target.name) for one in service.connections]
    assert edges == [("limits", "limits-store"), ("limits", "dns")]
    assert len(connections.policies(service.connections)) == 3


def test_nothing_to_count_is_refused() -> None:
    with pytest.raises(ValueError, match=r"RateLimiterArgs\.limits: none given"):
        RateLimiterArgs(namespace="ns", image="i:1", store_image="r:1", limits=Limits())
