"""Names of hosts in DNS zones, and the records that lead to them. Pure, the same for every cloud."""

from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.schema import RegionSpec


def in_zone(zone: str, host: str) -> tuple[str, str]:
    """The record's name in its zone, and the whole host name. `host` may be given with the zone or without; `@`: the
    zone's own name."""
    if host == zone:
        return "@", zone
    record = host.removesuffix(f".{zone}")
    return record, f"{record}.{zone}"


def record_type(address: str) -> str:
    """Of a record that leads to a load balancer: by its name, which stands for addresses that change, or by its
    address."""
    try:
        return {4: "A", 6: "AAAA"}[ip_address(address).version]
    except ValueError:
        return "CNAME"


def of_gateway(spec: "RegionSpec") -> tuple[str, ...]:
    """What clients connect to, as far as the region's file says: a name, an address, or neither."""
    dns = getattr(spec, "dns", None)  # a cloud's
    asked = (spec.gateway.address, in_zone(dns.zone, dns.host)[1] if dns else None)
    return tuple(name for name in asked if name)
