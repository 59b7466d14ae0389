"""Views of a region that several rules share: the network however it is given, pools with their machine types."""

from collections.abc import Iterator
from dataclasses import dataclass

from components import accelerators
from components.instance_type import InstanceType
from stacks.cloud import AdoptedNetwork, ExistingVpc, GpuPool, NewNetwork, Sharing, TencentGpuPool
from stacks.problems import Path
from stacks.schema import CloudRegion, Gpu, PrivateNodes, PrivateRegion, RegionSpec


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A GPU pool of any provider. `kind`: None where the table has no such type and the file gives no facts."""

    name: str
    path: Path
    max_size: int
    sharing: Sharing
    kind: InstanceType | None
    labels: dict[str, str]
    taints: dict[str, str]
    native: bool = False


def vpc(region: CloudRegion) -> tuple[Path, NewNetwork | ExistingVpc]:
    """The network, and where it stands in the file."""
    if isinstance(region.network, AdoptedNetwork):
        return ("network", "existing"), region.network.existing
    return ("network",), region.network


def kind_of(region: CloudRegion, pool: GpuPool) -> InstanceType | None:
    """The file's own facts before the table's."""
    if pool.facts:
        return accelerators.from_facts(region.provider, pool.instance_type, pool.facts)
    return accelerators.find(region.provider, pool.instance_type)


def gpu_pools(region: RegionSpec) -> Iterator[Pool]:
    if isinstance(region, PrivateRegion):
        yield from (_private(region, name, asked) for name, asked in region.gpu_pools.items())
    else:
        yield from (_rented(region, name, asked) for name, asked in region.gpu_pools.items())


def asked(region: RegionSpec) -> Iterator[tuple[Gpu, Pool]]:
    """What the file says of its servers' GPUs, with the pool that it names."""
    gpu = region.serving.gpu
    if gpu:
        yield from ((gpu, pool) for pool in gpu_pools(region) if pool.name == gpu.pool)


def _rented(region: CloudRegion, name: str, asked: GpuPool) -> Pool:
    return Pool(
        name=name,
        path=("gpuPools", name),
        max_size=asked.max_size,
        sharing=asked.sharing,
        kind=kind_of(region, asked),
        labels=asked.labels,
        taints=asked.taints,
        native=isinstance(asked, TencentGpuPool) and asked.native,
    )


def _private(region: PrivateRegion, name: str, asked: PrivateNodes) -> Pool:
    return Pool(
        name=name,
        path=("gpuPools", name),
        max_size=asked.max_size,
        sharing=asked.sharing,
        kind=accelerators.from_facts(region.provider, name, asked.facts),
        labels=asked.labels,
        taints=asked.taints,
    )
