"""The gateway's own certificate: a Secret that somebody keeps, or one that cert-manager is asked to."""

import ipaddress
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource


@dataclass(frozen=True, kw_only=True)
class EdgeTls:
    """`secret`: of type kubernetes.io/tls, in the gateway's namespace. It may be renewed at any time.

    `issuer`: cert-manager's, which then makes that Secret for `hosts` and renews it.
    """

    secret: str
    issuer: str = ""
    issuer_kind: str = "ClusterIssuer"
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.issuer and not self.hosts:
            raise ValueError(
                "EdgeTls.hosts: none given, so a certificate would be for nobody: name what clients connect to"
            )


def certificate(
    name: str, namespace: pulumi.Input[str], tls: EdgeTls | None, opts: pulumi.ResourceOptions
) -> list[CustomResource]:
    """cert-manager's Certificate, where it is to make one. https://cert-manager.io/docs/usage/certificate/"""
    if tls is None or not tls.issuer:
        return []
    return [
        CustomResource(
            f"{name}-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata={"name": tls.secret, "namespace": namespace},
            spec=_spec(tls),
            opts=opts,
        )
    ]


def _spec(tls: EdgeTls) -> dict[str, Any]:
    addresses = [host for host in tls.hosts if _is_address(host)]
    return {
        "secretName": tls.secret,
        "dnsNames": [host for host in tls.hosts if host not in addresses],
        "ipAddresses": addresses,
        "issuerRef": {"name": tls.issuer, "kind": tls.issuer_kind, "group": "cert-manager.io"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["server auth", "digital signature"],
    }


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
