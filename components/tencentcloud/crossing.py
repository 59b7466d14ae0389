"""What a VPC of Tencent Cloud needs beside a peering or a VPN: routes.

The region's own balancer lets its network.peers in on 443 (security.py). The rules of a group are one set, so that a
rule for another port from here would be taken out by the region's next update.
"""

import pulumi
from tencentcloud_iac_pulumi import route

from components.fleet.args import CrossingArgs, Via

_HOPS = {Via.PEERING: "PEERCONNECTION", Via.VPN: "VPN"}


class Crossing(pulumi.ComponentResource):
    """Raises ValueError for ports beside 443."""

    def __init__(self, name: str, args: CrossingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Crossing", name, None, opts)
        if args.ports:
            raise ValueError(f"{name}: on Tencent Cloud nothing crosses but 443: leave {args.ports[0].number} out")
        for index, table in enumerate(args.member.route_tables):
            route.TableEntry(
                f"{name}-route-{index}",
                description=f"To {args.peer} of the fleet",
                route_table_id=table,
                destination_cidr_block=args.peer_cidr,
                next_type=_HOPS[args.via],
                next_hub=args.hop,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
