"""A VPC that exists: looked up and checked, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import ec2

from components import refusal
from components.adoption import check_subnet, named_subnets
from components.cloud_args import ExistingNetworkArgs
from components.types import NetworkParts


@dataclass(frozen=True, kw_only=True)
class Found:
    """A subnet as AWS has it."""

    vpc: str
    zone: str


class ExistingNetwork(pulumi.ComponentResource):
    """Its ids can be used only when all of it is as the region file says: a mistake stops before anything is made."""

    parts: NetworkParts

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:ExistingNetwork", name, None, opts)
        invoke = pulumi.InvokeOptions(parent=self)
        named = named_subnets(args)
        vpc = ec2.get_vpc_output(id=args.vpc, opts=invoke)
        subnets = {field: ec2.get_subnet_output(id=subnet, opts=invoke) for field, subnet in named.items()}
        checked = pulumi.Output.all(vpc=vpc, subnets=subnets).apply(lambda found: _check(args, found))
        ids = {field: _one(checked, field) for field in named}
        private = [subnet for field, subnet in named.items() if not field.startswith("public")]
        self.parts = NetworkParts(
            vpc=checked.apply(lambda _: args.vpc),
            cidr=args.cidr,
            zones=args.zones,
            public_subnets=tuple(ids[field] for field in ids if field.startswith("public")),
            node_subnets=tuple(ids[field] for field in ids if field.startswith("nodes")),
            pod_subnets=tuple(ids[field] for field in ids if field.startswith("pods")),
            route_tables=tuple(_route_table(args.vpc, vpc, subnet, invoke) for subnet in private),
        )
        self.register_outputs({"vpc": self.parts.vpc})


def refuse(args: ExistingNetworkArgs, ranges: Sequence[str], subnets: Mapping[str, Found]) -> None:
    """Raises ValueError that names the field, the value, the reason and the fix. `ranges`: all that the VPC has."""
    if str(args.cidr) not in ranges:
        raise ValueError(
            f"network.existing.cidr: {args.cidr} is no range of {args.vpc}, which has {', '.join(ranges)}: write that"
        )
    for field in named_subnets(args):
        check_subnet(args, field, vpc=subnets[field].vpc, zone=subnets[field].zone)


def _check(args: ExistingNetworkArgs, found: dict[str, Any]) -> dict[str, str]:
    vpc, subnets = found["vpc"], found["subnets"]
    ranges = [vpc.cidr_block, *(more.cidr_block for more in vpc.cidr_block_associations or [])]
    with refusal.ends_the_run():
        refuse(
            args,
            list(dict.fromkeys(ranges)),
            {field: Found(vpc=subnet.vpc_id, zone=subnet.availability_zone) for field, subnet in subnets.items()},
        )
    return named_subnets(args)


def _one(checked: pulumi.Output[dict[str, str]], field: str) -> pulumi.Output[str]:
    return checked.apply(lambda known: known[field])


def _route_table(vpc_id: str, vpc: pulumi.Output[Any], subnet: str, invoke: pulumi.InvokeOptions) -> pulumi.Output[str]:
    """The subnet's own table, or the VPC's main one, which a subnet without one uses. Several may share a table."""
    own = ec2.get_route_tables_output(
        vpc_id=vpc_id, filters=[{"name": "association.subnet-id", "values": [subnet]}], opts=invoke
    )
    return pulumi.Output.all(own.ids, vpc.main_route_table_id).apply(lambda all: str(all[0][0] if all[0] else all[1]))
