"""Which of a namespace's workloads should reach which, from the declared connections: pure.

It says what the policies made from those connections come to, as the API defines it: what leaves is allowed by any rule
of the source, what enters by any rule of the target, and both are needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.connections import Connection, Outside, Pods

# What a pod could use to become more than it is: no workload reaches it, but those that are let out of the cluster.
_FORBIDDEN = (
    ("the Kubernetes API", "kubernetes.default.svc", 443),
    ("the machine's metadata", "169.254.169.254", 80),  # AWS and Tencent Cloud
    ("the machine's metadata", "100.100.100.200", 80),  # Alibaba Cloud
)

STRANGER = Pods(name="stranger", labels={"app.kubernetes.io/name": "stranger"})  # a pod that nothing was declared for


@dataclass(frozen=True, kw_only=True)
class Check:
    """`host`: an address, or a name that has the address of every ready pod of the target and of no other."""

    target: str
    host: str
    port: int
    allowed: bool


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is to be tried as one workload."""

    pods: Pods
    checks: tuple[Check, ...]


def targets(connections: Sequence[Connection]) -> tuple[Pods, ...]:
    """Workloads of the namespace that somebody connects to, each once."""
    found = {one.target.name: one.target for one in connections if isinstance(one.target, Pods)}
    return tuple(found[name] for name in sorted(found) if not found[name].namespace)


def plan(connections: Sequence[Connection], host: Mapping[str, str]) -> tuple[Source, ...]:
    """Every workload of the namespace that connects to anything, and a stranger, against every port of every target.

    `host` by the target's name. That the outside is reached is not tried, since it may not be there to answer.
    """
    there = targets(connections)
    sources = {one.source.name: one.source for one in connections if one.source and not one.source.namespace}
    tried = (*(sources[name] for name in sorted(sources)), STRANGER)
    return tuple(
        Source(
            pods=source,
            checks=(
                *(
                    Check(target=to.name, host=host[to.name], port=port, allowed=allowed(connections, source, to, port))
                    for to in there
                    for port in _ports(connections, to)
                ),
                *_forbidden(connections, source),
            ),
        )
        for source in tried
    )


def _forbidden(connections: Sequence[Connection], source: Pods) -> tuple[Check, ...]:
    let_out = (one.source for one in connections if one.source and isinstance(one.target, Outside))
    if any(_selects(one, source) for one in let_out):
        return ()
    return tuple(Check(target=target, host=host, port=port, allowed=False) for target, host, port in _FORBIDDEN)


def allowed(connections: Sequence[Connection], source: Pods, target: Pods, port: int) -> bool:
    leaves = any(
        one.source is not None
        and _selects(one.source, source)
        and isinstance(one.target, Pods)
        and _selects(one.target, target)
        and _has(one, port)
        for one in connections
    )
    enters = any(
        isinstance(one.target, Pods)
        and _selects(one.target, target)
        and (one.source is None or _selects(one.source, source))
        and _has(one, port)
        for one in connections
    )
    return leaves and enters


def _ports(connections: Sequence[Connection], target: Pods) -> list[int]:
    """TCP only: that nobody hears a datagram can't be told from a refusal."""
    every = (port for one in connections if one.target == target for port in one.ports if port.protocol == "TCP")
    return sorted({port.number for port in every})


def _selects(selector: Pods, pods: Pods) -> bool:
    return selector.namespace == pods.namespace and selector.labels.items() <= pods.labels.items()


def _has(connection: Connection, port: int) -> bool:
    return any(one.number == port and one.protocol == "TCP" for one in connection.ports)
