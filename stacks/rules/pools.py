"""Pools of nodes: sizes, machine types, zones, spot, and the marks on their nodes."""

import difflib
import re
from collections.abc import Iterator

from components import accelerators, cloud_regions
from components.instance_type import InstanceType
from components.pools import groups
from stacks.cloud import NewCluster, TencentGpuPool
from stacks.problems import Problem
from stacks.rules.parts import gpu_pools, kind_of, vpc
from stacks.schema import CloudRegion, PrivateRegion, RegionSpec

_OUR_MARKS = ("autoglm.io/", "nvidia.com/")
_OLDEST_DRIVER = (535, 104)
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/")


def sizes_are_ordered(region: CloudRegion) -> Iterator[Problem]:
    pools = [(("gpuPools", name), pool.min_size, pool.max_size) for name, pool in region.gpu_pools.items()]
    if isinstance(region.cluster, NewCluster):
        system = region.cluster.system
        pools.append((("cluster", "system"), system.min_size, system.max_size))
    for path, least, most in pools:
        if least > most:
            reason = f"it is more than maxSize {most}: lower it, or raise maxSize"
            yield Problem(path=(*path, "minSize"), value=str(least), reason=reason)
    for name, pool in region.gpu_pools.items():
        base = pool.spot.on_demand_base if pool.spot else 0
        if base > pool.min_size:
            fix = f"lower it, or set minSize to {base}"
            reason = f"so many nodes are always on, but minSize is {pool.min_size}: {fix}"
            yield Problem(path=("gpuPools", name, "spot", "onDemandBase"), value=str(base), reason=reason)


def system_type_is_offered(region: CloudRegion) -> Iterator[Problem]:
    if not isinstance(region.cluster, NewCluster):
        return
    name = region.cluster.system.instance_type
    kind = accelerators.find(region.provider, name)
    fix = _use(region, name, gpus=False)
    if kind is None:
        reason = f"the table of machine types does not have it: {fix}"
    elif kind.gpus:
        reason = f"it has {kind.gpus} {kind.accelerator}, which system pods would leave idle: {fix}"
    elif not _is_offered(region, kind):
        reason = f"{region.region} does not offer it: {fix}"
    else:
        return
    yield Problem(path=("cluster", "system", "instanceType"), value=name, reason=reason)


def types_are_offered(region: CloudRegion) -> Iterator[Problem]:
    for name, pool in region.gpu_pools.items():
        kind, asked = kind_of(region, pool), pool.instance_type
        if kind is None:
            reason = f"the table of machine types does not have it: {_use(region, asked)}, or declare its facts"
        elif kind.gpus == 0:
            reason = f"it has no accelerator: {_use(region, asked)}"
        elif not _is_offered(region, kind):
            reason = f"{region.region} does not offer it: {_use(region, asked)}"
        else:
            continue
        yield Problem(path=("gpuPools", name, "instanceType"), value=asked, reason=reason)


def zones_are_the_network_s(region: CloudRegion) -> Iterator[Problem]:
    _, network = vpc(region)
    for name, pool in region.gpu_pools.items():
        path = ("gpuPools", name, "zones")
        for index, zone in enumerate(pool.zones):
            if zone not in network.zones:
                reason = f"the network has no subnet there: take some of {', '.join(network.zones)}"
                yield Problem(path=(*path, index), value=zone, reason=reason)
        kind = kind_of(region, pool)
        zones = tuple(zone for zone in pool.zones or network.zones if zone in network.zones)
        if not kind or not kind.zones or kind.zones.issuperset(zones) or region.region not in kind.regions:
            continue
        missing = ", ".join(zone for zone in zones if zone not in kind.zones)
        there = [zone for zone in network.zones if zone in kind.zones]
        fix = f"set it to [{', '.join(there)}]" if there else "use another type, or another zone for the network"
        reason = f"{pool.instance_type} is not offered in {missing}: {fix}"
        yield Problem(path=path, value=", ".join(pool.zones) or None, reason=reason)


