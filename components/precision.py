"""Which numbers a card computes with, by NVIDIA's compute capability. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.schema import Vllm

Capability = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """A setting of `serving.gpu.vllm` that a card can't compute. `needs`: the first capability that can; `instead`:
    what the card can."""

    key: str
    value: str
    needs: Capability
    instead: str


def unmet(asked: "Vllm", has: Capability | None) -> list[Unmet]:
    """None of a card whose capability nobody knows."""
    return [] if has is None else [found for found in _needs(asked) if has < found.needs]


def _needs(asked: "Vllm") -> Iterator[Unmet]:
    """bfloat16 is computed from 8.0 on; vLLM's kernels read a cache of FP8 from there, too, and pack weights into it
    from 7.5 on (serving/autoglm_serving/vllm/flags.py)."""
    if asked.dtype == "bfloat16":
        yield Unmet(key="dtype", value=asked.dtype, needs=(8, 0), instead="auto or float16")
    if asked.kv_cache_dtype == "fp8":
        yield Unmet(key="kvCacheDtype", value=asked.kv_cache_dtype, needs=(8, 0), instead="auto")
    packing = asked.weight_quantization
    if packing is not None and packing != "none":
        yield Unmet(key="weightQuantization", value=packing, needs=(7, 5), instead="none")
