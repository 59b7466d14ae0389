"""The region's name: a record in a zone of Route 53, made or existing."""

from typing import Any

import pulumi
from pulumi_aws import route53

from components import hostnames, refusal
from components.cloud_args import DnsArgs
from components.tags import tags


class Dns(pulumi.ComponentResource):
    """For a plain region; a fleet's records, with health checks, are its own."""

    hostname: pulumi.Output[str]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Dns", name, None, opts)
        address = pulumi.Output.from_input(args.address)
        _, full = hostnames.in_zone(args.zone, args.host)
        record = route53.Record(
            f"{name}-record",
            zone_id=_existing(args.existing, args.zone, self) if args.existing else self._zone(name, args),
            name=full,
            type=address.apply(hostnames.record_type),
            ttl=args.ttl,
            records=[address],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.hostname = record.id.apply(lambda _: full)  # there once the record is
        self.register_outputs({"hostname": self.hostname})

    def _zone(self, name: str, args: DnsArgs) -> pulumi.Output[str]:
        made = route53.Zone(
            f"{name}-zone",
            name=args.zone,
            comment="Delegate to it: enter its name servers at the parent zone",
            tags=tags(args.tags, f"{name}-zone"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.zone_id


def refuse(asked: str, wanted: str, *, found: str) -> None:
    """Raises ValueError for a zone of another domain."""
    if found.rstrip(".") != wanted:
        raise ValueError(f"dns.existing: {asked} is the zone of {found.rstrip('.')}, not of {wanted}: name that one's")


def _existing(asked: str, wanted: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    found = route53.get_zone_output(zone_id=asked, opts=pulumi.InvokeOptions(parent=parent))

    def check(zone: Any) -> str:  # noqa: ANN401  the SDK's result class has untyped attributes
        with refusal.ends_the_run():
            refuse(asked, wanted, found=zone.name)
        return asked

    return found.apply(check)
