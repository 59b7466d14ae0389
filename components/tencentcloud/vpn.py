"""IPsec between a VPC of Tencent Cloud and another cloud's network.

A gateway has one public address; each connection goes to one address of the peer, so two lead to a peer with two.
"""

import pulumi
from tencentcloud_iac_pulumi import vpn

from components.fleet import ipsec
from components.fleet.args import VpnConnectionArgs, VpnGatewayArgs
from components.tags import tags

LEGS = 1
ADDRESSES_BY_CONNECTION = False
_MBIT = 100  # one of 5, 10, 20, 50, 100, 200, 500, 1000
_NAME = 60  # characters that the API takes
_PRIORITIES = (0, 100)  # the first is used while it is up


class VpnGateway(pulumi.ComponentResource):
    id: pulumi.Output[str]
    addresses: tuple[pulumi.Output[str], ...]

    def __init__(self, name: str, args: VpnGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:VpnGateway", name, None, opts)
        gateway = vpn.Gateway(
            f"{name}-gateway",
            name=name[:_NAME],
            vpc_id=args.member.vpc,
            type="IPSEC",
            bandwidth=_MBIT,
            charge_type="POSTPAID_BY_HOUR",
            tags=tags(args.tags, name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = gateway.id
        self.addresses = (gateway.public_ip_address,)
        self.register_outputs({"id": self.id, "addresses": list(self.addresses)})


class VpnConnection(pulumi.ComponentResource):
    """A connection to each address of the peer, with a route each: the second is used when the first is down."""

    addresses: tuple[pulumi.Output[str], ...]

    def __init__(self, name: str, args: VpnConnectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:VpnConnection", name, None, opts)
        for index, (peer, key) in enumerate(zip(args.peers, args.keys, strict=True)):
            self._connection(f"{name}-{index}", args, peer, key, _PRIORITIES[index])
        self.addresses = args.own
        self.register_outputs({"addresses": list(self.addresses)})

    def _connection(
        self, name: str, args: VpnConnectionArgs, peer: pulumi.Input[str], key: pulumi.Output[str], priority: int
    ) -> None:
        options = pulumi.ResourceOptions(parent=self)
        customer = vpn.CustomerGateway(
            f"{name}-peer",
            name=f"{args.peer}-{priority}"[:_NAME],
            public_ip_address=peer,
            tags=tags(args.tags, name, peer=args.peer),
            opts=options,
        )
        connection = vpn.Connection(
            f"{name}-connection",
            name=f"to-{args.peer}-{priority}"[:_NAME],
            vpc_id=args.member.vpc,
            vpn_gateway_id=args.gateway,
            customer_gateway_id=customer.id,
            pre_share_key=key,
            route_type="StaticRoute",
            negotiation_type="active",  # it calls: AWS waits to be called
            ike_version="IKEV2",
            ike_exchange_mode="MAIN",
            ike_proto_encry_algorithm="AES-CBC-256",
            ike_proto_authen_algorithm="SHA-256",
            ike_dh_group_name="GROUP14",
            ike_sa_lifetime_seconds=ipsec.IKE_SECONDS,
            ike_local_identity="ADDRESS",
            ike_local_address=args.own[0],
            ike_remote_identity="ADDRESS",
            ike_remote_address=peer,
            ipsec_encrypt_algorithm="AES-CBC-256",
            ipsec_integrity_algorithm="SHA-256",
            ipsec_pfs_dh_group="DH-GROUP14",
            ipsec_sa_lifetime_seconds=ipsec.IPSEC_SECONDS,
            dpd_enable=1,
            dpd_timeout=ipsec.DPD_SECONDS,
            dpd_action="restart",
            security_group_policies=[{"local_cidr_block": ipsec.ANY, "remote_cidr_blocks": [ipsec.ANY]}],
            tags=tags(args.tags, name, peer=args.peer),
            # The SDK doesn't mark the key.
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["preShareKey"]),
        )
        vpn.GatewayRoute(
            f"{name}-route",
            vpn_gateway_id=args.gateway,
            destination_cidr_block=args.peer_cidr,
            instance_id=connection.id,
            instance_type="VPNCONN",
            priority=priority,
            status="ENABLE",
            opts=options,
        )
