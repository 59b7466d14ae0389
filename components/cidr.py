"""Address planning: which subnets a VPC gets. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Network

# Clouds keep up to 5 addresses of a subnet (AWS; Alibaba Cloud 4, Tencent Cloud 3). The rest of the 16 is for nodes'
# own addresses and gateways of cloud services in the pod subnets.
_RESERVED = 16
_SMALLEST_PODS = 128
_SMALLEST_EDGE = 128  # 64 for nodes, 32 for balancers and NAT: AWS wants 8 free addresses for one balancer


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """One subnet a zone of each kind, in the order of the zones."""

    public: tuple[IPv4Network, ...]
    nodes: tuple[IPv4Network, ...]
    pods: tuple[IPv4Network, ...]


def plan(vpc: IPv4Network, zones: int, pods_per_zone: int) -> SubnetPlan:
    """Subnets for so many zones, none of which moves when a zone is added.

    Pods fill the VPC from its bottom, a sixteenth of it or more a zone. From its top each zone takes a 32nd or more:
    half of that for nodes, a quarter for public ends, a quarter free. Raises ValueError when the VPC is too small,
    with the largest prefix that would do.
    """
    if zones < 1 or pods_per_zone < 1:
        raise ValueError(f"{zones} zones of {pods_per_zone} pods: both must be at least 1")
    pods, edge = _sizes(vpc.num_addresses, pods_per_zone)
    if zones * (pods + edge) > vpc.num_addresses:
        raise ValueError(_too_small(vpc, zones, pods_per_zone))
    bottom, top = int(vpc.network_address), int(vpc.broadcast_address) + 1
    edges = [top - (zone + 1) * edge for zone in range(zones)]
    return SubnetPlan(
        public=tuple(_network(start + edge // 2, edge // 4) for start in edges),
        nodes=tuple(_network(start, edge // 2) for start in edges),
        pods=tuple(_network(bottom + zone * pods, pods) for zone in range(zones)),
    )


def _sizes(total: int, pods_per_zone: int) -> tuple[int, int]:
    """Addresses a zone: of its pod subnet, and of the block with its other subnets. Powers of two."""
    wanted = 1 << (pods_per_zone + _RESERVED - 1).bit_length()
    return max(_SMALLEST_PODS, total // 16, wanted), max(_SMALLEST_EDGE, total // 32)


def _network(start: int, size: int) -> IPv4Network:
    return IPv4Network((start, 32 - (size.bit_length() - 1)))


def _too_small(vpc: IPv4Network, zones: int, pods_per_zone: int) -> str:
    text = f"{vpc} has {vpc.num_addresses} addresses, too few for {zones} zones of {pods_per_zone} pods"
    for prefix in range(vpc.prefixlen - 1, 7, -1):
        if zones * sum(_sizes(1 << (32 - prefix), pods_per_zone)) <= 1 << (32 - prefix):
            return f"{text}: take a /{prefix} range or larger, or fewer zones or pods a zone"
    return f"{text}, and so is any range: take fewer zones or pods a zone"
