"""The kernels as functions of tensors. All are bf16 on the CPU; shapes as in the C sources.

A `layer` of the cache has the shape [blocks, block_size, 2 * kv_heads, dim], and within each sixteen tokens the order
of kernels.h: only kernels write and read it.
"""

import ctypes
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autoglm_serving import logs
from autoglm_serving.nn import huge_pages
from autoglm_serving.nn.native import build

CPUINFO = Path("/proc/cpuinfo")
NEEDED = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_bf16")
HEAD_DIMS = (32, 64, 128)
MOST_GROUPED = 32
"""Query heads that may share a key head."""
BLOCK_MULTIPLE = 16

PANEL = 32
"""Outputs of a weight that lie together."""

PARALLEL_ELEMENTS = 1 << 18
"""Work under this is done before a second thread has woken up."""

_P, _I, _F = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float
_SIGNATURES: dict[str, list[Any]] = {
    "answers": [_P, _P, _I, _P, _P, _P, _I, _I, _I, _I, _I, _I, _F, _I],
    "pack": [_P, _P, _P, _I, _I, _I, _I, _I, _I],
    "attend": [_P, _I, _P, _I, _P, _P, _I, _I, _I, _I, _I, _I, _I, _F, _I],
    "rms_norm": [_P, _P, _P, _I, _I, _F, _I],
    "add_and_norm": [_P, _P, _P, _P, _P, _P, _I, _I, _F, _I],
    "rotate_and_keep": [_P, _P, _P, _P, _P, _I, _I, _I, _I, _I, _I],
    "pack_weight": [_P, _P, _I, _I, _I, _I],
    "product": [_P, _I, _P, _I, _P, _P, _P, _I, _I, _I, _I, _I],
    "forward": [_P, _P, _P, _P, _I],
}
_SIZES = ("packed_size", "product_room")


