"""A VPC of the region's own: per zone a vSwitch each for NAT gateways, nodes and pods, and ways out through NAT."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
from pulumi_alicloud import ecs, log, vpc

from components.alicloud import logs
from components.alicloud.existing_network import ExistingNetwork
from components.cloud_args import NetworkArgs, Tags
from components.tags import tags
from components.types import NetworkParts

__all__ = ["ExistingNetwork", "Network"]

_EIP_MBPS = "200"  # the most that the SDK's docs allow an address that is paid by traffic


class Network(pulumi.ComponentResource):
    """Nodes and pods have private addresses only; publicness is an EIP's property here, so no vSwitch is public."""

    parts: NetworkParts

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Network", name, None, opts)
        self._name, self._tags, self._zones = name, args.tags, args.zones
        self._child = pulumi.ResourceOptions(parent=self)
        self._vpc = vpc.Network(
            f"{name}-vpc",
            vpc_name=name,
            cidr_block=str(args.cidr),
            tags=tags(args.tags, f"{name}-vpc"),
            opts=self._child,
        )
        gateways = self._switches("nat", args.subnets.public)
        nodes = self._switches("nodes", args.subnets.nodes)
        pods = self._switches("pods", args.subnets.pods)
        tables = []
        for index, homes in enumerate(_homes(len(args.zones), per_zone=args.nat_per_zone)):
            inside = {f"{kind}-{i}": them[i] for i in homes for kind, them in (("nodes", nodes), ("pods", pods))}
            tables.append(self._way_out(index, gateways[index], inside))
        _flow_log(f"{name}-flow", self._vpc, args.flow_log_days, args.tags, self)

        self.parts = NetworkParts(
            vpc=self._vpc.id,
            cidr=args.cidr,
            zones=args.zones,
            public_subnets=(),
            node_subnets=tuple(switch.id for switch in nodes),
            pod_subnets=tuple(switch.id for switch in pods),
            route_tables=tuple(table.id for table in tables),
            node_ranges=tuple(str(subnet) for subnet in args.subnets.nodes),
            pod_ranges=tuple(str(subnet) for subnet in args.subnets.pods),
        )
        self.register_outputs({"vpc": self._vpc.id})

    def _switches(self, kind: str, ranges: Sequence[IPv4Network]) -> list[vpc.Switch]:
        return [
            vpc.Switch(
                f"{self._name}-{kind}-{index}",
                vpc_id=self._vpc.id,
                zone_id=zone,
                cidr_block=str(subnet),
                vswitch_name=f"{self._name}-{kind}-{index}",
                tags=tags(self._tags, f"{self._name}-{kind}-{index}"),
                opts=self._child,
            )
            for index, (zone, subnet) in enumerate(zip(self._zones, ranges, strict=True))
        ]

    def _way_out(self, index: int, home: vpc.Switch, inside: dict[str, vpc.Switch]) -> vpc.RouteTable:
        """A NAT gateway in `home` with an address of its own, and a route table by which `inside` goes through it."""
        name = f"{self._name}-nat-gateway-{index}"
        gateway = vpc.NatGateway(
            name,
            vpc_id=self._vpc.id,
            vswitch_id=home.id,
            nat_gateway_name=name,
            nat_type="Enhanced",
            payment_type="PayAsYouGo",
            internet_charge_type="PayByLcu",
            tags=tags(self._tags, name),
            opts=self._child,
        )
        address = ecs.EipAddress(
            f"{name}-address",
            address_name=f"{name}-address",
            payment_type="PayAsYouGo",
            internet_charge_type="PayByTraffic",
            bandwidth=_EIP_MBPS,
            tags=tags(self._tags, f"{name}-address"),
            opts=self._child,
        )
        bound = ecs.EipAssociation(
            f"{name}-association",
            allocation_id=address.id,
            instance_id=gateway.id,
            instance_type="Nat",
            opts=self._child,
        )
        # A table of its own: the VPC's system table has one default route, to the gateway that was made first.
        table = vpc.RouteTable(
            f"{name}-routes",
            vpc_id=self._vpc.id,
            route_table_name=f"{name}-routes",
            description="Nodes and pods of a zone leave through that zone's NAT gateway",
            tags=tags(self._tags, f"{name}-routes"),
            opts=self._child,
        )
        vpc.RouteEntry(
            f"{name}-default-route",
            route_table_id=table.id,
            destination_cidrblock="0.0.0.0/0",
            nexthop_type="NatGateway",
            nexthop_id=gateway.id,
            opts=self._child,
        )
        # An SNAT entry names the address, not its binding: the cloud refuses one that isn't the gateway's yet.
        after_binding = pulumi.ResourceOptions(parent=self, depends_on=[bound])
        for place, switch in inside.items():
            vpc.RouteTableAttachment(
                f"{name}-routes-{place}", route_table_id=table.id, vswitch_id=switch.id, opts=self._child
            )
            vpc.SnatEntry(
                f"{name}-snat-{place}",
                snat_table_id=gateway.snat_table_ids,
                snat_ip=address.ip_address,
                source_vswitch_id=switch.id,
                snat_entry_name=f"{name}-snat-{place}",
                opts=after_binding,
            )
        return table


def _homes(zones: int, *, per_zone: bool) -> list[range]:
    """Which zones each NAT gateway serves."""
    return [range(zone, zone + 1) for zone in range(zones)] if per_zone else [range(zones)]


def _flow_log(name: str, network: vpc.Network, days: int, common: Tags, parent: pulumi.Resource) -> None:
    child = pulumi.ResourceOptions(parent=parent)
    project = logs.project(f"{name}-logs", parent, common, "Who talked to whom in the VPC")
    store = log.Store(
        f"{name}-store",
        project_name=project.project_name,
        logstore_name="flow-log",
        retention_period=days,
        shard_count=2,
        auto_split=True,
        max_split_shard_count=16,
        opts=child,
    )
    vpc.FlowLog(
        f"{name}-log",
        resource_type="VPC",
        resource_id=network.id,
        traffic_type="All",
        traffic_paths=["all"],
        project_name=project.project_name,
        log_store_name=store.logstore_name,
        flow_log_name=f"{name}-log",
        description="All traffic of the VPC",
        tags=tags(common, f"{name}-log"),
        opts=child,
    )
