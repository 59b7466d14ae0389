"""GPU pools: what marks their nodes, and how a pool of mixed capacity becomes groups that a cloud can make. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.instance_type import InstanceType

if TYPE_CHECKING:
    from stacks.cloud import GpuPool, Sharing

POOL = "autoglm.io/pool"
ACCELERATOR = "autoglm.io/accelerator"
CAPACITY = "autoglm.io/capacity"  # on-demand or spot
SHARING = "autoglm.io/sharing"
CARDS = "autoglm.io/cards"  # of a node
MEMORY = "autoglm.io/card-memory-gib"
INTERCONNECT = "autoglm.io/interconnect"  # between a node's cards
TAINT = "nvidia.com/gpu"  # what the clouds' own device plugins and GPU Operator tolerate


@dataclass(frozen=True, kw_only=True)
class Group:
    """A part of a pool with one kind of capacity."""

    name: str
    spot: bool
    min_size: int
    max_size: int


def groups(name: str, *, min_size: int, max_size: int, on_demand_base: int | None) -> tuple[Group, ...]:
    """`on_demand_base`: nodes that are never spot, of a pool that has spot; None for a pool without spot.

    The base is always on; the rest of the range is spot. A group that could have no node is left out.
    """
    if on_demand_base is None:
        return (Group(name=name, spot=False, min_size=min_size, max_size=max_size),)
    base = Group(name=name, spot=False, min_size=on_demand_base, max_size=on_demand_base)
    spot = Group(
        name=f"{name}-spot", spot=True, min_size=max(0, min_size - on_demand_base), max_size=max_size - on_demand_base
    )
    return tuple(group for group in (base, spot) if group.max_size > 0)


def labels(pool: str, accelerator: str, *, spot: bool, sharing: str = "none") -> dict[str, str]:
    return {POOL: pool, ACCELERATOR: accelerator, CAPACITY: "spot" if spot else "on-demand", SHARING: sharing}


def card_labels(kind: InstanceType | None) -> dict[str, str]:
    """What the node's cards are, for whoever places pods: whole numbers, which node affinity can compare (Gt, Lt)."""
    if kind is None:
        return {}
    return {CARDS: str(kind.gpus), MEMORY: str(int(kind.gpu_memory_gib)), INTERCONNECT: kind.interconnect}


def sharing(asked: "Sharing") -> str:
    """As a label's value: the kind, and how finely a card is cut."""
    match asked.type:
        case "mig":
            return f"mig-{asked.profile}"
        case "timeSlicing":
            return f"timeSlicing-{asked.replicas}"
    return asked.type


def needs_nvidia_plugin(sharing: str) -> bool:
    """Whether only NVIDIA's own device plugin gives out cards so: the clouds' know whole ones and their own sharing."""
    return sharing in ("mig", "timeSlicing")


def without_plugin(pools: "Mapping[str, GpuPool]") -> frozenset[str]:
    """Those that the cloud's own device plugin is told to leave alone."""
    return frozenset(name for name, pool in pools.items() if needs_nvidia_plugin(pool.sharing.type))


def taints() -> dict[str, str]:
    return {TAINT: "present"}
