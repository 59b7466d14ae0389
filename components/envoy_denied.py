"""Who may not come in, whatever else is right: addresses, and clients whose key or token still is."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from components import envoy_jwt

Json = dict[str, Any]

_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"


@dataclass(frozen=True, kw_only=True)
class Denied:
    """`addresses` are ranges (CIDR); `clients` names of API keys; `subjects` pairs of a token's issuer and subject."""

    addresses: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    subjects: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for address in self.addresses:
            if _range(address).prefixlen == 0:
                raise ValueError(f"Denied.addresses: {address} is everybody: name narrower ranges")

    def before_authentication(self) -> list[Json]:
        return _filter("address", [{"remote_ip": _block(_range(address))} for address in self.addresses])

    def after_authentication(self, client_header: str) -> list[Json]:
        """`client_header` has the name of an API key's client, once the key has been checked."""
        named: list[Json] = [
            {"header": {"name": client_header, "string_match": {"exact": client}}} for client in self.clients
        ]
        return _filter("client", [*named, *(envoy_jwt.subject(issuer, sub) for issuer, sub in self.subjects)])


def _range(address: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(address)
    except ValueError as error:
        raise ValueError(f"Denied.addresses: {address!r} is no range: {error}; write 198.51.100.0/24") from None


def _block(network: IPv4Network | IPv6Network) -> Json:
    return {"address_prefix": str(network.network_address), "prefix_len": network.prefixlen}


def _filter(name: str, principals: list[Json]) -> list[Json]:
    if not principals:
        return []
    policy = {"permissions": [{"any": True}], "principals": principals}
    return [
        {
            "name": f"envoy.filters.http.rbac.denied_{name}",
            "typed_config": {
                "@type": _RBAC,
                "rules": {"action": "DENY", "policies": {f"denied-{name}": policy}},
                "rules_stat_prefix": f"denied_{name}_",
            },
        }
    ]
