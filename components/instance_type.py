"""A machine type that a cloud rents, as the tables describe it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NVIDIA = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """Prices are USD an hour by the cloud's region, without tax. A region without a price has none that we found.

    `gpus` is 0 for the types of system pools, which have no accelerator. `gpu_memory_gib`: of one card.
    `mig`: profile -> slices of one card, empty where the card has no MIG. `sharing`: ways that pods may share a card
    of this type (`sharing.type` of a pool). `regions`: where the cloud offers it; `spot`: whether it does so as spot.
    `resource`: what a pod asks for. `source` and `date`: where the figures come from; `verified`: whether they were
    read there, not only in a copy or by inference. `native`: Tencent Cloud makes native pools of it.
    """

    provider: str
    name: str
    accelerator: str
    gpus: int
    gpu_memory_gib: float
    vcpus: int
    memory_gib: float
    source: str
    date: str
    interconnect: str = "none"  # between the cards of a node: none (one card), pcie or nvlink
    mig: Mapping[str, int] = field(default_factory=dict)
    sharing: frozenset[str] = frozenset({"none"})
    spot: bool = False
    regions: frozenset[str] = frozenset()
    resource: str = NVIDIA
    native: bool = False
    usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    spot_usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    price_source: str = ""
    verified: bool = True
