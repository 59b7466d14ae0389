"""Sharing of cards between pods: what the card, the pool and the cloud can."""

from collections.abc import Iterator

from components import slices
from stacks.cloud import Cgpu, Mig, Qgpu
from stacks.problems import Problem
from stacks.rules.parts import Pool, gpu_pools
from stacks.schema import RegionSpec

# Modes that are one cloud's own software.
_ONLY = {"cgpu": "alicloud", "qgpu": "tencentcloud"}


def mode_is_possible(region: RegionSpec) -> Iterator[Problem]:
    for pool in gpu_pools(region):
        mode = pool.sharing.type
        if mode == "none" or pool.kind is None:
            continue
        owner = _ONLY.get(mode, region.provider)
        possible = sorted(able for able in pool.kind.sharing if _ONLY.get(able, region.provider) == region.provider)
        if owner != region.provider:
            reason = f"it is {owner}'s own: use one of {', '.join(possible)}"
        elif mode not in possible:
            reason = f"{pool.kind.name} ({pool.kind.accelerator}) can't: use one of {', '.join(possible)}"
        elif mode == "qgpu" and not pool.native:
            reason = "qGPU needs a native pool: set native: true, and leave out spot"
        else:
            continue
        yield Problem(path=(*pool.path, "sharing", "type"), value=mode, reason=reason)


def slices_exist(region: RegionSpec) -> Iterator[Problem]:
    for pool in gpu_pools(region):
        kind, sharing = pool.kind, pool.sharing
        if not isinstance(sharing, Mig) or kind is None or "mig" not in kind.sharing:
            continue
        if kind.mig and sharing.profile not in kind.mig:
            reason = f"{kind.accelerator} has no such slice: use one of {', '.join(kind.mig)}"
        elif slice_gib(sharing) > kind.gpu_memory_gib + 1:  # profiles are named after rounded sizes
            reason = f"a card has {kind.gpu_memory_gib:g} GiB: use a profile within that"
        else:
            continue
        yield Problem(path=(*pool.path, "sharing", "profile"), value=sharing.profile, reason=reason)


def parts_are_of_a_card(region: RegionSpec) -> Iterator[Problem]:
    """cGPU and qGPU give out a card's memory by the GiB."""
    for pool in gpu_pools(region):
        kind, sharing = pool.kind, pool.sharing
        if kind is None or not isinstance(sharing, (Cgpu, Qgpu)) or sharing.memory_gib is None:
            continue
        if sharing.memory_gib > kind.gpu_memory_gib:
            reason = f"a {kind.accelerator} has {int(kind.gpu_memory_gib)} GiB: lower it, or leave sharing out"
            yield Problem(path=(*pool.path, "sharing", "memoryGib"), value=str(sharing.memory_gib), reason=reason)


def slice_gib(sharing: Mig) -> float:
    return float(sharing.profile.split(".")[1].removesuffix("gb"))


def slots(pool: Pool, tensor_parallel: int, need: int) -> int | None:
    """How many servers a node of the pool holds; `need`: bytes of each. None where the type or its slices are not
    known."""
    if pool.kind is None:
        return None
    return slices.servers(pool.sharing, pool.kind, cards=tensor_parallel, need=need)
