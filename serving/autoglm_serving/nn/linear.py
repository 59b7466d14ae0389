"""Matrix products with weights that never change: packed once, in bf16 on a CPU, for the kernels or for oneDNN."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn.native import library
from autoglm_serving.nn.native.library import Kernels

Linear = Callable[[Tensor], Tensor]
"""[rows, in] -> [rows, out]"""


def linear(weight: Tensor, bias: Tensor | None = None) -> Linear:
    """`weight` is [out, in] on its device and in its type; it may be a view of a file and is copied."""
    if (kernels := _kernels(weight)) is not None:
        return Native(kernels, weight, bias, gated=False)
    if _packs(weight):
        return _Packed(weight, bias)
    return _Plain(weight.clone(), bias)


def gated(gate_up: Tensor) -> Linear:
    """silu(gate) * up of a weight [2 * out, in] that holds the gate's rows, then the other's."""
    if (kernels := _kernels(gate_up)) is not None:
        return Native(kernels, gate_up, None, gated=True)
    if _packs(gate_up):
        return _PackedGated(gate_up)
    return _PlainGated(gate_up.clone())


def _kernels(weight: Tensor) -> Kernels | None:
    pairs = weight.shape[1] % 2 == 0
    return _products() if pairs and weight.dtype == torch.bfloat16 and weight.device.type == "cpu" else None


@cache
def _products() -> Kernels | None:
    """Beside oneDNN, one to sixteen rows take 0.5 to 0.8 of the time, hundreds the same (Zen 4, 2026-11)."""
    loaded = library.load() if library.products_pay() else None
    return None if loaded is None else Kernels(loaded)


def _packs(weight: Tensor) -> bool:
    """Unpacked, bf16 products of one to sixteen rows take 1.6 times as long (Zen 4, torch 2.13, 2026-11)."""
    return (
        weight.device.type == "cpu"
        and weight.dtype == torch.bfloat16
        and torch._C._has_mkldnn
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


class _Plain:
    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self._weight, self._bias)


class _PlainGated:
    def __init__(self, weight: Tensor) -> None:
        self._weight = weight

    def __call__(self, x: Tensor) -> Tensor:
        gate, up = F.linear(x, self._weight).chunk(2, dim=-1)
        return F.silu(gate).mul_(up)


class Native:
    def __init__(self, kernels: Kernels, weight: Tensor, bias: Tensor | None, *, gated: bool) -> None:
        self._kernels, self._outputs, self._gated = kernels, len(weight), gated
        self.weight, self.bias = kernels.pack_weight(weight.contiguous(), gated=gated), bias

    def __call__(self, x: Tensor) -> Tensor:
        return self._kernels.product(x, self.weight, self.bias, self._outputs, gated=self._gated)


class _Packed:
    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight: Any = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())
        self._bias = bias
        self._run: Any = torch.ops.mkldnn._linear_pointwise.default

    def __call__(self, x: Tensor) -> Tensor:
        product: Tensor = self._run(x, self._weight, self._bias, "none", [], "")
        return product


class _PackedGated:
    """Both products carry what follows them: neither the gate nor its activation makes a pass of its own."""

    def __init__(self, weight: Tensor) -> None:
        gate, up = weight.chunk(2)
        self._gate: Any = torch.ops.mkldnn._reorder_linear_weight(gate.contiguous())
        self._up: Any = torch.ops.mkldnn._reorder_linear_weight(up.contiguous())
        self._unary: Any = torch.ops.mkldnn._linear_pointwise.default
        self._binary: Any = torch.ops.mkldnn._linear_pointwise.binary

    def __call__(self, x: Tensor) -> Tensor:
        gate = self._unary(x, self._gate, None, "swish", [], "")
        product: Tensor = self._binary(x, gate, self._up, None, "mul")
        return product
