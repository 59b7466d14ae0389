"""The region's name: a record in DNSPod. It has no health checks: failover is the fleet's, by Route 53."""

from collections.abc import Sequence
from typing import Any

import pulumi
from tencentcloud_iac_pulumi import dnspod

from components import hostnames
from components.cloud_args import DnsArgs

_EVERY_LINE = "默认"  # the line of whoever has no other: DNSPod's name for it


class Dns(pulumi.ComponentResource):
    """A time to live below 600 s takes a paid plan of the domain: free ones refuse the record. DNSPod has no tags."""

    hostname: pulumi.Output[str]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Dns", name, None, opts)
        record, host = hostnames.in_zone(args.zone, args.host)
        address = pulumi.Output.from_input(args.address)
        made = dnspod.Record(
            f"{name}-record",
            domain=self._zone(name, args),
            sub_domain=record,
            record_type=address.apply(hostnames.record_type),
            record_line=_EVERY_LINE,
            value=address,
            ttl=args.ttl,
            remark="Clients of the region's gateway",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.hostname = made.id.apply(lambda _: host)  # there once the record is
        self.register_outputs({"hostname": self.hostname})

    def _zone(self, name: str, args: DnsArgs) -> pulumi.Output[str]:
        if args.existing is None:
            return dnspod.DomainInstance(
                f"{name}-zone",
                domain=args.zone,
                remark="Delegate to it: enter its name servers at the registrar",
                opts=pulumi.ResourceOptions(parent=self),
            ).domain
        asked = args.existing
        found = dnspod.get_domain_list_output(
            type="ALL", keyword=args.zone, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return found.apply(lambda answer: _usable(args.zone, asked, answer.domain_lists or []))


def _usable(zone: str, asked: str, domains: Sequence[Any]) -> str:
    for domain in domains:
        if domain.name == zone and asked in (domain.name, str(domain.domain_id)):
            return zone
    raise pulumi.RunError(
        f"dns.existing: {asked} is no domain of this account with the name {zone}: correct one of them, or leave it "
        "out to have it made"
    )