def spot_is_sold(region: CloudRegion) -> Iterator[Problem]:
    for name, pool in region.gpu_pools.items():
        kind = kind_of(region, pool)
        if not pool.spot or kind is None:
            continue
        if isinstance(pool, TencentGpuPool) and pool.native:
            reason = "Tencent Cloud's native pools have no spot: leave out spot, or native and with it qgpu"
        elif not kind.spot:
            reason = f"the cloud does not sell {pool.instance_type} as spot: leave it out, or use another type"
        else:
            continue
        yield Problem(path=("gpuPools", name, "spot"), reason=reason)


def native_is_possible(region: CloudRegion) -> Iterator[Problem]:
    for name, pool in region.gpu_pools.items():
        if not isinstance(pool, TencentGpuPool) or not pool.native:
            continue
        kind = kind_of(region, pool)
        path = ("gpuPools", name)
        if kind and not kind.native and not pool.facts:
            reason = f"Tencent Cloud makes no native nodes of {pool.instance_type}: leave it out, or use another type"
            yield Problem(path=(*path, "native"), value="True", reason=reason)
        if pool.driver:
            reason = "a native pool's driver is the cloud's choice: leave it out, or leave out native"
            yield Problem(path=(*path, "driver"), value=pool.driver, reason=reason)


def driver_is_new_enough(region: CloudRegion) -> Iterator[Problem]:
    for name, pool in region.gpu_pools.items():
        if pool.driver and tuple(map(int, pool.driver.split("."))) < _OLDEST_DRIVER:
            oldest = ".".join(map(str, _OLDEST_DRIVER))
            reason = f"the model server needs driver {oldest} or newer: raise it, or leave it out for the cloud's own"
            yield Problem(path=("gpuPools", name, "driver"), value=pool.driver, reason=reason)


def names_are_apart(region: RegionSpec) -> Iterator[Problem]:
    """A pool with spot becomes two groups; a node can be in one pool only."""
    if isinstance(region, PrivateRegion):
        yield from _nodes_once(region)
        return
    made: dict[str, str] = {}
    for name, pool in region.gpu_pools.items():
        base = pool.spot.on_demand_base if pool.spot else None
        for group in groups(name, min_size=pool.min_size, max_size=pool.max_size, on_demand_base=base):
            if group.name in made:
                reason = f"the pool {made[group.name]} makes a group of nodes of that name, too: rename one of them"
                yield Problem(path=("gpuPools", name), reason=reason)
            made[group.name] = name


def marks_are_allowed(region: RegionSpec) -> Iterator[Problem]:
    for pool in gpu_pools(region):
        for kind, marks in (("labels", pool.labels), ("taints", pool.taints)):
            for key, value in marks.items():
                if key.startswith(_OUR_MARKS):
                    reason = f"{' and '.join(_OUR_MARKS)} are set by the program and by GPU software: rename it"
                elif not _is_key(key):
                    reason = "its key is not one of Kubernetes: use letters, digits, - _ . as in example.com/team"
                elif value and not _NAME.fullmatch(value):
                    reason = "it is not a value of Kubernetes: use at most 63 letters, digits, - _ ."
                else:
                    continue
                yield Problem(path=(*pool.path, kind, key), value=value, reason=reason)


def _is_offered(region: CloudRegion, kind: InstanceType) -> bool:
    """A type from a file's facts is; of a region that is not known, another rule tells."""
    known = cloud_regions.find(region.provider, region.region)
    return not known or not kind.regions or region.region in kind.regions


def _use(region: CloudRegion, name: str, *, gpus: bool = True) -> str:
    """The likest types that the region offers; of a region that is not known, of any."""
    known = cloud_regions.find(region.provider, region.region)
    offered = accelerators.names(region.provider, region.region if known else None, gpus=gpus)
    return f"use one of {', '.join(difflib.get_close_matches(name, offered, n=3, cutoff=0))}"


def _nodes_once(region: PrivateRegion) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, pool in region.gpu_pools.items():
        for index, node in enumerate(pool.nodes):
            if node in owners:
                reason = f"the pool {owners[node]} names it already: name a node in one pool, once"
                yield Problem(path=("gpuPools", name, "nodes", index), value=node, reason=reason)
            owners[node] = name


def _is_key(key: str) -> bool:
    prefix = _PREFIX.match(key)
    return bool(_NAME.fullmatch(key[prefix.end() :] if prefix else key))
