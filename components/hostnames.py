"""Names of hosts in DNS zones, and the records that lead to them. Pure, the same for every cloud."""

from ipaddress import ip_address


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