@cache
def load() -> ctypes.CDLL | None:
    """None where the processor lacks the instructions, or there is neither a library nor a way to make one."""
    if not supported(CPUINFO):
        return None
    path = build.library()
    try:
        if not path.exists():
            if not build.possible():
                logs.warning("no kernels for this processor: slower", missing=path.name)
                return None
            build.build()
        _load_openmp()
        loaded = ctypes.CDLL(str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        logs.warning("the kernels can't be loaded: slower", reason=str(error))
        return None
    for name, signature in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = signature, None
    for name in _SIZES:
        getattr(loaded, name).argtypes, getattr(loaded, name).restype = [_I, _I], _I
    return loaded


def supported(cpuinfo: Path) -> bool:
    return _flags(cpuinfo).issuperset(NEEDED)


def products_pay(cpuinfo: Path = CPUINFO) -> bool:
    """Not where the processor has an instruction for whole tiles: oneDNN uses it, and these kernels do not."""
    return supported(cpuinfo) and "amx_bf16" not in _flags(cpuinfo)


def _flags(cpuinfo: Path) -> set[str]:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def _load_openmp() -> None:
    """Torch's own, for all that is loaded later; where it has none beside it, the system's."""
    folder = Path(torch.__file__).parent
    own = sorted((*folder.glob("lib/libgomp*.so*"), *folder.parent.glob("torch.libs/libgomp*.so*")))
    ctypes.CDLL(str(own[0]) if own else "libgomp.so.1", mode=ctypes.RTLD_GLOBAL)


class Kernels:
    def __init__(self, loaded: ctypes.CDLL) -> None:
        self._c: Any = loaded

    def rms_norm(self, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        out = torch.empty_like(x)
        rows, n = x.shape
        self._c.rms_norm(out.data_ptr(), x.data_ptr(), weight.data_ptr(), rows, n, epsilon, _threads(rows * n))
        return out

    def add_and_norm(
        self, x: Tensor, y: Tensor, after: Tensor, before: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor]:
        """x + norm(y) by `after`, and the norm of that by `before`."""
        total, out = torch.empty_like(x), torch.empty_like(x)
        rows, n = x.shape
        self._c.add_and_norm(
            total.data_ptr(), out.data_ptr(), x.data_ptr(), y.data_ptr(), after.data_ptr(), before.data_ptr(),
            rows, n, epsilon, _threads(rows * n),
        )  # fmt: skip
        return total, out

    def rotate_and_keep(self, qkv: Tensor, layer: Tensor, slots: Tensor, cos: Tensor, sin: Tensor) -> None:
        """qkv [rows, heads + 2 * kv_heads, dim] is rotated in place; cos and sin are float32 [rows, rotary / 2]."""
        rows, all_heads, dim = qkv.shape
        kv_heads = layer.shape[2] // 2
        self._c.rotate_and_keep(
            qkv.data_ptr(), layer.data_ptr(), slots.data_ptr(), cos.data_ptr(), sin.data_ptr(),
            rows, all_heads - 2 * kv_heads, kv_heads, dim, 2 * cos.shape[1], _threads(qkv.numel()),
        )  # fmt: skip

    def answers(self, out: Tensor, q: Tensor, layer: Tensor, blocks: Tensor, lengths: Tensor) -> None:
        """out and q [rows, heads, dim]; blocks [rows, width], lengths [rows]."""
        rows, heads, dim = q.shape
        kv_heads, width = layer.shape[2] // 2, blocks.shape[1]
        threads = _threads(rows * width * layer.shape[1] * kv_heads * dim)
        self._c.answers(
            out.data_ptr(), q.data_ptr(), q.stride(0), layer.data_ptr(), blocks.data_ptr(), lengths.data_ptr(),
            width, rows, heads, kv_heads, dim, layer.shape[1], dim**-0.5, threads,
        )  # fmt: skip

    def attend_cached(self, out: Tensor, q: Tensor, layer: Tensor, blocks: Tensor, context: int, start: int) -> None:
        """out and q [tokens, heads, dim]; token i sees the sequence's first start + i + 1 of `context` tokens."""
        self._attend(out, q, layer, blocks.data_ptr(), layer.shape[1], layer.shape[2] // 2, context, start)

    def pack(self, keys: Tensor, values: Tensor) -> Tensor:
        """Keys and values [tokens, heads, dim] with the same strides, for `attend_all`."""
        tokens, heads, dim = keys.shape
        packed = torch.empty(heads * self._c.packed_size(tokens, dim), dtype=torch.int32)
        self._c.pack(
            packed.data_ptr(), keys.data_ptr(), values.data_ptr(), tokens, heads, dim, keys.stride(0), keys.stride(1),
            _threads(tokens * heads * dim),
        )  # fmt: skip
        return packed

    def attend_all(self, out: Tensor, q: Tensor, packed: Tensor, kv_heads: int, context: int) -> None:
        """out and q [tokens, heads, dim]; each token sees all `context` keys."""
        self._attend(out, q, packed, None, BLOCK_MULTIPLE, kv_heads, context, -1)

    def pack_weight(self, weight: Tensor, *, gated: bool) -> Tensor:
        """[out, in], contiguous, for `product`. With `gated` it holds the gate's rows, then the other's."""
        outputs, inputs = weight.shape
        packed = huge_pages.empty(-(-outputs // PANEL) * PANEL * inputs // 2, torch.int32)
        self._c.pack_weight(packed.data_ptr(), weight.data_ptr(), outputs, inputs, gated, _threads(weight.numel()))
        return packed

    def product(self, x: Tensor, packed: Tensor, bias: Tensor | None, outputs: int, *, gated: bool) -> Tensor:
        """[rows, in] -> [rows, out] of a packed weight [outputs, in]; `gated`: silu(gate) * other in half of it."""
        rows, inputs = x.shape
        out = torch.empty((rows, outputs // 2 if gated else outputs), dtype=x.dtype)
        room = torch.empty(self.product_room(rows, inputs), dtype=torch.int32)
        self._c.product(
            out.data_ptr(), out.stride(0), x.data_ptr(), x.stride(0), packed.data_ptr(),
            None if bias is None else bias.data_ptr(), room.data_ptr(),
            rows, outputs, inputs, gated, _threads(outputs * inputs),
        )  # fmt: skip
        return out

    def product_room(self, rows: int, inputs: int) -> int:
        """Elements of 32 bits that `product` needs beside its operands."""
        return int(self._c.product_room(rows, inputs))

    def forward(self, layers: Any, shape: Any, step: Any, buffers: Any) -> None:
        """forward.c's, of its structures; see forward.py."""
        self._c.forward(
            ctypes.addressof(layers), ctypes.addressof(shape), ctypes.addressof(step), ctypes.addressof(buffers),
            torch.get_num_threads(),
        )  # fmt: skip

    def _attend(
        self, out: Tensor, q: Tensor, kept: Tensor, blocks: int | None, block_size: int, kv_heads: int, *rest: int
    ) -> None:
        tokens, heads, dim = q.shape
        context, start = rest
        self._c.attend(
            out.data_ptr(), out.stride(0), q.data_ptr(), q.stride(0), kept.data_ptr(), blocks, block_size,
            tokens, context, start, heads, kv_heads, dim, dim**-0.5, _threads(tokens * context * heads),
        )  # fmt: skip


def _threads(elements: int) -> int:
    return torch.get_num_threads() if elements >= PARALLEL_ELEMENTS else 1
