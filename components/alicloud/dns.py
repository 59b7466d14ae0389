"""A record of the region's host in Alibaba Cloud DNS. It has no health checks: failover is the fleet's, by Route 53."""

from collections.abc import Sequence

import pulumi
from pulumi_alicloud import dns

from components import hostnames
from components.cloud_args import DnsArgs
from components.tags import tags


class Dns(pulumi.ComponentResource):
    """A time to live below 600 s takes a paid edition of the zone: free ones refuse the record."""

    hostname: pulumi.Output[str]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Dns", name, None, opts)
        record, host = hostnames.in_zone(args.zone, args.host)
        address = pulumi.Output.from_input(args.address)
        made = dns.AlidnsRecord(
            f"{name}-record",
            domain_name=self._zone(name, args),
            rr=record,
            type=address.apply(hostnames.record_type),
            value=address,
            ttl=args.ttl,
            remark="Clients of the region's gateway",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.hostname = made.rr.apply(lambda _: host)
        self.register_outputs({"hostname": self.hostname})

    def _zone(self, name: str, args: DnsArgs) -> pulumi.Output[str]:
        if args.existing is None:
            return dns.AlidnsDomain(
                f"{name}-zone",
                domain_name=args.zone,
                tags=tags(args.tags, f"{name}-zone"),
                opts=pulumi.ResourceOptions(parent=self),
            ).domain_name
        asked = args.existing
        found = dns.get_alidns_domains_output(domain_name_regex=args.zone, opts=pulumi.InvokeOptions(parent=self))
        return found.apply(
            lambda answer: usable(args.zone, asked, [(item.domain_name, item.domain_id) for item in answer.domains])
        )


def usable(zone: str, existing: str, domains: Sequence[tuple[str, str]]) -> str:
    """The zone's name. `existing`: its name or id; `domains`: both, of those that the account has."""
    if (zone, existing) in domains or (existing == zone and zone in dict(domains)):
        return zone
    raise pulumi.RunError(
        f"dns.existing: {existing}: the account has no domain {zone} of this id or name: correct it, or leave it out "
        "to have the domain added"
    )
