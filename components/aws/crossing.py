"""What a VPC of AWS needs beside a peering or a VPN: routes, and rules for what may cross beside 443.

The region's own balancer.py has network.peers let in on 443; nodes may leave on it anywhere (security.py).
"""

from itertools import product

import pulumi
from pulumi_aws import ec2

from components.aws.security import Rule, make_rule
from components.fleet.args import CrossingArgs, Via

_WAYS = ((False, "from"), (True, "to"))


class Crossing(pulumi.ComponentResource):
    def __init__(self, name: str, args: CrossingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Crossing", name, None, opts)
        options = pulumi.ResourceOptions(parent=self)
        for index, table in enumerate(args.member.route_tables):
            ec2.Route(
                f"{name}-route-{index}",
                route_table_id=table,
                destination_cidr_block=args.peer_cidr,
                vpc_peering_connection_id=args.hop if args.via is Via.PEERING else None,
                gateway_id=args.hop if args.via is Via.VPN else None,
                opts=options,
            )
        for port, (outward, word) in product(args.ports, _WAYS):
            rule = Rule(
                description=f"{port.reason}: {word} {args.peer} of the fleet",
                group=args.member.node_security_group,
                peer=args.peer_cidr,
                port=port.number,
                outward=outward,
            )
            make_rule(f"{name}-{word}-{port.number}", rule, args.tags, options)
        self.register_outputs({})
