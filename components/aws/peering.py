"""Peering of two VPCs of AWS. Asking and accepting are two regions' business: a component and a provider each."""

import pulumi
from pulumi_aws import ec2

from components.fleet.args import PeeringArgs
from components.tags import tags


def connect(name: str, args: PeeringArgs, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The peering's id, once it has been accepted: routes to a pending one are refused."""
    near, far = args.near.provider, args.far.provider
    requester = Requester(f"{name}-requester", args, pulumi.ResourceOptions(parent=parent, providers=[near]))
    options = pulumi.ResourceOptions(parent=parent, providers=[far])
    return Accepter(f"{name}-accepter", args, requester.id, options).id


class Requester(pulumi.ComponentResource):
    id: pulumi.Output[str]

    def __init__(self, name: str, args: PeeringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:PeeringRequester", name, None, opts)
        connection = ec2.VpcPeeringConnection(
            f"{name}-connection",
            vpc_id=args.near.member.vpc,
            peer_vpc_id=args.far.member.vpc,
            peer_region=args.far.member.region,
            peer_owner_id=args.far.member.account,
            tags=tags(args.tags, name, peer=args.far.name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = connection.id
        self.register_outputs({"id": self.id})


class Accepter(pulumi.ComponentResource):
    id: pulumi.Output[str]

    def __init__(
        self, name: str, args: PeeringArgs, connection: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("open-autoglm:aws:PeeringAccepter", name, None, opts)
        accepted = ec2.VpcPeeringConnectionAccepter(
            f"{name}-acceptance",
            vpc_peering_connection_id=connection,
            auto_accept=True,
            tags=tags(args.tags, name, peer=args.near.name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = accepted.id
        self.register_outputs({"id": self.id})
