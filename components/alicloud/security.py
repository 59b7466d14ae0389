"""Who may talk to whom: rules of the nodes' security group, the balancer's access list, and who may mount files."""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_alicloud import ecs, nas, slb

from components.alicloud import names
from components.cloud_args import SecurityArgs
from components.tags import tags
from components.types import SecurityParts

# Alibaba Cloud's own addresses: balancers reach their backends from it, and DNS, time, OSS and metadata answer in it.
CLOUD = "100.64.0.0/10"
ANYWHERE = "0.0.0.0/0"
GATEWAY = {"8080": "requests", "8081": "health checks"}
_SERVICES = (
    ("tcp", "443", "The cloud's interfaces over TLS"),
    ("tcp", "80", "Instance metadata, which takes only session tokens, and package mirrors"),
    ("tcp", "53", "Names, long answers"),
    ("udp", "53", "Names"),
    ("udp", "123", "Time"),
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`key` names the resource; `ports`: one port, or all of the protocol's."""

    key: str
    type: str  # ingress or egress
    protocol: str
    ports: str | None
    range: pulumi.Input[str]
    why: str


class Security(pulumi.ComponentResource):
    """The nodes' group is of the enterprise type: it denies what no rule allows, both ways, and holds 65 536 addresses
    (a normal one holds 2000, with Terway every pod's). Such a group can't be named as a source: rules name ranges.

    A classic balancer has an access list instead of a group, and a NAS mount target an access group:
    `SecurityParts.balancer` and `.files` are their ids. `nodes`: the group of a cluster that exists, in place of one
    of our own: its nodes and ours talk to each other in it, by its owner's rules.
    """

    parts: SecurityParts

    def __init__(
        self,
        name: str,
        args: SecurityArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        nodes: pulumi.Input[str] | None = None,
    ) -> None:
        super().__init__("open-autoglm:alicloud:Security", name, None, opts)
        self.parts = SecurityParts(
            nodes=_nodes(f"{name}-nodes", args, self) if nodes is None else nodes,
            files=_files(f"{name}-files", args, self).access_group_name,
            balancer=_balancer(f"{name}-balancer", args, self).id,
        )
        self.register_outputs({"nodes": self.parts.nodes})


def _nodes(name: str, args: SecurityArgs, parent: pulumi.Resource) -> pulumi.Output[str]:
    child = pulumi.ResourceOptions(parent=parent)
    group = ecs.SecurityGroup(
        name,
        security_group_name=name,
        description="Nodes and pods of the cluster",
        security_group_type="enterprise",
        inner_access_policy="Drop",
        vpc_id=args.network.vpc,
        tags=tags(args.tags, name),
        opts=child,
    )
    for rule in rules(args):
        ecs.SecurityGroupRule(
            f"{name}-{rule.key}",
            security_group_id=group.id,
            type=rule.type,
            ip_protocol=rule.protocol,
            port_range=f"{rule.ports}/{rule.ports}" if rule.ports else "-1/-1",
            cidr_ip=rule.range,
            nic_type="intranet",
            policy="accept",
            priority=1,
            description=rule.why,
            opts=child,
        )
    return group.id


def rules(args: SecurityArgs) -> Iterator[Rule]:
    """The nodes' rules; pods have the same group. Clients and peers of the fleet come to the balancer, not to them."""
    inside = (*args.network.node_ranges, *args.network.pod_ranges)
    for index, place in enumerate(inside):
        yield Rule(
            key=f"from-inside-{index}",
            type="ingress",
            protocol="all",
            ports=None,
            range=place,
            why="Nodes, pods and the control plane's interfaces, which lie among them, talk to each other",
        )
        yield Rule(
            key=f"to-inside-{index}",
            type="egress",
            protocol="all",
            ports=None,
            range=place,
            why="Nodes and pods reach each other, the API server and the shared files",
        )
    for port, what in GATEWAY.items():
        yield Rule(
            key=f"from-balancer-{port}",
            type="ingress",
            protocol="tcp",
            ports=port,
            range=CLOUD,
            why=f"The load balancer's {what} to the gateway",
        )
    for protocol, port, why in _SERVICES:
        yield Rule(
            key=f"to-cloud-{protocol}-{port}", type="egress", protocol=protocol, ports=port, range=CLOUD, why=why
        )
    yield Rule(
        key="to-anywhere-443",
        type="egress",
        protocol="tcp",
        ports="443",
        range=ANYWHERE,
        why="Images and models from registries, over TLS through NAT",
    )


def _files(name: str, args: SecurityArgs, parent: pulumi.Resource) -> nas.AccessGroup:
    """Only nodes may mount: the CSI driver does so in the node's network. The cloud's default group allows the VPC."""
    child = pulumi.ResourceOptions(parent=parent)
    group = nas.AccessGroup(
        name,
        access_group_name=names.fitted(name, names.ACCESS_GROUP),
        access_group_type="Vpc",
        file_system_type="standard",
        description="Nodes of the cluster",
        opts=child,
    )
    for index, place in enumerate(args.network.node_ranges):
        nas.AccessRule(
            f"{name}-{index}",
            access_group_name=group.access_group_name,
            file_system_type="standard",
            source_cidr_ip=place,
            rw_access_type="RDWR",
            user_access_type="no_squash",  # files keep the ids of the pods' users
            priority=index + 1,
            opts=child,
        )
    return group


def _balancer(name: str, args: SecurityArgs, parent: pulumi.Resource) -> slb.Acl:
    """Entries for clients and peers. Everyone is no entry: a list can't hold that, so the balancer then has none."""
    child = pulumi.ResourceOptions(parent=parent)
    allowed = slb.Acl(name, name=name, ip_version="ipv4", tags=tags(args.tags, name), opts=child)
    for why, ranges in (("client", args.clients), ("peer", args.peers)):
        for index, place in enumerate(place for place in ranges if place.prefixlen):
            slb.AclEntryAttachment(
                f"{name}-{why}-{index}",
                acl_id=allowed.id,
                entry=str(place),
                comment=f"{why.capitalize()}s that may open connections",
                opts=child,
            )
    return allowed
