"""Peering of two VPCs of Tencent Cloud. Inside one account it needs no acceptance."""

import pulumi
from tencentcloud_iac_pulumi import vpc

from components.fleet.args import PeeringArgs

_MBIT = 100  # at most; billed by use
_NAME = 60  # characters that the API takes


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
        super().__init__("open-autoglm:tencentcloud:PeeringRequester", name, None, opts)
        connection = vpc.PeerConnectManager(  # takes no tags
            f"{name}-connection",
            peering_connection_name=f"{args.near.name}-{args.far.name}"[:_NAME],
            source_vpc_id=args.near.member.vpc,
            destination_vpc_id=args.far.member.vpc,
            destination_region=args.far.member.region,
            destination_uin=args.far.member.account,
            type="VPC_PEER",
            charge_type="POSTPAID_BY_DAY_MAX",
            bandwidth=_MBIT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = connection.id
        self.register_outputs({"id": self.id})


class Accepter(pulumi.ComponentResource):
    """The other account's consent."""

    id: pulumi.Output[str]

    def __init__(self, name: str, connection: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:PeeringAccepter", name, None, opts)
        accepted = vpc.PeerConnectAcceptOperation(
            f"{name}-acceptance", peering_connection_id=connection, opts=pulumi.ResourceOptions(parent=self)
        )
        self.id = accepted.peering_connection_id  # that of the operation is none of the peering's
        self.register_outputs({"id": self.id})
