"""Accelerator cards: what one has, whichever cloud rents it. One table. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NVIDIA = "nvidia.com/gpu"

# Slices of each profile that fit one card. Profiles of A30 and A100, and which cards have MIG at all: NVIDIA's MIG user
# guide, https://docs.nvidia.com/datacenter/tesla/mig-user-guide/ (supported-mig-profiles, supported-gpus; 2026-11-21).
# Hopper's names follow the guide's rule (eighths of the memory), not a line that we read.
_A30 = {"1g.6gb": 4, "2g.12gb": 2, "4g.24gb": 1}
_A100_40 = {"1g.5gb": 7, "2g.10gb": 3, "3g.20gb": 2, "4g.20gb": 1, "7g.40gb": 1}
_80 = {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1}
_H20 = {"1g.12gb": 7, "1g.24gb": 4, "2g.24gb": 3, "3g.48gb": 2, "4g.48gb": 1, "7g.96gb": 1}
_H200 = {"1g.18gb": 7, "1g.35gb": 4, "2g.35gb": 3, "3g.71gb": 2, "4g.71gb": 1, "7g.141gb": 1}


@dataclass(frozen=True, kw_only=True)
class Card:
    """`memory_gib`: what programs may use, with error correction on; less than the name says. `capability`: NVIDIA's
    compute capability. `bandwidth`: of its memory, in GB/s."""

    name: str
    memory_gib: float
    capability: tuple[int, int]
    bandwidth: float
    mig: Mapping[str, int] = field(default_factory=dict)
    resource: str = NVIDIA


# Memory: EC2's DescribeInstanceTypes (22,888 MiB for A10G and L4, 16,384 for T4), as copied in
# skypilot-org/skypilot-catalog@00148f2; nvidia-smi for L20 and L40S (46,068 MiB) and H20 (97,871). A10 is taken to be
# as A10G. The others are as sold. Capability: https://developer.nvidia.com/cuda-gpus. Bandwidth: NVIDIA's data sheets,
# as we know them; it only ranks pools.
T4 = Card(name="T4", memory_gib=16, capability=(7, 5), bandwidth=320)
V100_16 = Card(name="V100-16", memory_gib=16, capability=(7, 0), bandwidth=900)
V100_32 = Card(name="V100-32", memory_gib=32, capability=(7, 0), bandwidth=900)
A10 = Card(name="A10", memory_gib=22.35, capability=(8, 6), bandwidth=600)
A10G = Card(name="A10G", memory_gib=22.35, capability=(8, 6), bandwidth=600)
A30 = Card(name="A30", memory_gib=24, capability=(8, 0), bandwidth=933, mig=_A30)
A100_40 = Card(name="A100-40", memory_gib=40, capability=(8, 0), bandwidth=1555, mig=_A100_40)
A100_80 = Card(name="A100-80", memory_gib=80, capability=(8, 0), bandwidth=2039, mig=_80)
L4 = Card(name="L4", memory_gib=22.35, capability=(8, 9), bandwidth=300)
L20 = Card(name="L20", memory_gib=44.99, capability=(8, 9), bandwidth=864)
L40S = Card(name="L40S", memory_gib=44.99, capability=(8, 9), bandwidth=864)
H20 = Card(name="H20", memory_gib=95.58, capability=(9, 0), bandwidth=4000, mig=_H20)
H100 = Card(name="H100", memory_gib=80, capability=(9, 0), bandwidth=3350, mig=_80)
H200 = Card(name="H200", memory_gib=141, capability=(9, 0), bandwidth=4800, mig=_H200)
B200 = Card(name="B200", memory_gib=179, capability=(10, 0), bandwidth=8000)

_TABLE = {
    card.name.lower(): card
    for card in (T4, V100_16, V100_32, A10, A10G, A30, A100_40, A100_80, L4, L20, L40S, H20, H100, H200, B200)
}


def find(name: str) -> Card | None:
    """By its name in the table, in either case; None for a card that only its owner knows."""
    return _TABLE.get(name.lower())
