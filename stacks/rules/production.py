"""What a region owes in production: no loss of one node or one zone may stop it."""

from collections.abc import Iterator

from stacks.cloud import NewCluster, NewNetwork
from stacks.problems import Problem
from stacks.rules.parts import vpc
from stacks.schema import CloudRegion, RegionSpec


def etcd_survives_a_loss(region: RegionSpec) -> Iterator[Problem]:
    if region.environment == "production" and region.etcd.members == 1:
        reason = "in production the loss of its only member would stop the region: use 3 or 5"
        yield Problem(path=("etcd", "members"), value="1", reason=reason)


def etcd_has_zones(region: CloudRegion) -> Iterator[Problem]:
    """Members go to the system pool's nodes, spread over its zones."""
    if region.environment != "production":
        return
    path, network = vpc(region)
    if len(network.zones) == 1:
        reason = "all members of etcd would be in one zone and be lost with it: name 2 zones, better 3"
        yield Problem(path=(*path, "zones"), value=network.zones[0], reason=reason)
    if isinstance(region.cluster, NewCluster) and region.cluster.system.min_size == 1:
        reason = "all members of etcd could be on one node, so in one zone: set it to 2 or more, better 3"
        yield Problem(path=("cluster", "system", "minSize"), value="1", reason=reason)


def every_zone_has_its_way_out(region: CloudRegion) -> Iterator[Problem]:
    network = region.network
    if not isinstance(network, NewNetwork) or region.environment != "production":
        return
    if network.nat == "single" and len(network.zones) > 1:
        reason = "in production the loss of the one zone with the NAT gateway would cut off the others: set it to zone"
        yield Problem(path=("network", "nat"), value="single", reason=reason)
