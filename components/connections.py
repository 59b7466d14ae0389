"""Who may talk to whom: components declare connections, one pure function turns them into NetworkPolicies.

All is denied by default, so a connection inside the namespace is two rules: its source's egress, its target's ingress.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components import naming

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods by their labels: in the own namespace, or in the one named."""

    name: str
    labels: Mapping[str, str]
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Port:
    number: int
    protocol: str = "TCP"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """`source` None stands for anyone outside. `description`: in plain English, for who reads the policy."""

    description: str
    source: Pods | None
    target: Pods
    ports: tuple[Port, ...]

    def __post_init__(self) -> None:
        if not self.ports:
            raise ValueError(
                f"Connection.ports: none given, which would mean every port ({self.description}): name them"
            )


def workload(name: str, instance: str) -> Pods:
    return Pods(name=instance, labels=naming.selector(name, instance))


def to_dns(source: Pods) -> Connection:
    """Policies see ports after the Service's DNAT, and CoreDNS as non-root listens on 1053 behind the Service's 53."""
    dns = Pods(name="dns", labels={"k8s-app": "kube-dns"}, namespace="kube-system")
    ports = tuple(Port(number=number, protocol=protocol) for number in (53, 1053) for protocol in ("UDP", "TCP"))
    return Connection(description=f"{source.name} looks up names", source=source, target=dns, ports=ports)


def policies(connections: Iterable[Connection]) -> dict[str, Json]:
    """NetworkPolicy specs, with snake_case keys, and their descriptions, by a name for each."""
    made: dict[str, Json] = {}
    for connection in connections:
        source, target = connection.source, connection.target
        ports = [{"port": port.number, "protocol": port.protocol} for port in connection.ports]
        path = f"{source.name if source else 'outside'}-to-{target.name}"
        if source and not source.namespace:
            rule = {"to": [_peer(target)], "ports": ports}
            _add(made, f"{path}-egress", connection, {**_of(source, "Egress"), "egress": [rule]})
        if not target.namespace:
            rule = {"ports": ports} | ({"from_": [_peer(source)]} if source else {})
            _add(made, f"{path}-ingress", connection, {**_of(target, "Ingress"), "ingress": [rule]})
    return made


def _add(made: dict[str, Json], name: str, connection: Connection, spec: Json) -> None:
    if name in made:
        raise ValueError(f"two connections {name}: declare one with the ports of both")
    made[name] = {"description": connection.description, "spec": spec}


def _of(pods: Pods, kind: str) -> Json:
    return {"pod_selector": {"match_labels": dict(pods.labels)}, "policy_types": [kind]}


def _peer(pods: Pods) -> Json:
    peer: Json = {"pod_selector": {"match_labels": dict(pods.labels)}}
    if pods.namespace:
        peer["namespace_selector"] = {"match_labels": {"kubernetes.io/metadata.name": pods.namespace}}
    return peer
