"""Peering of two VPCs of Alibaba Cloud. Between regions of one account it needs no acceptance."""

import pulumi
from pulumi_alicloud import vpc

from components.fleet.args import PeeringArgs
from components.tags import tags

_MBIT = 100  # between regions, where it must be given; billed by use


def connect(name: str, args: PeeringArgs, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The peering's id, once it is open."""
    near, far = args.near, args.far
    requester = Requester(f"{name}-requester", args, pulumi.ResourceOptions(parent=parent, providers=[near.provider]))
    if near.member.account == far.member.account:
        return requester.id
    options = pulumi.ResourceOptions(parent=parent, providers=[far.provider])
    return Accepter(f"{name}-accepter", requester.id, options).id


class Requester(pulumi.ComponentResource):
    id: pulumi.Output[str]

    def __init__(self, name: str, args: PeeringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:PeeringRequester", name, None, opts)
        far = args.far.member
        connection = vpc.PeerConnection(
            f"{name}-connection",
            peer_connection_name=f"{args.near.name}-{args.far.name}",
            description=f"The fleet's members {args.near.name} and {args.far.name}",
            vpc_id=args.near.member.vpc,
            accepting_ali_uid=int(far.account),
            accepting_region_id=far.region,
            accepting_vpc_id=far.vpc,
            bandwidth=None if far.region == args.near.member.region else _MBIT,
            tags=tags(args.tags, name, peer=args.far.name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = connection.id
        self.register_outputs({"id": self.id})


class Accepter(pulumi.ComponentResource):
    """The other account's consent."""

    id: pulumi.Output[str]

    def __init__(self, name: str, connection: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:PeeringAccepter", name, None, opts)
        accepted = vpc.PeerConnectionAccepter(
            f"{name}-acceptance", instance_id=connection, opts=pulumi.ResourceOptions(parent=self)
        )
        self.id = accepted.id
        self.register_outputs({"id": self.id})
