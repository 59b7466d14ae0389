"""IPsec between a VPC of Alibaba Cloud and another cloud's network.

A gateway has a public address in each of two zones and builds a tunnel from each: newer regions offer nothing else
(https://www.alibabacloud.com/help/en/vpn/ipsec-vpn-connections-support-the-dual-tunnel-mode).
"""

import pulumi
from pulumi_alicloud import vpn

from components.fleet import ipsec
from components.fleet.args import VpnConnectionArgs, VpnGatewayArgs
from components.tags import tags

LEGS = 2
ADDRESSES_BY_CONNECTION = False
_MBIT = 100  # one of 5, 10, 20, 50, 100, 200, 500, 1000
_ROLES = ("master", "slave")  # the API's words


class VpnGateway(pulumi.ComponentResource):
    id: pulumi.Output[str]
    addresses: tuple[pulumi.Output[str], ...]

    def __init__(self, name: str, args: VpnGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:VpnGateway", name, None, opts)
        subnets = args.member.subnets
        if len(subnets) < LEGS:
            raise ValueError(f"{name}: a VPN gateway has a leg in each of two zones, and the member has {len(subnets)}")
        gateway = vpn.Gateway(
            f"{name}-gateway",
            vpn_gateway_name=name,
            vpc_id=args.member.vpc,
            vswitch_id=subnets[0],
            disaster_recovery_vswitch_id=subnets[1],
            bandwidth=_MBIT,
            payment_type="PayAsYouGo",
            network_type="public",
            enable_ipsec=True,
            enable_ssl=False,
            tags=tags(args.tags, name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = gateway.id
        self.addresses = (gateway.internet_ip, gateway.disaster_recovery_internet_ip)
        self.register_outputs({"id": self.id, "addresses": list(self.addresses)})


class VpnConnection(pulumi.ComponentResource):
    """One connection of two tunnels, to two addresses of the peer or to its only one."""

    addresses: tuple[pulumi.Output[str], ...]

    def __init__(self, name: str, args: VpnConnectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:VpnConnection", name, None, opts)
        options = pulumi.ResourceOptions(parent=self)
        peers = [
            vpn.CustomerGateway(
                f"{name}-{index}-peer",
                customer_gateway_name=f"{args.peer}-{index}",
                description=f"Address {index} of {args.peer}",
                ip_address=peer,
                tags=tags(args.tags, f"{name}-{index}", peer=args.peer),
                opts=options,
            )
            for index, peer in enumerate(args.peers)
        ]
        connection = vpn.Connection(
            f"{name}-connection",
            vpn_connection_name=f"to-{args.peer}",
            vpn_gateway_id=args.gateway,
            local_subnets=[ipsec.ANY],
            remote_subnets=[ipsec.ANY],
            auto_config_route=False,
            effect_immediately=True,  # it calls: AWS waits to be called
            network_type="public",
            tunnel_options_specifications=[
                _tunnel(role, peers[index % len(peers)].id, key)
                for index, (role, key) in enumerate(zip(_ROLES, args.keys, strict=True))
            ],
            tags=tags(args.tags, name, peer=args.peer),
            # The SDK doesn't mark the keys.
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["tunnelOptionsSpecifications"]),
        )
        vpn.RouteEntry(
            f"{name}-route",
            vpn_gateway_id=args.gateway,
            next_hop=connection.id,
            route_dest=args.peer_cidr,
            publish_vpc=False,  # the VPC's own tables get theirs in crossing.py
            weight=100,
            opts=options,
        )
        self.addresses = args.own
        self.register_outputs({"addresses": list(self.addresses)})


def _tunnel(
    role: str, peer: pulumi.Input[str], key: pulumi.Output[str]
) -> vpn.ConnectionTunnelOptionsSpecificationArgsDict:
    return {
        "role": role,
        "customer_gateway_id": peer,
        "enable_dpd": True,
        "enable_nat_traversal": True,
        "tunnel_ike_config": {
            "psk": key,
            "ike_version": "ikev2",
            "ike_mode": "main",
            "ike_enc_alg": "aes256",
            "ike_auth_alg": "sha256",
            "ike_pfs": "group14",
            "ike_lifetime": ipsec.IKE_SECONDS,
        },
        "tunnel_ipsec_config": {
            "ipsec_enc_alg": "aes256",
            "ipsec_auth_alg": "sha256",
            "ipsec_pfs": "group14",
            "ipsec_lifetime": ipsec.IPSEC_SECONDS,
        },
    }
