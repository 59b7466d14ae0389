"""The kernels in C against torch's own arithmetic in float32."""

import ctypes
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn import rope
from autoglm_serving.nn.native import build, library
from autoglm_serving.nn.native.library import Kernels

BF16 = torch.bfloat16
SHAPES = [(16, 2, 64), (8, 2, 128), (4, 2, 32), (3, 1, 64)]
"""Query heads, key heads, channels."""


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    loaded = library.load()
    if loaded is None:
        pytest.skip("this machine has no compiler or not the instructions")
    return Kernels(loaded)


def cache(tokens: int, kv_heads: int, dim: int, sequences: int = 1) -> tuple[Tensor, Tensor]:
    """A layer's cache that is NaN where no sequence keeps anything, and the blocks [sequences, width] of each."""
    width = -(-tokens // 16)
    layer = torch.full((sequences * width + 3, 16, 2 * kv_heads, dim), math.nan, dtype=BF16)
    blocks = torch.randperm(len(layer))[: sequences * width].view(sequences, width)
    return layer, blocks


def parts(layer: Tensor) -> tuple[Tensor, Tensor]:
    """Views [groups, kv_heads, 16, dim] of the keys and the values, as kernels.h says that they lie."""
    both = layer.view(-1, layer.shape[2] // 2, 2, 16 * layer.shape[3])
    keys = both[:, :, 0].unflatten(-1, (-1, 16, 2)).permute(0, 1, 3, 2, 4).flatten(3)
    values = both[:, :, 1].unflatten(-1, (8, -1, 2)).transpose(-1, -2).flatten(2, 3)
    return keys, values


def keep(layer: Tensor, blocks: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Random keys and values [kv_heads, length, dim], kept where the blocks say."""
    kv_heads, dim = layer.shape[2] // 2, layer.shape[3]
    kept = torch.randn(length, 2 * kv_heads, dim).to(BF16)
    places = torch.arange(length)
    slots = blocks[places // 16] * 16 + places % 16
    still = torch.ones(length, 8), torch.zeros(length, 8)
    Kernels(library.load()).rotate_and_keep(kept, layer, slots, *still)
    keys, values = kept.float().transpose(0, 1).chunk(2)
    return keys, values


def exact(q: Tensor, keys: Tensor, values: Tensor, seen: Tensor | None = None) -> Tensor:
    """Attention of q [tokens, heads, dim] in float32."""
    group = q.shape[1] // len(keys)
    k, v = keys.repeat_interleave(group, 0), values.repeat_interleave(group, 0)
    return F.scaled_dot_product_attention(q.float().transpose(0, 1), k, v, attn_mask=seen).transpose(0, 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_answers_attend_to_their_own_tokens_alone(kernels: Kernels, shape: tuple[int, int, int]):
    heads, kv_heads, dim = shape
    lengths = [1, 2, 15, 16, 17, 31, 511, 512, 513, 700, 1025]
    layer, blocks = cache(max(lengths), kv_heads, dim, len(lengths))
    kept = [keep(layer, blocks[row], length) for row, length in enumerate(lengths)]
    qkv = torch.randn(len(lengths), heads + 2 * kv_heads, dim).to(BF16)
    out = torch.empty(len(lengths), heads, dim, dtype=BF16)
    kernels.answers(out, qkv[:, :heads], layer, blocks, torch.tensor(lengths))
    for row, (keys, values) in enumerate(kept):
        torch.testing.assert_close(out[row : row + 1].float(), exact(qkv[row : row + 1, :heads], keys, values),
                                   rtol=0.02, atol=0.01)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("start", "count"), [(0, 1), (0, 50), (0, 300), (1, 16), (100, 33), (255, 2), (500, 130)])
def test_chunks_attend_to_what_comes_before_each_token(
    kernels: Kernels, shape: tuple[int, int, int], start: int, count: int
):
    heads, kv_heads, dim = shape
    context = start + count
    layer, blocks = cache(context, kv_heads, dim)
    keys, values = keep(layer, blocks[0], context)
    q = torch.randn(count, heads, dim).to(BF16)
    out = torch.empty_like(q)
    kernels.attend_cached(out, q, layer, blocks[0], context, start)
    seen = torch.arange(context) <= torch.arange(start, context)[:, None]
    torch.testing.assert_close(out.float(), exact(q, keys, values, seen), rtol=0.02, atol=0.01)


def test_several_threads_compute_what_one_does(kernels: Kernels, monkeypatch: pytest.MonkeyPatch):
    layer, blocks = cache(900, 2, 64)
    keep(layer, blocks[0], 900)
    q = torch.randn(300, 16, 64).to(BF16)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(library, "_threads", lambda elements, threads=threads: threads)
        out, rows = torch.empty_like(q), torch.empty_like(q[:5])
        kernels.attend_cached(out, q, layer, blocks[0], 900, 600)
        kernels.answers(rows, q[:5], layer, blocks.expand(5, -1).contiguous(), torch.arange(896, 901))
        found.append((out, rows, kernels.rms_norm(q[0], q[0, 0].contiguous(), 1e-5)))
    for one, several in zip(*found, strict=True):
        assert torch.equal(one, several)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 257, 600])
def test_an_images_patches_see_all_of_it(kernels: Kernels, count: int):
    qkv = torch.randn(3, count, 4, 32).to(BF16)
    out = torch.empty(count, 4, 32, dtype=BF16)
    kernels.attend_all(out, qkv[0], kernels.pack(qkv[1], qkv[2]), 4, count)
    keys, values = (part.float().transpose(0, 1) for part in qkv[1:])
    torch.testing.assert_close(out.float(), exact(qkv[0], keys, values), rtol=0.02, atol=0.01)


@pytest.mark.parametrize("width", [16, 192, 100, 1024])
def test_norms_round_where_the_reference_does(kernels: Kernels, width: int):
    x, y, after, before = (torch.randn(5, width).to(BF16) * scale for scale in (1, 30, 1, 1))

    def norm(values: Tensor, weight: Tensor) -> Tensor:
        wide = values.float()
        return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-5)).to(BF16)

    after, before = after[0].contiguous(), before[0].contiguous()
    # The order of a float32 sum may turn a rounding: one unit of bf16 in places.
    torch.testing.assert_close(kernels.rms_norm(x, after, 1e-5), norm(x, after), rtol=0.01, atol=0.001)
    total, out = kernels.add_and_norm(x, y, after, before, 1e-5)
    torch.testing.assert_close(total, x + norm(y, after), rtol=0.01, atol=0.02)
    torch.testing.assert_close(out, norm(total, before), rtol=0.01, atol=0.001)


@pytest.mark.parametrize("rotary", [16, 32, 64, 20])
def test_rotated_keys_and_values_are_kept_in_their_slots(kernels: Kernels, rotary: int):
    heads, kv_heads, dim, rows = 4, 2, 64, 7
    layer = torch.zeros(3, 16, 2 * kv_heads, dim, dtype=BF16)
    qkv = torch.randn(rows, heads + 2 * kv_heads, dim).to(BF16)
    angles = torch.rand(rows, rotary // 2) * 6
    expected = qkv.float()
    rope.rotate_pairs(expected[:, : heads + kv_heads, :rotary], angles.cos(), angles.sin())
    slots = torch.randperm(48)[:rows].sort().values
    kernels.rotate_and_keep(qkv, layer, slots, angles.cos(), angles.sin())
    torch.testing.assert_close(qkv.float(), expected, rtol=0.01, atol=0.01)
    for kept, part in zip(parts(layer), qkv[:, heads:].chunk(2, dim=1), strict=True):
        assert torch.equal(kept[slots // 16, :, slots % 16], part)
        assert int(kept.any(-1).any(1).sum()) == rows


def test_a_group_is_cleared_for_its_first_token_and_for_no_other(kernels: Kernels):
    """What another sequence left, broken numbers too, would spoil a sum even with the weight 0."""
    layer = torch.full((3, 16, 4, 32), math.nan, dtype=BF16)
    still = torch.ones(3, 8), torch.zeros(3, 8)
    kernels.rotate_and_keep(torch.randn(3, 6, 32).to(BF16), layer, torch.arange(30, 33), *still)
    keys, values = parts(layer)
    assert keys[0].isnan().all()
    assert [int(part[1].isnan().any(-1).any(0).sum()) for part in (keys, values)] == [14, 14]
    assert all(part[2, :, 0].any() and not part[2, :, 1:].any() for part in (keys, values))


def test_a_processor_without_the_instructions_gets_no_kernels(tmp_path: Path):
    cpuinfo = tmp_path / "cpuinfo"
    assert not library.supported(cpuinfo)
    cpuinfo.write_text("processor : 0\nflags : avx2 avx512f avx512bw avx512dq avx512vl\n")
    assert not library.supported(cpuinfo)
    cpuinfo.write_text("flags\t\t: fpu avx512f avx512bw avx512dq avx512vl avx512_bf16\n")
    assert library.supported(cpuinfo)


def test_a_library_that_can_not_be_loaded_means_torch_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    broken = tmp_path / "kernels.so"
    broken.write_bytes(b"no library")
    monkeypatch.setattr(build, "library", lambda: broken)
    monkeypatch.setattr(library, "supported", lambda cpuinfo: True)
    assert library.load.__wrapped__() is None


def test_the_threads_are_torchs_own(kernels: Kernels):
    """Two OpenMP libraries in a process would each have a pool of threads, and they would wait for each other."""
    mapped = {
        Path(line.split()[-1]).resolve() for line in Path("/proc/self/maps").read_text().splitlines() if "gomp" in line
    }
    assert len(mapped) == 1
    assert isinstance(kernels._c, ctypes.CDLL)
