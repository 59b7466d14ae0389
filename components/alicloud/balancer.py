"""How a LoadBalancer Service asks ACK for a classic balancer (CLB): annotations of its cloud controller. Pure."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pulumi

from components.envoy_probes import READY_PATH

_PREFIX = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-"
_HEALTH = {
    "health-check-flag": "on",
    "health-check-type": "http",
    "health-check-uri": READY_PATH,
    "health-check-connect-port": "8081",
    "health-check-httpcode": "http_2xx",
    "health-check-interval": "2",
    "health-check-timeout": "2",
    "healthy-threshold": "2",
    "unhealthy-threshold": "2",
}


def annotations(
    *,
    certificate: str | None,
    passes_tls: bool = False,
    internal: bool,
    clients: Sequence[IPv4Network],
    acl: pulumi.Input[str],
    subnet: pulumi.Input[str],
    tags: Mapping[str, str],
) -> dict[str, pulumi.Input[str]]:
    """`certificate`: id of one in the balancer's store; with it TLS ends at the balancer, on 443; without it's port 80.
    `passes_tls`: the gateway ends it; the balancer passes bytes on, on 443, and says nothing in a header.

    `acl`: the list of who may come, in force unless `clients` has everyone. ValueError where `clients` has nobody.
    `subnet`: where an internal one lies. Backends are pods, by Terway's interfaces. A connection may be silent for a
    minute, and an answer's first byte may take three: the balancer's own limits.
    """
    if not clients:
        raise ValueError(
            "gateway.exposure.clients: empty: a balancer without a list lets everyone in: name who may come"
        )
    port = "tcp:443" if passes_tls else "https:443" if certificate else "http:80"
    made: dict[str, pulumi.Input[str]] = {
        "protocol-port": port,
        "address-type": "intranet" if internal else "internet",
        "instance-charge-type": "PayByCLCU",
        "additional-resource-tags": ",".join(f"{key}={value}" for key, value in tags.items()),
        **_HEALTH,
    }
    if not passes_tls:
        made |= {"idle-timeout": "60", "request-timeout": "180"}
    if certificate:
        made |= {"cert-id": certificate, "tls-cipher-policy": "tls_cipher_policy_1_2"}
    if internal:
        made |= {"vswitch-id": subnet}
    if all(place.prefixlen for place in clients):
        made |= {"acl-status": "on", "acl-type": "white", "acl-id": acl}
    return {f"{_PREFIX}{key}": value for key, value in made.items()} | {
        "service.beta.kubernetes.io/backend-type": "eni"
    }
