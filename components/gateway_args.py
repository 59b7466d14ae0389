"""From a region's description to the arguments of its gateway and of what counts for it: pure, one function each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from components import hostnames
from components.envoy_affinity import Affinity
from components.envoy_balancing import Balancing
from components.envoy_denied import Denied
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits, RateLimit
from components.envoy_shared_limits import WhenDown
from components.envoy_tracing import Tracing
from components.types import Exposure, ExposureType, Foundation, Resources, Upstream
from components.workloads.client_keys import ClientKeysArgs
from components.workloads.gateway import GatewayArgs
from components.workloads.gateway_tls import EdgeTls
from components.workloads.ratelimit import RateLimiterArgs

if TYPE_CHECKING:
    from stacks import gateway as asked_of
    from stacks.schema import RegionSpec


def gateway(
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    upstream: Upstream,
    api_keys: Mapping[str, tuple[pulumi.Input[str], ...]],
    foundation: Foundation,
    counter: Upstream | None,
    room: Upstream | None = None,
    priority: pulumi.Input[str] | None = None,
    tracing: Tracing | None = None,
) -> GatewayArgs:
    """`counter`: the service of `limiter`'s arguments, where there are any. `room`: the waiting room's. `tracing`: of
    the region's own collector."""
    asked, amounts = spec.gateway, spec.gateway.resources
    shared = asked.limits.shared
    return GatewayArgs(
        namespace=namespace,
        image=spec.images.envoy,
        upstream=upstream,
        candidate=upstream if spec.serving.rollout else None,
        api_keys=api_keys,
        exposure=_exposure(spec, foundation),
        issuers=tuple(_issuer(name, issuer) for name, issuer in sorted(asked.issuers.items())),
        denied=Denied(
            addresses=tuple(map(str, asked.denied.addresses)),
            clients=asked.denied.clients,
            subjects=tuple((each.issuer, each.subject) for each in asked.denied.subjects),
        ),
        limits=_limits(asked.limits),
        counter=counter,
        waiting_room=room,
        when_down=WhenDown(shared.when_down) if shared else WhenDown.OPEN,
        affinity=Affinity(asked.affinity),
        balancing=Balancing(asked.balancing),
        tracing=tracing or _tracing(asked.tracing),
        tls=_tls(spec),
        replicas=asked.replicas,
        max_body_bytes=asked.max_body_bytes,
        max_stream_seconds=asked.max_stream_seconds,
        max_batch_requests=asked.max_batch_requests,
        resources=Resources(
            cpu_request=amounts.requests.cpu,
            cpu_limit=amounts.limits.cpu,
            memory_request=amounts.requests.memory,
            memory_limit=amounts.limits.memory,
        ),
        priority=priority,
    )


def clients(spec: "RegionSpec") -> ClientKeysArgs | None:
    """Those that the file names; the region's own key is beside them."""
    named = spec.gateway.clients
    return ClientKeysArgs(clients={name: named[name].keys for name in sorted(named)}) if named else None


def limiter(spec: "RegionSpec", namespace: pulumi.Input[str]) -> RateLimiterArgs | None:
    """None where each gateway counts for itself."""
    if spec.gateway.limits.shared is None:
        return None
    image, store_image = spec.images.ratelimit, spec.images.redis
    assert image and store_image  # noqa: S101  the loader has refused files without
    return RateLimiterArgs(
        namespace=namespace, image=image, store_image=store_image, limits=_limits(spec.gateway.limits)
    )


def _exposure(spec: "RegionSpec", foundation: Foundation) -> Exposure:
    """A node port's host is the cluster's own, where the region names none."""
    exposure = spec.gateway.exposure
    balanced = exposure.type == "LoadBalancer"
    return Exposure(
        type=ExposureType(exposure.type),
        node_port=exposure.port if exposure.type == "NodePort" else None,
        address=spec.gateway.address or (foundation.cluster.address if exposure.type == "NodePort" else None),
        annotations=foundation.balancer if balanced else {},
        secrets=foundation.secrets if balanced else {},
        tls=spec.gateway.tls is not None or (exposure.type == "LoadBalancer" and exposure.certificate is not None),
        proxies=foundation.proxies if balanced else 0,
    )


def _issuer(name: str, asked: "asked_of.Issuer") -> JwtIssuer:
    return JwtIssuer(
        name=name,
        issuer=asked.issuer,
        audiences=asked.audiences,
        jwks_uri=asked.jwks_uri,
        algorithms=asked.algorithms,
        clock_skew_seconds=asked.clock_skew_seconds,
        networks=tuple(map(str, asked.networks)),
    )


def _limits(asked: "asked_of.Limits") -> Limits:
    return Limits(per_address=_limit(asked.per_address), per_client=_limit(asked.per_client))


def _limit(asked: "asked_of.RateLimit | None") -> RateLimit | None:
    return RateLimit(requests_per_minute=asked.requests_per_minute, burst=asked.burst) if asked else None


def _tracing(asked: "asked_of.Tracing | None") -> Tracing | None:
    if asked is None:
        return None
    networks = tuple(map(str, asked.networks))
    return Tracing(host=asked.host, port=asked.port, percent=asked.percent, networks=networks)


def _tls(spec: "RegionSpec") -> EdgeTls | None:
    asked = spec.gateway.tls
    if asked is None:
        return None
    if asked.issuer is None:
        return EdgeTls(secret=asked.certificate)
    hosts = hostnames.of_gateway(spec)
    return EdgeTls(secret=asked.certificate, issuer=asked.issuer.name, issuer_kind=asked.issuer.kind, hosts=hosts)
