"""Whom the gateway talks to, and who to it: the exceptions from the namespace's default deny."""

from collections.abc import Sequence

from components import connections
from components.connections import Connection, Pods, Port
from components.envoy_jwt import JwtIssuer
from components.envoy_tracing import Tracing
from components.types import Upstream


def clients(gateway: Pods, port: int) -> Connection:
    return Connection(description="Clients reach the gateway.", source=None, target=gateway, ports=(Port(number=port),))


def servers(gateway: Pods, upstreams: Sequence[Upstream]) -> list[Connection]:
    """One for each group of servers; a candidate may be on the same."""
    return [
        _to(gateway, upstream, "The gateway passes requests to the model servers.")
        for upstream in {one.name: one for one in upstreams}.values()
    ]


def issuers(gateway: Pods, asked: Sequence[JwtIssuer]) -> list[Connection]:
    return [
        Connection(
            description=f"The gateway fetches the keys that {issuer.name} signs its tokens with.",
            source=gateway,
            target=connections.place(f"issuer-{issuer.name}", issuer.key_host, issuer.networks),
            ports=(Port(number=issuer.key_port),),
        )
        for issuer in asked
        if issuer.jwks_uri
    ]


def traces(gateway: Pods, tracing: Tracing | None) -> list[Connection]:
    if tracing is None:
        return []
    return [
        Connection(
            description="The gateway tells the collector of its requests.",
            source=gateway,
            target=tracing.pods or connections.place("traces", tracing.host, tracing.networks),
            ports=(Port(number=tracing.port),),
        )
    ]


def counter(gateway: Pods, service: Upstream | None) -> list[Connection]:
    said = "The gateway asks how often a client has come, over all gateways."
    return [_to(gateway, service, said)] if service else []


def waiting_room(gateway: Pods, room: Upstream | None) -> list[Connection]:
    said = "The gateway has requests wait while no model server is ready."
    return [_to(gateway, room, said)] if room else []


def names(gateway: Pods) -> Connection:
    return connections.to_dns(gateway)


def _to(gateway: Pods, service: Upstream, description: str) -> Connection:
    target = Pods(name=service.name, labels=service.pods)
    return Connection(description=description, source=gateway, target=target, ports=(Port(number=service.port),))
