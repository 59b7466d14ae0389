"""IPsec between a VPC of AWS and another cloud's network.

AWS gives a public address to each tunnel of a connection, and takes the peer's address to make the connection: so the
other gateway comes first, then this connection, then the other one. AWS waits to be called.
"""

from collections.abc import Sequence

import pulumi
from pulumi_aws import ec2

from components.fleet import ipsec
from components.fleet.args import Tags, VpnConnectionArgs, VpnGatewayArgs
from components.tags import tags

LEGS = 2  # tunnels of a connection, each in a zone of its own
ADDRESSES_BY_CONNECTION = True
_ASN = "65000"  # private: the peer speaks no BGP, but a customer gateway must have a number
_GROUPS = [14]


class VpnGateway(pulumi.ComponentResource):
    id: pulumi.Output[str]
    addresses: tuple[pulumi.Output[str], ...] = ()

    def __init__(self, name: str, args: VpnGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:VpnGateway", name, None, opts)
        gateway = ec2.VpnGateway(
            f"{name}-gateway",
            vpc_id=args.member.vpc,
            tags=tags(args.tags, name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = gateway.id
        self.register_outputs({"id": self.id})


class VpnConnection(pulumi.ComponentResource):
    """One connection for each address of the peer; to a peer with one address, both tunnels of one connection."""

    addresses: tuple[pulumi.Output[str], ...]

    def __init__(self, name: str, args: VpnConnectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:VpnConnection", name, None, opts)
        alone = len(args.peers) == 1
        addresses: list[pulumi.Output[str]] = []
        for index, peer in enumerate(args.peers):
            keys = args.keys if alone else args.keys[index : index + 1]
            connection = self._connection(f"{name}-{index}", args, peer, keys)
            addresses += [connection.tunnel1_address, connection.tunnel2_address][: len(keys)]
        self.addresses = tuple(addresses)
        self.register_outputs({"addresses": list(self.addresses)})

    def _connection(
        self, name: str, args: VpnConnectionArgs, peer: pulumi.Input[str], keys: Sequence[pulumi.Output[str]]
    ) -> ec2.VpnConnection:
        options = pulumi.ResourceOptions(parent=self)
        gateway = ec2.CustomerGateway(
            f"{name}-peer",
            type="ipsec.1",
            bgp_asn=_ASN,
            ip_address=peer,
            tags=_tags(args.tags, name, args.peer),
            opts=options,
        )
        connection = ec2.VpnConnection(
            f"{name}-connection",
            type="ipsec.1",
            vpn_gateway_id=args.gateway,
            customer_gateway_id=gateway.id,
            static_routes_only=True,
            local_ipv4_network_cidr=ipsec.ANY,
            remote_ipv4_network_cidr=ipsec.ANY,
            tunnel1_preshared_key=keys[0],
            tunnel1_ike_versions=["ikev2"],
            tunnel1_phase1_encryption_algorithms=["AES256"],
            tunnel1_phase1_integrity_algorithms=["SHA2-256"],
            tunnel1_phase1_dh_group_numbers=_GROUPS,
            tunnel1_phase1_lifetime_seconds=ipsec.IKE_SECONDS,
            tunnel1_phase2_encryption_algorithms=["AES256"],
            tunnel1_phase2_integrity_algorithms=["SHA2-256"],
            tunnel1_phase2_dh_group_numbers=_GROUPS,
            tunnel1_phase2_lifetime_seconds=ipsec.IPSEC_SECONDS,
            tunnel1_dpd_timeout_seconds=ipsec.DPD_SECONDS,
            tunnel2_preshared_key=keys[1] if len(keys) > 1 else None,
            tunnel2_ike_versions=["ikev2"],
            tunnel2_phase1_encryption_algorithms=["AES256"],
            tunnel2_phase1_integrity_algorithms=["SHA2-256"],
            tunnel2_phase1_dh_group_numbers=_GROUPS,
            tunnel2_phase1_lifetime_seconds=ipsec.IKE_SECONDS,
            tunnel2_phase2_encryption_algorithms=["AES256"],
            tunnel2_phase2_integrity_algorithms=["SHA2-256"],
            tunnel2_phase2_dh_group_numbers=_GROUPS,
            tunnel2_phase2_lifetime_seconds=ipsec.IPSEC_SECONDS,
            tunnel2_dpd_timeout_seconds=ipsec.DPD_SECONDS,
            tags=_tags(args.tags, name, args.peer),
            opts=options,
        )
        ec2.VpnConnectionRoute(
            f"{name}-route",
            vpn_connection_id=connection.id,
            destination_cidr_block=args.peer_cidr,
            opts=options,
        )
        return connection


def _tags(common: Tags, name: str, peer: str) -> dict[str, str]:
    return tags(common, name, peer=peer)
