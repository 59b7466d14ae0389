"""What a VPC of Tencent Cloud needs beside a peering or a VPN: routes, and rules for what may come in."""

from itertools import product

import pulumi
from tencentcloud_iac_pulumi import route, security

from components.fleet.args import CrossingArgs, Via

REGION_ADMITS_PEERS = True  # security.py lets network.peers in on 443
_HOPS = {Via.PEERING: "PEERCONNECTION", Via.VPN: "VPN"}
_WAYS = (("ingress", "from"), ("egress", "to"))


class Crossing(pulumi.ComponentResource):
    def __init__(self, name: str, args: CrossingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Crossing", name, None, opts)
        options = pulumi.ResourceOptions(parent=self)
        for index, table in enumerate(args.member.route_tables):
            route.TableEntry(
                f"{name}-route-{index}",
                description=f"To {args.peer} of the fleet",
                route_table_id=table,
                destination_cidr_block=args.peer_cidr,
                next_type=_HOPS[args.via],
                next_hub=args.hop,
                opts=options,
            )
        for port, (way, word) in product(args.ports, _WAYS):
            security.GroupRule(
                f"{name}-{word}-{port.number}",
                security_group_id=args.member.node_security_group,
                description=f"{port.reason}: {word} {args.peer} of the fleet",
                type=way,
                policy="ACCEPT",
                ip_protocol="TCP",
                port_range=str(port.number),
                cidr_ip=args.peer_cidr,
                opts=options,
            )
        self.register_outputs({})
