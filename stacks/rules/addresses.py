"""Ranges of addresses: apart from each other, inside the VPC, and large enough."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from components import cidr
from components.cidr import SubnetPlan
from stacks.cloud import AdoptedCluster, ExistingVpc, NewNetwork, Subnets
from stacks.problems import Path, Problem
from stacks.rules.parts import vpc
from stacks.schema import CloudRegion

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918
# EKS takes no other sizes: https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
_SERVICE_PREFIXES = range(12, 25)
_RESERVED = 5  # of a subnet on AWS; Alibaba Cloud keeps 4, Tencent Cloud 3


def ranges_are_private(region: CloudRegion) -> Iterator[Problem]:
    """What we make; a VPC or a cluster that exists has its ranges already."""
    path, network = vpc(region)
    made: list[tuple[Path, IPv4Network]] = []
    if isinstance(network, NewNetwork):
        made.append(((*path, "cidr"), network.cidr))
    if not isinstance(region.cluster, AdoptedCluster):
        service = region.cluster.service_cidr
        made.append((("cluster", "serviceCidr"), service))
        if service.prefixlen not in _SERVICE_PREFIXES:
            reason = "a cluster takes /12 to /24 for its services: write a length in between, as in 172.20.0.0/16"
            yield Problem(path=("cluster", "serviceCidr"), value=str(service), reason=reason)
    for where, block in made:
        if not any(block.subnet_of(private) for private in _PRIVATE):
            fix = f"take a range inside {', '.join(map(str, _PRIVATE[:2]))} or {_PRIVATE[2]}"
            reason = f"it is no private range, so what has these addresses elsewhere could not be reached: {fix}"
            yield Problem(path=where, value=str(block), reason=reason)


def ranges_are_apart(region: CloudRegion) -> Iterator[Problem]:
    for (first, one), (second, other) in combinations(_ranges(region), 2):
        if one.overlaps(other):
            yield _overlap(second, other, first, one)


def subnets_match_zones(region: CloudRegion) -> Iterator[Problem]:
    """One a zone. Public and pod subnets of a network that exists may be left out."""
    path, network = vpc(region)
    if not network.subnets:
        return
    zones = len(network.zones)
    for kind in ("public", "nodes", "pods"):
        given = getattr(network.subnets, kind)
        if len(given) != zones and (given or isinstance(network, NewNetwork)):
            reason = f"there must be one a zone, and {_field(path)}.zones names {zones}: name {zones} subnets"
            yield Problem(path=(*path, "subnets", kind), value=str(len(given)), reason=reason)
    if isinstance(network, ExistingVpc):
        seen: set[str] = set()
        for kind in ("public", "nodes", "pods"):
            for index, name in enumerate(getattr(network.subnets, kind)):
                if name in seen and kind != "pods":  # pods may share the nodes' subnets
                    reason = "it is named twice: name another subnet for each zone and kind"
                    yield Problem(path=(*path, "subnets", kind, index), value=name, reason=reason)
                seen.add(name)


def subnets_are_inside_and_apart(region: CloudRegion) -> Iterator[Problem]:
    path, network = vpc(region)
    if not isinstance(network, NewNetwork) or not network.subnets:
        return
    blocks = list(_subnets(path, network.subnets))
    for where, block in blocks:
        if not block.subnet_of(network.cidr):
            reason = f"it is not inside {_field(path)}.cidr {network.cidr}: take a part of that"
            yield Problem(path=where, value=str(block), reason=reason)
    for (first, one), (second, other) in combinations(blocks, 2):
        if one.overlaps(other):
            yield _overlap(second, other, first, one)


def subnets_are_large_enough(region: CloudRegion) -> Iterator[Problem]:
    path, network = vpc(region)
    if not isinstance(network, NewNetwork):
        return
    nodes = nodes_per_zone(region)
    if network.subnets:
        plan: SubnetPlan | Subnets = network.subnets
    else:
        try:
            plan = cidr.plan(network.cidr, len(network.zones), network.pods_per_zone)
        except ValueError as error:
            yield Problem(path=(*path, "cidr"), value=str(network.cidr), reason=str(error))
            return
    needs = (
        ("pods", network.pods_per_zone, f"{_field(path)}.podsPerZone asks for", "lower podsPerZone"),
        ("nodes", nodes, "the pools' maxSize need", "lower maxSize"),
    )
    for kind, need, who, other_way in needs:
        for index, block in enumerate(getattr(plan, kind)):
            free = max(0, block.num_addresses - _RESERVED)
            if free >= need:
                continue
            fix = f"take a /{_prefix(need)} or larger, or {other_way}"
            if network.subnets:
                reason = f"it has {free} free addresses, fewer than the {need} that {who} in a zone: {fix}"
                yield Problem(path=(*path, "subnets", kind, index), value=str(block), reason=reason)
            else:
                reason = f"its subnet for {kind}, {block}, has {free} free addresses, fewer than the {need} that {who}"
                fix = f"take a larger range, or {other_way}"
                yield Problem(path=(*path, "cidr"), value=str(network.cidr), reason=f"{reason} in a zone: {fix}")
                break


def nodes_per_zone(region: CloudRegion) -> int:
    """With every pool at its maximum, spread over its zones."""
    _, network = vpc(region)
    sizes = [(pool.max_size, len(pool.zones or network.zones)) for pool in region.gpu_pools.values()]
    if not isinstance(region.cluster, AdoptedCluster):
        sizes.append((region.cluster.system.max_size, len(network.zones)))
    return sum(-(-size // zones) for size, zones in sizes)


def _ranges(region: CloudRegion) -> Iterator[tuple[Path, IPv4Network]]:
    path, network = vpc(region)
    yield (*path, "cidr"), network.cidr
    if isinstance(region.cluster, AdoptedCluster):
        yield ("cluster", "existing", "serviceCidr"), region.cluster.existing.service_cidr
    else:
        yield ("cluster", "serviceCidr"), region.cluster.service_cidr
    for index, peer in enumerate(network.peers):
        yield (*path, "peers", index), peer


def _subnets(path: Path, subnets: Subnets) -> Iterator[tuple[Path, IPv4Network]]:
    for kind in ("public", "nodes", "pods"):
        for index, block in enumerate(getattr(subnets, kind)):
            yield (*path, "subnets", kind, index), block


def _overlap(path: Path, block: IPv4Network, other: Path, taken: IPv4Network) -> Problem:
    reason = f"it overlaps {_field(other)} {taken}, so no route could tell them apart: take a range outside it"
    return Problem(path=path, value=str(block), reason=reason)


def _prefix(need: int) -> int:
    """The longest prefix with so many free addresses."""
    return 32 - (need + _RESERVED - 1).bit_length()


def _field(path: Path) -> str:
    return str(Problem(path=path, reason="")).removesuffix(": ")
