"""A VPC that exists: looked up and checked, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi
from pulumi_alicloud import vpc

from components.adoption import named_subnets
from components.cloud_args import ExistingNetworkArgs
from components.types import NetworkParts


@dataclass(frozen=True, kw_only=True)
class Switch:
    """What the cloud says of a vSwitch."""

    id: str
    vpc: str
    zone: str
    cidr: str
    route_table: str


class ExistingNetwork(pulumi.ComponentResource):
    """Its parts come from the check: nothing is made in a network that is not what the region file says."""

    parts: NetworkParts

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:ExistingNetwork", name, None, opts)
        asked = pulumi.InvokeOptions(parent=self)
        networks = vpc.get_networks_output(ids=[args.vpc], opts=asked)
        switches = vpc.get_switches_output(ids=[*named_subnets(args).values()], opts=asked)
        found = pulumi.Output.all(networks, switches).apply(lambda both: _checked(args, both[0], both[1]))

        nodes, pods = args.node_subnets, args.pod_subnets
        self.parts = NetworkParts(
            vpc=found.apply(lambda _: args.vpc),
            cidr=args.cidr,
            zones=args.zones,
            public_subnets=(),
            node_subnets=_each(found, nodes, "id"),
            pod_subnets=_each(found, pods, "id"),
            route_tables=_each(found, (*nodes, *pods), "route_table"),
            node_ranges=_each(found, nodes, "cidr"),
            pod_ranges=_each(found, pods, "cidr"),
        )
        self.register_outputs({"vpc": self.parts.vpc})


def refusals(args: ExistingNetworkArgs, networks: Mapping[str, str], switches: Mapping[str, Switch]) -> list[str]:
    """What is wrong, each with field, value, reason and fix. `networks`: VPC -> its range; `switches`: by id."""
    if args.vpc not in networks:
        return [f"network.existing.vpc: {args.vpc}: the account has no such VPC in this region: correct the id"]
    zones = {f"{kind}[{i}]": zone for kind in ("nodes", "pods") for i, zone in enumerate(args.zones)}
    found = []
    if networks[args.vpc] != str(args.cidr):
        found.append(f"network.existing.cidr: {args.cidr}: {args.vpc} has {networks[args.vpc]}: write that range")
    for field, id in named_subnets(args).items():
        at = f"network.existing.subnets.{field}: {id}"
        switch = switches.get(id)
        zone = zones.get(field)
        if switch is None:
            found.append(f"{at}: the account has no such vSwitch in this region: correct the id or region")
        elif switch.vpc != args.vpc:
            found.append(f"{at}: belongs to {switch.vpc}, not to {args.vpc}: name a vSwitch of {args.vpc}")
        elif zone is not None and switch.zone != zone:
            found.append(f"{at}: lies in zone {switch.zone}, not in {zone}: order them as network.existing.zones")
    return found


def _checked(
    args: ExistingNetworkArgs, networks: vpc.GetNetworksResult, switches: vpc.GetSwitchesResult
) -> dict[str, Switch]:
    cidrs = {network.id: network.cidr_block for network in networks.vpcs}
    found = {
        switch.id: Switch(
            id=switch.id,
            vpc=switch.vpc_id,
            zone=switch.zone_id,
            cidr=switch.cidr_block,
            route_table=switch.route_table_id,
        )
        for switch in switches.vswitches
    }
    if problems := refusals(args, cidrs, found):
        raise pulumi.RunError("\n".join(problems))
    return found


def _each(found: pulumi.Output[dict[str, Switch]], ids: Sequence[str], field: str) -> tuple[pulumi.Output[str], ...]:
    """One field of each, in order: known only once the check has passed."""
    return tuple(found.apply(partial(_field, id=id, field=field)) for id in ids)


def _field(found: dict[str, Switch], id: str, field: str) -> str:
    return str(getattr(found[id], field))
