"""What a layer does between its matrix products: with torch anywhere, or with the kernels where they run."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn import rope
from autoglm_serving.nn.attention import attend
from autoglm_serving.nn.cache import PagedCache
from autoglm_serving.nn.native import library
from autoglm_serving.nn.native.library import Kernels
from autoglm_serving.nn.plan import Plan


class Ops(Protocol):
    masks: bool
    """Whether plans must hold masks."""

    def begin(self, cache: PagedCache, plan: Plan) -> None:
        """Before the first layer of a step."""

    def rms_norm(self, x: Tensor, weight: Tensor, epsilon: float) -> Tensor: ...

    def add_and_norm(
        self, x: Tensor, y: Tensor, after: Tensor, before: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor]:
        """x + norm(y) by `after`, and the norm of that by `before`."""

    def attend(self, qkv: Tensor, layer: Tensor, plan: Plan, cos: Tensor, sin: Tensor) -> Tensor:
        """Rotate qkv [rows, heads + 2 * kv_heads, dim], keep its keys and values, and let its queries attend.

        `layer` is [blocks, block_size, 2 * kv_heads, dim]; returns [rows, heads * dim].
        """


class TorchOps:
    masks = True

    def begin(self, cache: PagedCache, plan: Plan) -> None:
        if len(plan.fresh):
            cache.clear(plan.fresh)

    def rms_norm(self, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, epsilon)

    def add_and_norm(
        self, x: Tensor, y: Tensor, after: Tensor, before: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor]:
        total = x + self.rms_norm(y, after, epsilon)
        return total, self.rms_norm(total, before, epsilon)

    def attend(self, qkv: Tensor, layer: Tensor, plan: Plan, cos: Tensor, sin: Tensor) -> Tensor:
        kv_heads = layer.shape[2] // 2
        heads = qkv.shape[1] - 2 * kv_heads
        rope.rotate_pairs(qkv[:, : heads + kv_heads, : 2 * cos.shape[1]], cos.to(qkv.dtype), sin.to(qkv.dtype))
        layer.flatten(0, 1).index_copy_(0, plan.slots, qkv[:, heads:])
        return attend(qkv[:, :heads], layer, plan)


class NativeOps:
    masks = False

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels
        self.rms_norm = kernels.rms_norm
        self.add_and_norm = kernels.add_and_norm

    def begin(self, cache: PagedCache, plan: Plan) -> None:
        """Nothing: what lies behind a sequence's end is not read, or cleared where its first token is kept."""

    def attend(self, qkv: Tensor, layer: Tensor, plan: Plan, cos: Tensor, sin: Tensor) -> Tensor:
        kernels, kv_heads = self._kernels, layer.shape[2] // 2
        kernels.rotate_and_keep(qkv, layer, plan.slots, cos, sin)
        q = qkv[:, : qkv.shape[1] - 2 * kv_heads]
        out = torch.empty(q.shape, dtype=q.dtype)
        for group in plan.answers:
            rows = slice(group.first, group.first + group.rows)
            kernels.answers(out[rows], q[rows], layer, group.blocks, group.lengths)
        for chunk in plan.chunks:
            rows = slice(chunk.first, chunk.first + chunk.rows)
            start = chunk.context - chunk.rows
            kernels.attend_cached(out[rows], q[rows], layer, chunk.blocks, chunk.context, start)
        return out.flatten(1)


def native(dtype: torch.dtype, device: torch.device, head_dim: int, grouped: int = 1) -> Kernels | None:
    """The kernels, where they can compute heads of this size of which so many share a key head."""
    fits = head_dim in library.HEAD_DIMS and grouped <= library.MOST_GROUPED
    if dtype != torch.bfloat16 or device.type != "cpu" or not fits:
        return None
    loaded = library.load()
    return None if loaded is None else Kernels(loaded)
