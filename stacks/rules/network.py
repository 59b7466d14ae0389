"""Where a region is: the cloud's region, its zones, and the version of Kubernetes there."""

from collections.abc import Iterator

from components import cloud_regions
from stacks.cloud import NewCluster
from stacks.problems import Problem, nearest
from stacks.rules.parts import vpc
from stacks.schema import CloudRegion

_OLDEST_KUBERNETES = (1, 28)


def region_is_known(region: CloudRegion) -> Iterator[Problem]:
    known = cloud_regions.names(region.provider)
    if region.region not in known:
        hint = nearest(region.region, known) or ": use one of them, or add it there with its zones"
        reason = f"components/cloud_regions.py has no such region of {region.provider}{hint}"
        yield Problem(path=("region",), value=region.region, reason=reason)


def zones_are_the_region_s(region: CloudRegion) -> Iterator[Problem]:
    path, network = vpc(region)
    known = cloud_regions.find(region.provider, region.region)
    for index, zone in enumerate(network.zones):
        where = (*path, "zones", index)
        if zone in network.zones[:index]:
            yield Problem(path=where, value=zone, reason="it is named twice: name each zone once")
        elif known and zone not in known.zones:
            reason = f"it is not a zone of {region.region}: take some of {', '.join(known.zones)}"
            yield Problem(path=where, value=zone, reason=reason)


def kubernetes_is_new_enough(region: CloudRegion) -> Iterator[Problem]:
    if not isinstance(region.cluster, NewCluster):
        return
    version = region.cluster.version
    if tuple(map(int, version.split("."))) < _OLDEST_KUBERNETES:
        oldest = ".".join(map(str, _OLDEST_KUBERNETES))
        reason = f"the workloads need Kubernetes {oldest} or newer: set a version that your cloud offers"
        yield Problem(path=("cluster", "version"), value=version, reason=reason)
