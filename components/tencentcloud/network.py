"""A VPC: in each zone a node and a pod subnet with routes of their own; NAT, flow logs."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
from tencentcloud_iac_pulumi import eip, nat, route, subnet, vpc

from components.cloud_args import NetworkArgs
from components.tags import tags
from components.tencentcloud.logs import Logs, LogsArgs
from components.types import NetworkParts

_ANYWHERE = "0.0.0.0/0"
_STANDARD_NAT = 2  # the generation whose connections and bandwidth grow by themselves
_EIP_MBPS = 100


class Network(pulumi.ComponentResource):
    """Nodes and pods have private addresses only; they leave through NAT gateways.

    Public subnets are not made: on Tencent Cloud what is public has an EIP or a balancer's address, not a subnet.
    """

    parts: NetworkParts

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Network", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._vpc = vpc.Instance(
            f"{name}-vpc",
            name=f"{name}-vpc",
            cidr_block=str(args.cidr),
            is_multicast=False,
            tags=tags(args.tags, f"{name}-vpc"),
            opts=self._child,
        )
        nats = [self._nat(zone) for zone in (args.zones if args.nat_per_zone else args.zones[:1])]
        tables = [self._table(zone, nats[min(index, len(nats) - 1)]) for index, zone in enumerate(args.zones)]
        nodes = self._subnets("nodes", args.subnets.nodes, tables)
        pods = self._subnets("pods", args.subnets.pods, tables)
        self._flow_log()
        self.parts = NetworkParts(
            vpc=self._vpc.id,
            cidr=args.cidr,
            zones=args.zones,
            public_subnets=(),
            node_subnets=tuple(made.id for made in nodes),
            pod_subnets=tuple(made.id for made in pods),
            route_tables=tuple(table.id for table in tables),
            node_ranges=tuple(str(part) for part in args.subnets.nodes),
            pod_ranges=tuple(str(part) for part in args.subnets.pods),
        )
        self.register_outputs({"vpc": self.parts.vpc})

    def _nat(self, zone: str) -> nat.Gateway:
        name = f"{self._name}-nat-{zone}"
        address = eip.Instance(
            f"{name}-ip",
            name=f"{name}-ip",
            type="EIP",
            internet_charge_type="TRAFFIC_POSTPAID_BY_HOUR",
            internet_max_bandwidth_out=_EIP_MBPS,
            tags=tags(self._args.tags, f"{name}-ip"),
            opts=self._child,
        )
        return nat.Gateway(
            name,
            name=name,
            vpc_id=self._vpc.id,
            zone=zone,
            nat_product_version=_STANDARD_NAT,
            assigned_eip_sets=[address.public_ip],
            tags=tags(self._args.tags, name),
            opts=self._child,
        )

    def _table(self, zone: str, way_out: nat.Gateway) -> route.Table:
        name = f"{self._name}-routes-{zone}"
        table = route.Table(name, name=name, vpc_id=self._vpc.id, tags=tags(self._args.tags, name), opts=self._child)
        route.TableEntry(
            f"{name}-out",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            next_type="NAT",
            next_hub=way_out.id,
            description="To the internet through NAT",
            opts=self._child,
        )
        return table

    def _subnets(
        self, kind: str, ranges: Sequence[IPv4Network], tables: Sequence[route.Table]
    ) -> list[subnet.Instance]:
        made = []
        for zone, part, table in zip(self._args.zones, ranges, tables, strict=True):
            name = f"{self._name}-{kind}-{zone}"
            made.append(
                subnet.Instance(
                    name,
                    name=name,
                    vpc_id=self._vpc.id,
                    availability_zone=zone,
                    cidr_block=str(part),
                    is_multicast=False,
                    route_table_id=table.id,
                    tags=tags(self._args.tags, name),
                    opts=self._child,
                )
            )
        return made

    def _flow_log(self) -> None:
        name = f"{self._name}-flow"
        what = "Every connection in the VPC, allowed and refused"
        logs = Logs(
            name, LogsArgs(topics={"log": what}, days=self._args.flow_log_days, tags=self._args.tags), self._child
        )
        vpc.FlowLog(
            f"{name}-log-all",
            flow_log_name=name,
            flow_log_description=what,
            resource_type="VPC",
            resource_id=self._vpc.id,
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            storage_type="cls",
            cloud_log_id=logs.topics["log"],
            tags=tags(self._args.tags, name),
            opts=self._child,
        )
