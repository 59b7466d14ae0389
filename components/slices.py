"""What a pod asks of a card, whole or shared, and how many such pods a node holds. Pure.

Resource names. MIG's mixed strategy and `.shared`: https://github.com/NVIDIA/k8s-device-plugin. cGPU:
https://www.alibabacloud.com/help/doc-detail/191140.html. qGPU: https://tencentcloud.com/document/product/457/59103,
which also says that it gives out cores by the 5 % and 16 parts of a card at most.
"""

import math
from typing import TYPE_CHECKING

from components.accelerators import USABLE
from components.instance_type import InstanceType

if TYPE_CHECKING:
    from stacks.cloud import Sharing

SHARED = "nvidia.com/gpu.shared"  # one of a card's time slices: whoever asks for a whole card never gets one
MIG = "nvidia.com/mig-{profile}"
CGPU_MEMORY = "aliyun.com/gpu-mem"  # GiB
QGPU_CORES = "tke.cloud.tencent.com/qgpu-core"  # hundredths of a card
QGPU_MEMORY = "tke.cloud.tencent.com/qgpu-memory"  # GiB
QGPU_PARTS = 16
_STEP = 5
_GIB = 1024**3


def part_gib(sharing: "Sharing", kind: InstanceType, need: int) -> int:
    """GiB of a card's memory for each pod, where the cloud's own software gives it out by the GiB (cGPU, qGPU).

    `need`: bytes of weights and cache; 0 where it is not known, which takes a whole card unless the file says more.
    """
    whole = int(kind.gpu_memory_gib)
    said: int | None = getattr(sharing, "memory_gib", None)
    return said or (min(whole, math.ceil(need / _GIB / USABLE)) if need else whole)


def asks(sharing: "Sharing", kind: InstanceType, *, cards: int, need: int) -> dict[str, int]:
    """A pod's limits, by resource. `cards`: over how many whole cards the model is split; a shared one is never."""
    match sharing.type:
        case "timeSlicing":
            return {SHARED: 1}
        case "mig":
            return {MIG.format(profile=sharing.profile): 1}
        case "cgpu":
            return {CGPU_MEMORY: part_gib(sharing, kind, need)}
        case "qgpu":
            memory = part_gib(sharing, kind, need)
            return {QGPU_CORES: _cores(memory / int(kind.gpu_memory_gib)), QGPU_MEMORY: memory}
    return {kind.resource: cards}


def offers(sharing: "Sharing", kind: InstanceType) -> dict[str, int]:
    """What a node has to give, by resource: for an autoscaler that has no node of the pool to look at.

    Empty of MIG slices where the card's profiles are not known.
    """
    gib = int(kind.gpu_memory_gib) * kind.gpus
    match sharing.type:
        case "timeSlicing":
            return {SHARED: kind.gpus * sharing.replicas}
        case "mig":
            each = kind.mig.get(sharing.profile)
            return {MIG.format(profile=sharing.profile): kind.gpus * each} if each else {}
        case "cgpu":
            return {CGPU_MEMORY: gib}
        case "qgpu":
            return {QGPU_CORES: 100 * kind.gpus, QGPU_MEMORY: gib}
    return {kind.resource: kind.gpus}


def servers(sharing: "Sharing", kind: InstanceType, *, cards: int, need: int) -> int | None:
    """How many such pods a node holds; None where the card's profiles are not known."""
    if sharing.type in ("cgpu", "qgpu"):  # a pod's part is of one card
        parts = int(kind.gpu_memory_gib) // part_gib(sharing, kind, need)
        if sharing.type == "qgpu":
            parts = min(parts, QGPU_PARTS, 100 // asks(sharing, kind, cards=1, need=need)[QGPU_CORES])
        return kind.gpus * parts
    has = offers(sharing, kind)
    return min(
        (has[name] // count for name, count in asks(sharing, kind, cards=cards, need=need).items() if has), default=None
    )


def _cores(share: float) -> int:
    """As large a part of the card's time as of its memory, in steps that qGPU knows."""
    return max(_STEP, int(share * 100) // _STEP * _STEP)
