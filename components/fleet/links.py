"""Two members, joined: a peering or a VPN of their clouds, then routes and rules at both ends."""

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import pulumi
import pulumi_random as random

from components.fleet import ipsec
from components.fleet.args import CrossingArgs, End, PeeringArgs, Port, Tags, Via, VpnConnectionArgs, VpnGatewayArgs
from components.fleet.plan import tunnels

Addresses = tuple[pulumi.Output[str], ...]


class VpnGateway(Protocol):
    """A cloud's: `addresses` is empty where they come with each connection."""

    id: pulumi.Output[str]
    addresses: Addresses


@dataclass(frozen=True, kw_only=True)
class Tunneller:
    """A member that has a VPN: its end, its cloud's module, and its gateway there."""

    end: End
    cloud: ModuleType
    gateway: VpnGateway


@dataclass(frozen=True, kw_only=True)
class Rack:
    """A private rack: its IPsec device has a public address already, and its owner sets the device up."""

    name: str
    cidr: str
    gateway: str


@dataclass(frozen=True, kw_only=True)
class Common:
    """What all links of a fleet share: the ports that cross beside 443, and tags."""

    ports: tuple[Port, ...]
    tags: Tags


def gateway(name: str, end: End, tags: Tags, parent: pulumi.Resource) -> Tunneller:
    """The VPN gateway of a member, for all of its tunnels."""
    module = _cloud(end, "vpn")
    made: VpnGateway = module.VpnGateway(name, VpnGatewayArgs(member=end.member, tags=tags), _of(end, parent))
    return Tunneller(end=end, cloud=module, gateway=made)


class Peered(pulumi.ComponentResource):
    """Two members of one cloud."""

    def __init__(
        self, name: str, near: End, far: End, common: Common, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("open-autoglm:fleet:Peered", name, None, opts)
        args = PeeringArgs(near=near, far=far, tags=common.tags)
        hop: pulumi.Output[str] = _cloud(near, "peering").connect(name, args, self)
        _cross(f"{name}-near", near, far.name, far.member.cidr, Via.PEERING, hop, common, self)
        _cross(f"{name}-far", far, near.name, near.member.cidr, Via.PEERING, hop, common, self)
        self.register_outputs({})


class Tunnelled(pulumi.ComponentResource):
    """Two members of different clouds.

    A cloud that gives addresses by connection connects first, to a gateway that has its own already; what it got is
    what the other one calls.
    """

    def __init__(
        self, name: str, near: Tunneller, far: Tunneller, common: Common, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("open-autoglm:fleet:Tunnelled", name, None, opts)
        if far.cloud.ADDRESSES_BY_CONNECTION:
            near, far = far, near
        keys = _keys(name, tunnels(near.cloud.LEGS, far.cloud.LEGS), self)
        there, here = far.end, near.end
        called = _connect(f"{name}-{here.name}", near, _Peer(there, far.gateway.addresses), keys, common, self)
        _connect(f"{name}-{there.name}", far, _Peer(here, called), keys, common, self)
        _cross(f"{name}-{here.name}", here, there.name, there.member.cidr, Via.VPN, near.gateway.id, common, self)
        _cross(f"{name}-{there.name}", there, here.name, here.member.cidr, Via.VPN, far.gateway.id, common, self)
        self.register_outputs({})


class Racked(pulumi.ComponentResource):
    """A member and a private rack. `tunnels`: what the rack's owner sets its device up with; keys in it are secret."""

    tunnels: tuple[dict[str, pulumi.Input[str]], ...]

    def __init__(
        self, name: str, near: Tunneller, far: Rack, common: Common, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("open-autoglm:fleet:Racked", name, None, opts)
        end = near.end
        keys = _keys(name, tunnels(near.cloud.LEGS, 1), self)
        peer = _Peer(far, (pulumi.Output.from_input(far.gateway),))
        called = _connect(f"{name}-{end.name}", near, peer, keys, common, self)
        _cross(f"{name}-{end.name}", end, far.name, far.cidr, Via.VPN, near.gateway.id, common, self)
        self.tunnels = tuple(
            {"member": end.name, "cidr": end.member.cidr, "address": address, "key": key}
            for address, key in zip(called, keys, strict=True)
        )
        self.register_outputs({"tunnels": list(self.tunnels)})


@dataclass(frozen=True)
class _Peer:
    end: End | Rack
    addresses: Addresses

    @property
    def cidr(self) -> str:
        return self.end.cidr if isinstance(self.end, Rack) else self.end.member.cidr


def _cloud(end: End, part: str) -> ModuleType:
    """A part of the end's cloud: the folders have the same files. Imported when asked for, since SDKs are large."""
    return importlib.import_module(f"components.{end.member.provider}.{part}")


def _of(end: End, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=parent, providers=[end.provider])


def _keys(name: str, count: int, parent: pulumi.Resource) -> tuple[pulumi.Output[str], ...]:
    """A pre-shared key for each tunnel. AWS takes none that begins with 0, so all begin with a letter."""
    passwords = [
        random.RandomPassword(
            f"{name}-key-{index}",
            length=ipsec.KEY_LENGTH - 1,
            special=False,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for index in range(count)
    ]
    return tuple(pulumi.Output.secret(pulumi.Output.concat("k", password.result)) for password in passwords)


def _connect(
    name: str,
    this: Tunneller,
    peer: _Peer,
    keys: tuple[pulumi.Output[str], ...],
    common: Common,
    parent: pulumi.Resource,
) -> Addresses:
    """The addresses at which the peer reaches each tunnel."""
    args = VpnConnectionArgs(
        member=this.end.member,
        gateway=this.gateway.id,
        own=this.gateway.addresses,
        peer=peer.end.name,
        peers=peer.addresses,
        peer_cidr=peer.cidr,
        keys=keys,
        tags=common.tags,
    )
    made: Addresses = this.cloud.VpnConnection(f"{name}-vpn", args, _of(this.end, parent)).addresses
    return made


def _cross(
    name: str,
    end: End,
    peer: str,
    cidr: str,
    via: Via,
    hop: pulumi.Input[str],
    common: Common,
    parent: pulumi.Resource,
) -> None:
    args = CrossingArgs(
        member=end.member,
        peer=peer,
        peer_cidr=cidr,
        via=via,
        hop=hop,
        ports=common.ports,
        tags=common.tags,
    )
    _cloud(end, "crossing").Crossing(f"{name}-crossing", args, _of(end, parent))
