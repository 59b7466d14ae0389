"""What a VPC of Alibaba Cloud needs beside a peering or a VPN: routes, and rules for what may cross.

The region's own balancer lets its network.peers in on 443 (security.py).
"""

from itertools import product

import pulumi
from pulumi_alicloud import ecs, vpc

from components.fleet.args import CrossingArgs, Via

_HOPS = {Via.PEERING: "VpcPeer", Via.VPN: "VpnGateway"}
_WAYS = (("ingress", "from"), ("egress", "to"))


class Crossing(pulumi.ComponentResource):
    def __init__(self, name: str, args: CrossingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Crossing", name, None, opts)
        options = pulumi.ResourceOptions(parent=self)
        for index, table in enumerate(args.member.route_tables):
            vpc.RouteEntry(
                f"{name}-route-{index}",
                name=f"to-{args.peer}",
                description=f"To {args.peer} of the fleet",
                route_table_id=table,
                destination_cidrblock=args.peer_cidr,
                nexthop_type=_HOPS[args.via],
                nexthop_id=args.hop,
                opts=options,
            )
        for port, (way, word) in product(args.ports, _WAYS):
            ecs.SecurityGroupRule(
                f"{name}-{word}-{port.number}",
                security_group_id=args.member.node_security_group,
                description=f"{port.reason}: {word} {args.peer} of the fleet",
                type=way,
                policy="accept",
                nic_type="intranet",  # the only kind that a VPC's groups have
                ip_protocol="tcp",
                port_range=f"{port.number}/{port.number}",
                cidr_ip=args.peer_cidr,
                opts=options,
            )
        self.register_outputs({})
