"""Who may talk to whom: components declare connections, one pure function turns them into NetworkPolicies.

All is denied by default, so a connection inside the namespace is two rules: its source's egress, its target's ingress.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from components import naming

Json = dict[str, Any]

PUBLIC = ("0.0.0.0/0",)
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""What the internet is not: RFC 1918 and 6598, loopback, and link-local, where clouds keep their metadata."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods by their labels: in the own namespace, or in the one named."""

    name: str
    labels: Mapping[str, str]
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Addresses that are no pods: an issuer of tokens, a bucket, the Kubernetes API. `cidrs` as narrow as they are
    known; `apart` are left out of them."""

    name: str
    cidrs: tuple[str, ...]
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Port:
    number: int
    protocol: str = "TCP"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """`source` None stands for anyone outside. `description`: in plain English, for who reads the policy."""

    description: str
    source: Pods | None
    target: Pods | Outside
    ports: tuple[Port, ...]

    def __post_init__(self) -> None:
        if not self.ports:
            raise ValueError(
                f"Connection.ports: none given, which would mean every port ({self.description}): name them"
            )


def workload(name: str, instance: str) -> Pods:
    return Pods(name=instance, labels=naming.selector(name, instance))


def place(name: str, host: str, networks: tuple[str, ...]) -> Pods | Outside:
    """Where `host` is: the pods of a Service's namespace, by its name's second part; else those networks, or the
    internet."""
    labels = host.split(".")
    if len(labels) > 2 and labels[2] == "svc":
        return Pods(name=name, labels={}, namespace=labels[1])
    return Outside(name=name, cidrs=networks) if networks else Outside(name=name, cidrs=PUBLIC, apart=PRIVATE)


def to_dns(source: Pods) -> Connection:
    """Policies see ports after the Service's DNAT, and CoreDNS as non-root listens on 1053 behind the Service's 53."""
    dns = Pods(name="dns", labels={"k8s-app": "kube-dns"}, namespace="kube-system")
    ports = tuple(Port(number=number, protocol=protocol) for number in (53, 1053) for protocol in ("UDP", "TCP"))
    return Connection(description=f"{source.name} looks up names", source=source, target=dns, ports=ports)


def to_api(source: Pods, description: str) -> Connection:
    """The API server's addresses are the cluster's, and change; a Role says what it answers."""
    ports = tuple(Port(number=number) for number in (443, 6443))  # policies see ports after the Service's DNAT
    target = Outside(name="kubernetes-api", cidrs=("0.0.0.0/0",))
    return Connection(description=description, source=source, target=target, ports=ports)


def policies(connections: Iterable[Connection]) -> dict[str, Json]:
    """NetworkPolicy specs, with snake_case keys, and their descriptions, by a name for each."""
    made: dict[str, Json] = {}
    for connection in connections:
        source, target = connection.source, connection.target
        ports = [{"port": port.number, "protocol": port.protocol} for port in connection.ports]
        path = f"{source.name if source else 'outside'}-to-{target.name}"
        if source and not source.namespace:
            rule = {"to": _peers(target), "ports": ports}
            _add(made, f"{path}-egress", connection, {**_of(source, "Egress"), "egress": [rule]})
        if isinstance(target, Pods) and not target.namespace:
            rule = {"ports": ports} | ({"from_": _peers(source)} if source else {})
            _add(made, f"{path}-ingress", connection, {**_of(target, "Ingress"), "ingress": [rule]})
    return made


def _add(made: dict[str, Json], name: str, connection: Connection, spec: Json) -> None:
    if name in made:
        raise ValueError(f"two connections {name}: declare one with the ports of both")
    made[name] = {"description": connection.description, "spec": spec}


def _of(pods: Pods, kind: str) -> Json:
    return {"pod_selector": {"match_labels": dict(pods.labels)}, "policy_types": [kind]}


def _peers(end: Pods | Outside) -> list[Json]:
    if isinstance(end, Outside):
        return [{"ip_block": _block(cidr, end.apart)} for cidr in end.cidrs]
    peer: Json = {"pod_selector": {"match_labels": dict(end.labels)}}
    if end.namespace:
        peer["namespace_selector"] = {"match_labels": {"kubernetes.io/metadata.name": end.namespace}}
    return [peer]


def _block(cidr: str, apart: tuple[str, ...]) -> Json:
    """The API server refuses an exception that lies outside of its block."""
    left_out = [one for one in apart if _lies_in(ipaddress.ip_network(one), ipaddress.ip_network(cidr))]
    return {"cidr": cidr} | ({"except_": left_out} if left_out else {})


def _lies_in(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    return part.version == whole.version and part[0] in whole and part[-1] in whole
