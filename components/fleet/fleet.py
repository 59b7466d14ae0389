"""Several regions as one service: networks that reach each other, and one name that leads to a live one."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pulumi
import pulumi_random as random

from components.fleet import references
from components.fleet.args import End, Port, Tags, Via
from components.fleet.links import Common, Peered, Rack, Racked, Tunnelled, Tunneller, gateway
from components.fleet.plan import pairs, vpn_members
from components.tags import region_tags

if TYPE_CHECKING:
    from stacks.cloud import ExistingVpc, NewNetwork
    from stacks.fleet import FleetSpec
    from stacks.schema import CloudRegion, RegionSpec


@dataclass(frozen=True, kw_only=True)
class FleetArgs:
    """`regions`: the region file of each member of `spec`, by stack."""

    spec: "FleetSpec"
    regions: Mapping[str, "RegionSpec"]


class Fleet(pulumi.ComponentResource):
    """What a fleet file describes.

    `endpoint`: OpenAI's `base_url` for the whole fleet. `racks`: by private member, what its owner sets its IPsec
    device up with; secret.
    """

    endpoint: str
    racks: pulumi.Output[Mapping[str, Any]]

    def __init__(self, name: str, args: FleetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:fleet:Fleet", name, None, opts)
        spec = args.spec
        tags = region_tags(
            stack=name, environment=spec.environment, owner=spec.owner.name, cost_center=spec.owner.cost_center
        )
        ends = {
            stack: _end(f"{name}-{stack}", stack, cast("CloudRegion", args.regions[stack]), self)
            for stack, member in spec.members.items()
            if member.site is None
        }
        racks = {
            stack: Rack(name=stack, cidr=str(member.site.cidr), gateway=str(member.site.gateway))
            for stack, member in spec.members.items()
            if member.site
        }
        made: Mapping[str, Any] = _join(name, ends, racks, _common(spec, tags), self)
        self.racks = pulumi.Output.secret(pulumi.Output.from_input(made))
        addresses = _addresses(spec, {stack: end for stack, end in ends.items() if _is_public(args.regions[stack])})
        self.endpoint = f"https://{_failover(name, spec, addresses, tags, self)}/v1"
        self.register_outputs({"endpoint": self.endpoint, "racks": self.racks})


def _end(name: str, stack: str, region: "CloudRegion", parent: pulumi.Resource) -> End:
    network = cast("NewNetwork | ExistingVpc", getattr(region.network, "existing", region.network))
    facts = {
        "provider": region.provider,
        "region": region.region,
        "account": region.account_id,
        "cidr": str(network.cidr),
    }
    expected = references.Expected(facts=facts, zones=len(network.zones))
    member = references.read(stack, expected, pulumi.ResourceOptions(parent=parent))
    module = importlib.import_module(f"components.{region.provider}.provider")
    return End(name=stack, member=member, provider=module.make(name, region, parent))


def _common(spec: "FleetSpec", tags: Tags) -> Common:
    ports = tuple(Port(number=asked.port, reason=asked.reason) for asked in spec.ports)
    return Common(ports=ports, tags=tags)


def _join(
    name: str, ends: Mapping[str, End], racks: Mapping[str, Rack], common: Common, parent: pulumi.Resource
) -> dict[str, list[dict[str, pulumi.Input[str]]]]:
    """Every pair; what each rack's owner has to set up."""
    keys = random.Provider(f"{name}-random", opts=pulumi.ResourceOptions(parent=parent))
    options = pulumi.ResourceOptions(parent=parent, providers=[keys])
    plan = pairs({**{stack: end.member.provider for stack, end in ends.items()}, **dict.fromkeys(racks)})
    gateways: dict[str, Tunneller] = {
        stack: gateway(f"{name}-{stack}-vpn", ends[stack], common.tags, parent)
        for stack in vpn_members(plan)
        if stack in ends
    }
    made: dict[str, list[dict[str, pulumi.Input[str]]]] = {stack: [] for stack in racks}
    for pair in plan:
        link = f"{name}-{pair.name}"
        if pair.far in racks:
            rack = Racked(link, gateways[pair.near], racks[pair.far], common, options)
            made[pair.far] += rack.tunnels
        elif pair.via is Via.PEERING:
            Peered(link, ends[pair.near], ends[pair.far], common, options)
        else:
            Tunnelled(link, gateways[pair.near], gateways[pair.far], common, options)
    return made


def _addresses(spec: "FleetSpec", ends: Mapping[str, End]) -> dict[str, pulumi.Input[str]]:
    """Of the members that clients can reach, in the order of the file."""
    found: dict[str, pulumi.Input[str]] = {}
    for stack, member in spec.members.items():
        if stack in ends:
            found[stack] = ends[stack].member.address
        elif member.site and member.site.address:
            found[stack] = member.site.address
    return found


def _is_public(region: "RegionSpec") -> bool:
    exposure = region.gateway.exposure
    return exposure.type == "LoadBalancer" and not exposure.internal


def _failover(
    name: str,
    spec: "FleetSpec",
    addresses: Mapping[str, pulumi.Input[str]],
    tags: Tags,
    parent: pulumi.Resource,
) -> str:
    """Route 53, whatever the members' clouds: so its SDK is imported here, and its account may be a third one."""
    from components.aws.failover import REGION, Failover, FailoverArgs
    from components.aws.provider import for_region

    dns, health = spec.dns, spec.health
    provider = for_region(f"{name}-dns", REGION, dns.account_id, parent)
    args = FailoverArgs(
        zone=dns.zone,
        zone_id=dns.zone_id,
        host=dns.host,
        ttl=dns.ttl_seconds,
        path=health.path,
        interval=health.interval_seconds,
        threshold=health.failure_threshold,
        addresses=addresses,
        weights={stack: spec.members[stack].weight for stack in addresses},
        standby=spec.recovery.standby,
        tags=tags,
    )
    host: str = Failover(f"{name}-failover", args, pulumi.ResourceOptions(parent=parent, providers=[provider])).host
    return host
