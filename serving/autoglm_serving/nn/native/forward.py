"""All layers of a step in one call of the kernels, without Python's lock. The structures are those of forward.c."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from autoglm_serving.nn.cache import PagedCache
from autoglm_serving.nn.config import TextConfig
from autoglm_serving.nn.native.library import Kernels
from autoglm_serving.nn.plan import Plan

_P, _I, _F = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float


@dataclass(frozen=True, kw_only=True)
class LayerWeights:
    """Packed by Kernels.pack_weight, but the bias and the norms. `following` is the norm behind the layer."""

    qkv: Tensor
    output: Tensor
    gate_up: Tensor
    down: Tensor
    qkv_bias: Tensor | None
    before_attention: Tensor
    after_attention: Tensor
    before_mlp: Tensor
    after_mlp: Tensor
    following: Tensor


class _Layer(ctypes.Structure):
    _fields_ = tuple((name, _P) for name in LayerWeights.__annotations__)


class _Shape(ctypes.Structure):
    _fields_ = (
        *((name, _I) for name in ("layers", "hidden", "heads", "kv_heads", "dim", "inner", "rotary")),
        ("epsilon", _F),
    )


class _Chunk(ctypes.Structure):
    _fields_ = (*((name, _I) for name in ("first", "rows", "context")), ("blocks", _P))


class _Buffers(ctypes.Structure):
    _fields_ = tuple((name, _P) for name in ("x", "normed", "qkv", "attended", "product", "gated", "room"))


class _Step(ctypes.Structure):
    _fields_ = (
        *((name, _I) for name in ("rows", "answers", "width")),
        *((name, _P) for name in ("blocks", "lengths", "slots", "wanted")),
        *((name, _I) for name in ("chunks", "wants")),
        *((name, _P) for name in ("chunk", "cos", "sin", "memory")),
        *((name, _I) for name in ("layer_size", "block_size")),
    )


class Forward:
    def __init__(self, kernels: Kernels, config: TextConfig, layers: Sequence[LayerWeights]) -> None:
        self._kernels, self._config = kernels, config
        self._kept = layers  # what the addresses are of
        self._layers = (_Layer * len(layers))(*(_layer(layer) for layer in layers))
        self._shape = _Shape(
            len(layers), config.hidden_size, config.num_heads, config.num_kv_heads, config.head_dim,
            config.intermediate_size, config.rotary_dim, config.rms_norm_eps,
        )  # fmt: skip

    def __call__(
        self, x: Tensor, cache: PagedCache, plan: Plan, cos: Tensor, sin: Tensor, wanted: Tensor | None
    ) -> Tensor:
        """What the last norm gives of the wanted rows. x [rows, hidden] is overwritten; cos and sin as for kernels."""
        group = plan.answers[0] if plan.answers else None
        chunks = (_Chunk * len(plan.chunks))(
            *(_Chunk(one.first, one.rows, one.context, one.blocks.data_ptr()) for one in plan.chunks)
        )
        step = _Step(
            rows=len(x),
            answers=0 if group is None else group.rows,
            width=0 if group is None else group.blocks.shape[1],
            blocks=None if group is None else group.blocks.data_ptr(),
            lengths=None if group is None else group.lengths.data_ptr(),
            slots=plan.slots.data_ptr(),
            wanted=_address(wanted),
            chunks=len(chunks),
            wants=-1 if wanted is None else len(wanted),
            chunk=ctypes.addressof(chunks),
            cos=cos.data_ptr(),
            sin=sin.data_ptr(),
            memory=cache.layers.data_ptr(),
            layer_size=cache.layers[0].nbytes // 4,
            block_size=cache.block_size,
        )
        normed, *buffers = self._room(len(x))
        addresses = _Buffers(*map(_address, (x, normed, *buffers)))
        self._kernels.forward(self._layers, self._shape, step, addresses)
        return normed if wanted is None else normed[: len(wanted)]

    def _room(self, rows: int) -> list[Tensor]:
        """Memory for all but x, as in forward.c."""
        config = self._config
        hidden, inner = config.hidden_size, config.intermediate_size
        out = config.num_heads * config.head_dim
        widths = (hidden, out + 2 * config.num_kv_heads * config.head_dim, out, hidden, inner)
        room = max(self._kernels.product_room(rows, inputs) for inputs in (hidden, out, inner))
        found = [torch.empty((rows, width), dtype=torch.bfloat16) for width in widths]
        return [*found, torch.empty(room, dtype=torch.int32)]


def _address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _layer(weights: LayerWeights) -> _Layer:
    return _Layer(**{name: _address(getattr(weights, name)) for name in LayerWeights.__annotations__})
