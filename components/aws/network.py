"""A VPC: in each zone a public, a node and a pod subnet; NAT, a private way to S3, flow logs."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2

from components.aws import partition
from components.aws.flow_logs import FlowLogs, FlowLogsArgs
from components.cloud_args import NetworkArgs
from components.tags import tags
from components.types import NetworkParts

_ANYWHERE = "0.0.0.0/0"


class Network(pulumi.ComponentResource):
    """Nodes and pods have private addresses only; they leave through NAT gateways."""

    parts: NetworkParts

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Network", name, None, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(args.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,  # a private API endpoint and the shared files' names need both
            tags=tags(args.tags, f"{name}-vpc"),
            opts=child,
        )
        # Without rules: what names no group of its own can neither reach nor be reached.
        ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, tags=tags(args.tags, f"{name}-default"), opts=child)
        public = self._subnets(vpc, "public", args.subnets.public, {"kubernetes.io/role/elb": "1"})
        nodes = self._subnets(vpc, "nodes", args.subnets.nodes, {"kubernetes.io/role/internal-elb": "1"})
        pods = self._subnets(vpc, "pods", args.subnets.pods, {})
        nats = self._nats(public, self._internet(vpc, public))
        tables = self._private_tables(vpc, nats, nodes, pods)
        region = partition.region_of(args.zones[0])
        ec2.VpcEndpoint(
            f"{name}-s3",  # free, where NAT gateways take money for each byte of weights and snapshots
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags=tags(args.tags, f"{name}-s3"),
            opts=child,
        )
        FlowLogs(f"{name}-flow", FlowLogsArgs(vpc=vpc.id, days=args.flow_log_days, tags=args.tags), child)
        self.parts = NetworkParts(
            vpc=vpc.id,
            cidr=args.cidr,
            zones=args.zones,
            public_subnets=tuple(subnet.id for subnet in public),
            node_subnets=tuple(subnet.id for subnet in nodes),
            pod_subnets=tuple(subnet.id for subnet in pods),
            route_tables=tuple(table.id for table in tables),
        )
        self.register_outputs({"vpc": vpc.id})

    def _subnets(
        self, vpc: ec2.Vpc, kind: str, ranges: Sequence[IPv4Network], marks: dict[str, str]
    ) -> list[ec2.Subnet]:
        return [
            ec2.Subnet(
                f"{self._name}-{kind}-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(cidr),
                map_public_ip_on_launch=False,  # balancers and NAT gateways bring their own addresses
                tags=tags(self._args.tags, f"{self._name}-{kind}-{zone}", **marks),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for zone, cidr in zip(self._args.zones, ranges, strict=True)
        ]

    def _internet(self, vpc: ec2.Vpc, public: Sequence[ec2.Subnet]) -> ec2.InternetGateway:
        name, child = self._name, pulumi.ResourceOptions(parent=self)
        gateway = ec2.InternetGateway(
            f"{name}-internet", vpc_id=vpc.id, tags=tags(self._args.tags, f"{name}-internet"), opts=child
        )
        table = ec2.RouteTable(
            f"{name}-public", vpc_id=vpc.id, tags=tags(self._args.tags, f"{name}-public"), opts=child
        )
        ec2.Route(
            f"{name}-public-out",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=child,
        )
        self._associate("public", public, [table])
        return gateway

    def _nats(self, public: Sequence[ec2.Subnet], internet: ec2.InternetGateway) -> list[ec2.NatGateway]:
        wanted = len(public) if self._args.nat_per_zone else 1
        made = []
        for zone, subnet in zip(self._args.zones[:wanted], public[:wanted], strict=True):
            name = f"{self._name}-nat-{zone}"
            marks, child = tags(self._args.tags, name), pulumi.ResourceOptions(parent=self)
            address = ec2.Eip(f"{name}-address", domain="vpc", tags=marks, opts=child)
            made.append(
                ec2.NatGateway(
                    name,
                    subnet_id=subnet.id,
                    allocation_id=address.allocation_id,
                    tags=marks,
                    # AWS refuses a NAT gateway in a VPC without a way out; no argument of it names the way.
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[internet]),
                )
            )
        return made

    def _private_tables(
        self,
        vpc: ec2.Vpc,
        nats: Sequence[ec2.NatGateway],
        nodes: Sequence[ec2.Subnet],
        pods: Sequence[ec2.Subnet],
    ) -> list[ec2.RouteTable]:
        """One a NAT gateway."""
        tables = []
        for zone, nat in zip(self._args.zones[: len(nats)], nats, strict=True):
            name, child = f"{self._name}-private-{zone}", pulumi.ResourceOptions(parent=self)
            table = ec2.RouteTable(name, vpc_id=vpc.id, tags=tags(self._args.tags, name), opts=child)
            ec2.Route(
                f"{name}-out",
                route_table_id=table.id,
                destination_cidr_block=_ANYWHERE,
                nat_gateway_id=nat.id,
                opts=child,
            )
            tables.append(table)
        self._associate("nodes", nodes, tables)
        self._associate("pods", pods, tables)
        return tables

    def _associate(self, kind: str, subnets: Sequence[ec2.Subnet], tables: Sequence[ec2.RouteTable]) -> None:
        """Each zone's subnet with its zone's table; with the only one, where there is one."""
        for index, (zone, subnet) in enumerate(zip(self._args.zones, subnets, strict=True)):
            ec2.RouteTableAssociation(
                f"{self._name}-{kind}-{zone}-routes",
                subnet_id=subnet.id,
                route_table_id=tables[index % len(tables)].id,
                opts=pulumi.ResourceOptions(parent=self),
            )
