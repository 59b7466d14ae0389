"""Who may talk to whom: the security groups of nodes and of the balancer, and who may mount the shared files."""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from tencentcloud_iac_pulumi import cfs, security
from tencentcloud_iac_pulumi.security import GroupRuleSetEgressArgs, GroupRuleSetIngressArgs

from components.cloud_args import SecurityArgs, Tags
from components.tags import tags
from components.types import SecurityParts

ANYWHERE = "0.0.0.0/0"
BALANCERS = "100.64.0.0/10"  # where CLB's own connections and health checks come from
CLOUD = "169.254.0.0/16"  # what the cloud serves in every VPC
GATEWAY = {"8080": "requests", "8081": "health checks"}
_RESOLVERS = ("183.60.83.19/32", "183.60.82.98/32")  # of every VPC; example of kubernetes.NativeNodePool in the SDK


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`protocol` and `port` as the cloud writes them: TCP, UDP or ALL, and one port or `ALL`."""

    protocol: str
    port: str
    range: pulumi.Input[str]
    why: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """What a security group is of, and what it accepts in each direction. It refuses the rest."""

    what: str
    into: tuple[Rule, ...]
    out: tuple[Rule, ...] = ()


class Security(pulumi.ComponentResource):
    """A group refuses what no rule accepts, both ways. Rules name ranges and not groups: with VPC-CNI, pods have
    network interfaces of their own, on which no group need be.

    A CFS mount point has an access group instead of a security group: `SecurityParts.files` is its id.
    """

    parts: SecurityParts

    def __init__(self, name: str, args: SecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Security", name, None, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        nodes = Group(what="Nodes and pods of the cluster", into=tuple(into_nodes(args)), out=tuple(out_of_nodes(args)))
        balancer = Group(
            what="The load balancer in front of the gateway",
            into=tuple(into_balancer(args)),
            out=tuple(inside(args, "To")),
        )
        self.parts = SecurityParts(
            nodes=make_group(f"{name}-nodes", nodes, args.tags, child),
            files=self._files(),
            balancer=make_group(f"{name}-balancer", balancer, args.tags, child),
        )
        self.register_outputs({"nodes": self.parts.nodes})

    def _files(self) -> pulumi.Output[str]:
        """Only nodes may mount: the CSI driver does, in the node's network. Without rules nobody may."""
        name, child = f"{self._name}-files", pulumi.ResourceOptions(parent=self)
        group = cfs.AccessGroup(name, name=name, description="Nodes of the cluster", opts=child)
        for index, place in enumerate(self._args.network.node_ranges):
            cfs.AccessRule(
                f"{name}-{index}",
                access_group_id=group.id,
                auth_client_ip=place,
                priority=index + 1,
                rw_permission="RW",
                user_permission="no_root_squash",  # kubelet, as root, hands folders to the pods' users
                opts=child,
            )
        return group.id


def make_group(name: str, group: Group, common: Tags, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Returns the group's id. The rules are one set, so that none lives on that is not here."""
    made = security.Group(name, name=name, description=group.what, tags=tags(common, name), opts=opts)
    security.GroupRuleSet(
        f"{name}-rules",
        security_group_id=made.id,
        ingresses=[_ingress(rule) for rule in group.into],
        egresses=[_egress(rule) for rule in group.out],
        opts=opts,
    )
    return made.id


def inside(args: SecurityArgs, way: str) -> Iterator[Rule]:
    """Nodes, pods and what the cloud puts among them: the API server's private end, an internal balancer."""
    for place in (*args.network.node_ranges, *args.network.pod_ranges):
        yield Rule(protocol="ALL", port="ALL", range=place, why=f"{way} nodes, pods and the API server of the cluster")


def into_nodes(args: SecurityArgs) -> Iterator[Rule]:
    """Clients and peers of the fleet come to the balancer, not to the nodes."""
    yield from inside(args, "From")
    for port, what in GATEWAY.items():
        yield Rule(protocol="TCP", port=port, range=BALANCERS, why=f"The balancer's {what} to the gateway")


def out_of_nodes(args: SecurityArgs) -> Iterator[Rule]:
    """Files (NFS, 2049) lie in the nodes' own subnets."""
    yield from inside(args, "To")
    for resolver in _RESOLVERS:
        yield Rule(protocol="UDP", port="53", range=resolver, why="Names")
        yield Rule(protocol="TCP", port="53", range=resolver, why="Names, long answers")
    yield Rule(protocol="ALL", port="ALL", range=CLOUD, why="Time, packages, logs and metadata of the cloud itself")
    yield Rule(
        protocol="TCP",
        port="443",
        range=ANYWHERE,
        why="Images, models and the cloud's interfaces, over TLS through NAT",
    )


def into_balancer(args: SecurityArgs) -> Iterator[Rule]:
    for client in args.clients:
        yield Rule(protocol="TCP", port="443", range=str(client), why="Clients of the gateway, over TLS")
    for peer in args.peers:
        yield Rule(protocol="TCP", port="443", range=str(peer), why="Another region of the fleet, over TLS")


def _ingress(rule: Rule) -> GroupRuleSetIngressArgs:
    return GroupRuleSetIngressArgs(
        action="ACCEPT", protocol=rule.protocol, port=rule.port, cidr_block=rule.range, description=rule.why
    )


def _egress(rule: Rule) -> GroupRuleSetEgressArgs:
    return GroupRuleSetEgressArgs(
        action="ACCEPT", protocol=rule.protocol, port=rule.port, cidr_block=rule.range, description=rule.why
    )
