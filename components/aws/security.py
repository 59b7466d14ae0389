"""Security groups: who may talk to the nodes and to the shared files.

The load balancer has none of its own. EKS's service controller, the only one that is there without an installation,
makes network load balancers without a security group: they pass clients on with their own addresses, and the
controller opens the gateway's node port on the nodes' group for the Service's source ranges only (balancer.py), and
its health port for the subnets. So the nodes' group is the balancer's too, and no rule here speaks of clients.
"""

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, vpc

from components.cloud_args import SecurityArgs, Tags
from components.tags import tags
from components.types import SecurityParts

NFS, HTTPS = 2049, 443


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`peer`: another security group or a range. No `port`: every protocol and port."""

    description: str
    group: pulumi.Input[str]
    peer: pulumi.Input[str]
    port: int | None = None
    outward: bool = False


class Security(pulumi.ComponentResource):
    """One group for nodes, one for mount targets; each rule is a resource of its own, so that others can add theirs:
    EKS's controller, and a fleet's."""

    parts: SecurityParts

    def __init__(self, name: str, args: SecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Security", name, None, opts)
        network = args.network
        nodes = self._group(f"{name}-nodes", "Nodes of the cluster, and the pods on them", network.vpc, args.tags)
        files = self._group(f"{name}-files", "Mount targets of the shared files", network.vpc, args.tags)
        rules = {
            "nodes-in": Rule(
                description="Nodes and pods reach each other; network policies say which pods",
                group=nodes.id,
                peer=nodes.id,
            ),
            "nodes-out": Rule(
                description="Nodes and pods reach each other; network policies say which pods",
                group=nodes.id,
                peer=nodes.id,
                outward=True,
            ),
            "nodes-https-out": Rule(
                description="Nodes fetch images and models, and call the API server and AWS, over HTTPS",
                group=nodes.id,
                peer="0.0.0.0/0",
                port=HTTPS,
                outward=True,
            ),
            "nodes-files-out": Rule(
                description="Nodes mount the shared files", group=nodes.id, peer=files.id, port=NFS, outward=True
            ),
            "files-in": Rule(description="Nodes mount the shared files", group=files.id, peer=nodes.id, port=NFS),
        }
        for key, rule in rules.items():
            make_rule(f"{name}-{key}", rule, args.tags, pulumi.ResourceOptions(parent=self))
        self.parts = SecurityParts(nodes=nodes.id, files=files.id, balancer=nodes.id)
        self.register_outputs({"nodes": nodes.id, "files": files.id})

    def _group(self, name: str, description: str, network: pulumi.Input[str], common: Tags) -> ec2.SecurityGroup:
        """Without inline rules, which would fight with those of others."""
        return ec2.SecurityGroup(
            name,
            description=description,
            vpc_id=network,
            revoke_rules_on_delete=True,  # the controller's rules would hold the group back
            tags=tags(common, name),
            opts=pulumi.ResourceOptions(parent=self),
        )


def make_rule(name: str, rule: Rule, common: Tags, opts: pulumi.ResourceOptions) -> None:
    is_range = isinstance(rule.peer, str) and "/" in rule.peer
    make = vpc.SecurityGroupEgressRule if rule.outward else vpc.SecurityGroupIngressRule
    make(
        name,
        security_group_id=rule.group,
        description=rule.description,
        ip_protocol="tcp" if rule.port else "-1",
        from_port=rule.port,
        to_port=rule.port,
        cidr_ipv4=rule.peer if is_range else None,
        referenced_security_group_id=None if is_range else rule.peer,
        tags=tags(common, name),
        opts=opts,
    )
