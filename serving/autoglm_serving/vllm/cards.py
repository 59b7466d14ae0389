"""Cards: what of one decides vLLM's flags. One table, and what nvidia-smi says of this machine."""

import subprocess
from dataclasses import dataclass

from autoglm_serving.errors import SettingsError

NVIDIA_SMI = "nvidia-smi"
SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Card:
    """`memory_gib`: what programs may use, with error correction on. `capability`: NVIDIA's compute capability.

    `tflops`: dense, of 16-bit numbers.
    """

    name: str
    memory_gib: float
    capability: tuple[int, int]
    tflops: float

    @property
    def bf16(self) -> bool:
        """vLLM computes in bfloat16 from 8.0 on (vllm/platforms/cuda.py, check_if_supports_dtype)."""
        return self.capability >= (8, 0)

    @property
    def fp8(self) -> bool:
        """Tensor cores for FP8, from 8.9 on; before, vLLM keeps the weights in FP8 and computes in 16 bits (Marlin)."""
        return self.capability >= (8, 9)


# Memory as in components/cards.py (EC2's DescribeInstanceTypes, nvidia-smi, or as sold). Capabilities:
# https://developer.nvidia.com/cuda-gpus. Peaks: NVIDIA's data sheets, without sparsity; for T4 and V100 of float16.
_TABLE = {
    card.name: card
    for card in (
        Card(name="T4", memory_gib=16, capability=(7, 5), tflops=65),
        Card(name="V100-16", memory_gib=16, capability=(7, 0), tflops=125),
        Card(name="V100-32", memory_gib=32, capability=(7, 0), tflops=125),
        Card(name="A10", memory_gib=22.35, capability=(8, 6), tflops=125),
        Card(name="A10G", memory_gib=22.35, capability=(8, 6), tflops=70),
        Card(name="A30", memory_gib=24, capability=(8, 0), tflops=165),
        Card(name="A100-40", memory_gib=40, capability=(8, 0), tflops=312),
        Card(name="A100-80", memory_gib=80, capability=(8, 0), tflops=312),
        Card(name="L4", memory_gib=22.35, capability=(8, 9), tflops=121),
        Card(name="L20", memory_gib=44.99, capability=(8, 9), tflops=119.5),
        Card(name="L40S", memory_gib=44.99, capability=(8, 9), tflops=362),
        Card(name="H20", memory_gib=95.58, capability=(9, 0), tflops=148),
        Card(name="H100", memory_gib=80, capability=(9, 0), tflops=989),
        Card(name="H200", memory_gib=141, capability=(9, 0), tflops=989),
        Card(name="B200", memory_gib=179, capability=(10, 0), tflops=2250),
    )
}


def names() -> tuple[str, ...]:
    return tuple(_TABLE)


def find(name: str) -> Card:
    """By the name of the table. Raises SettingsError."""
    if name not in _TABLE:
        raise SettingsError(f"--card: {name!r} is not known: use auto, none or one of {', '.join(_TABLE)}")
    return _TABLE[name]


def detect() -> list[Card]:
    """The cards of this machine, as nvidia-smi tells; none where there is no such program or no card.

    Raises SettingsError for cards of different kinds: a model is split evenly.
    """
    query = "--query-gpu=name,memory.total,compute_cap"
    try:
        told = subprocess.run(  # noqa: S603  no word of it comes from outside
            [NVIDIA_SMI, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    cards = [parse(line) for line in told.splitlines() if line.strip()]
    if len(set(cards)) > 1:
        kinds = ", ".join(sorted({card.name for card in cards}))
        raise SettingsError(f"--card: this machine's GPUs differ ({kinds}): let the server see those of one kind only")
    return cards


def parse(line: str) -> Card:
    """One line of nvidia-smi: `NVIDIA L40S, 46068, 8.9`. A card that the table does not have is taken to be slow."""
    name, memory, capability = (part.strip() for part in line.rsplit(",", 2))
    major, _, minor = capability.partition(".")
    gib = float(memory) / 1024
    told = (int(major), int(minor))
    words = name.replace("-", " ").replace("Tesla", "").replace("NVIDIA", "").split()
    known = [card for card in _TABLE.values() if card.name.partition("-")[0] in words and card.capability == told]
    if known:
        near = min(known, key=lambda card: abs(card.memory_gib - gib))
        if abs(near.memory_gib - gib) < near.memory_gib * 0.1:
            return near
    slowest = min(card.tflops for card in _TABLE.values())
    return Card(name="-".join(words) or name, memory_gib=gib, capability=told, tflops=slowest)
