"""What a VPC of AWS needs beside a peering or a VPN: routes, and rules for what may come in."""

import pulumi
from pulumi_aws import ec2, vpc

from components.fleet.args import HTTPS, CrossingArgs, Via
from components.tags import tags


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
        for port in (HTTPS, *args.ports):  # security.py leaves 443 from network.peers to the fleet
            vpc.SecurityGroupIngressRule(
                f"{name}-from-{port.number}",
                security_group_id=args.member.node_security_group,
                description=f"{port.reason}: from {args.peer} of the fleet",
                ip_protocol="tcp",
                from_port=port.number,
                to_port=port.number,
                cidr_ipv4=args.peer_cidr,
                tags=tags(args.tags, f"{name}-from-{port.number}"),
                opts=options,
            )
            vpc.SecurityGroupEgressRule(
                f"{name}-to-{port.number}",
                security_group_id=args.member.node_security_group,
                description=f"{port.reason}: to {args.peer} of the fleet",
                ip_protocol="tcp",
                from_port=port.number,
                to_port=port.number,
                cidr_ipv4=args.peer_cidr,
                tags=tags(args.tags, f"{name}-to-{port.number}"),
                opts=options,
            )
        self.register_outputs({})
