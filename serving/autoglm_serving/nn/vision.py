"""GLM-4V's vision tower: from an image's patches to embeddings that stand where its tokens are. One image at a time."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn import rope
from autoglm_serving.nn.config import VisionConfig
from autoglm_serving.nn.linear import Linear, gated, linear
from autoglm_serving.nn.ops import native
from autoglm_serving.nn.weights import Weights

PREFIX = "model.visual."
PIECE_FLOPS = {"cpu": 2e9, "cuda": 1e12}
"""Work between two yields: about ten milliseconds of one core, or a few of a GPU."""
FEWEST_ROWS = 32

Work = Generator[None, None, Tensor]
"""Yields between pieces of the work and returns the embeddings."""


@dataclass(frozen=True)
class _Block:
    before_attention: Tensor
    before_mlp: Tensor
    qkv: Linear
    output: Linear
    gate_up: Linear
    down: Linear


@dataclass(frozen=True)
class _Merger:
    downsample: Linear
    project: Linear
    norm: Tensor
    norm_bias: Tensor
    gate_up: Linear
    down: Linear


class VisionTower:
    def __init__(self, config: VisionConfig, weights: Weights, dtype: torch.dtype, device: torch.device) -> None:
        self._config, self._dtype, self._device = config, dtype, device
        self._weights: Weights | None = weights
        hidden = config.hidden_size
        # Convolutions here have windows that do not overlap: products with each window's values.
        patch = self._take("patch_embed.proj.weight", hidden, *config.patch_shape).flatten(1)
        self._patch = linear(patch, self._take("patch_embed.proj.bias", hidden))
        self._after_patch = self._take("post_conv_layernorm.weight", hidden)
        side = config.positions_a_side
        table = self._take("embeddings.position_embedding.weight", side * side, hidden)
        self._positions = table.view(side, side, hidden).permute(2, 0, 1)[None].float()
        self._blocks = [self._block(f"blocks.{i}.") for i in range(config.depth)]
        self._before_merger = self._take("post_layernorm.weight", hidden)
        self._merger = self._build_merger()
        self._inverse = rope.frequencies(config.rope_theta, hidden // config.num_heads // 2).to(device)
        self._kernels = native(dtype, device, hidden // config.num_heads)
        self._weights = None

    def embed(self, patches: Tensor, grid: tuple[int, int, int]) -> Work:
        """`patches` is [time * height * width, values] in the processor's order; the result is [tokens, hidden]."""
        config, merge = self._config, self._config.merge_size
        frames = grid[0]
        if grid[1] % merge or grid[2] % merge or frames * grid[1] * grid[2] != len(patches):
            raise ValueError(f"a grid of {grid} patches does not fit {len(patches)} patches merged by {merge}")
        rows, columns = (side.to(self._device) for side in _places(grid[1], grid[2], merge))
        angles = torch.cat([rows[:, None] * self._inverse, columns[:, None] * self._inverse], dim=-1)
        # Half of the channels' pairs follow the row, half the column; a frame's patches see each other alone.
        cos, sin = angles.cos()[:, None], angles.sin()[:, None]
        x = torch.empty((len(patches), config.hidden_size), dtype=self._dtype, device=self._device)
        for part in _slices(len(x), self._piece_rows(0)):
            own = torch.arange(part.start, part.stop, device=self._device) % len(rows)
            patch = self._patch(patches[part].to(self._device, self._dtype))
            x[part] = self._rms(patch, self._after_patch) + self._interpolated(rows[own], columns[own], grid)
            yield
        for frame in x.view(frames, len(rows), -1):
            for block in self._blocks:
                yield from self._run(block, frame, cos, sin)
        x = self._rms(x, self._before_merger).view(-1, merge * merge * config.hidden_size)
        yield
        merged = []
        for part in _slices(len(x), self._piece_rows(0) // merge**2 or 1):
            merged.append(self._merge(x[part]))
            yield
        return torch.cat(merged)

    def _run(self, block: _Block, x: Tensor, cos: Tensor, sin: Tensor) -> Generator[None, None, None]:
        """One block over a frame's x [patches, hidden], in place. First all keys, then what looks at them."""
        heads = self._config.num_heads
        size = self._piece_rows(len(x))
        qkv = torch.empty((3, len(x), heads, x.shape[1] // heads), dtype=x.dtype, device=x.device)
        for rows in _slices(len(x), size):
            parts = block.qkv(self._rms(x[rows], block.before_attention)).view(-1, 3, heads, qkv.shape[-1])
            parts[:, :2] = rope.rotated_halves(parts[:, :2], cos[rows, None], sin[rows, None])
            qkv[:, rows] = parts.transpose(0, 1)
            yield
        attend = self._attention(qkv[1], qkv[2])
        for rows in _slices(len(x), size):
            x[rows] += block.output(attend(qkv[0, rows]).flatten(1))
            x[rows] += block.down(block.gate_up(self._rms(x[rows], block.before_mlp)))
            yield

    def _attention(self, keys: Tensor, values: Tensor) -> Callable[[Tensor], Tensor]:
        """From queries to what they gather of all keys and values; each is [patches, heads, channels]."""
        if self._kernels is None:
            kept = keys.transpose(0, 1)[None], values.transpose(0, 1)[None]
            return lambda q: F.scaled_dot_product_attention(q.transpose(0, 1)[None], *kept)[0].transpose(0, 1)
        kernels, packed, (count, heads, _) = self._kernels, self._kernels.pack(keys, values), keys.shape

        def attend(q: Tensor) -> Tensor:
            out = torch.empty_like(q)
            kernels.attend_all(out, q, packed, heads, count)
            return out

        return attend

    def _merge(self, x: Tensor) -> Tensor:
        merger = self._merger
        x = merger.project(merger.downsample(x))
        x = F.gelu(F.layer_norm(x, merger.norm.shape, merger.norm, merger.norm_bias))
        return merger.down(merger.gate_up(x))

    def _interpolated(self, rows: Tensor, columns: Tensor, grid: tuple[int, int, int]) -> Tensor:
        """[patches, hidden] Learned positions, stretched over the image."""
        x = (columns + 0.5) / grid[2] * 2 - 1
        y = (rows + 0.5) / grid[1] * 2 - 1
        points = torch.stack((x, y), dim=-1)[None, :, None]
        stretched = F.grid_sample(self._positions, points, mode="bicubic", align_corners=False, padding_mode="border")
        return stretched[0, :, :, 0].T.to(self._dtype)

    def _piece_rows(self, seen: int) -> int:
        """Patches of one piece of the work when each looks at `seen` others."""
        config = self._config
        linear_flops = 2 * config.hidden_size * (4 * config.hidden_size + 3 * config.out_hidden_size)
        each = linear_flops + 4 * seen * config.hidden_size
        return max(FEWEST_ROWS, int(PIECE_FLOPS[self._device.type] / each))

    def _rms(self, x: Tensor, weight: Tensor) -> Tensor:
        if self._kernels is not None:
            return self._kernels.rms_norm(x, weight, self._config.rms_norm_eps)
        return F.rms_norm(x, weight.shape, weight, self._config.rms_norm_eps)

    def _block(self, prefix: str) -> _Block:
        hidden, inner = self._config.hidden_size, self._config.out_hidden_size
        bias = self._take(f"{prefix}attn.qkv.bias", 3 * hidden) if self._config.attention_bias else None
        return _Block(
            before_attention=self._take(f"{prefix}norm1.weight", hidden),
            before_mlp=self._take(f"{prefix}norm2.weight", hidden),
            qkv=linear(self._take(f"{prefix}attn.qkv.weight", 3 * hidden, hidden), bias),
            output=linear(self._take(f"{prefix}attn.proj.weight", hidden, hidden)),
            gate_up=self._gated(f"{prefix}mlp.", inner, hidden),
            down=linear(self._take(f"{prefix}mlp.down_proj.weight", hidden, inner)),
        )

    def _build_merger(self) -> _Merger:
        config, out = self._config, self._config.out_hidden_size
        merge = config.merge_size
        window = self._take("downsample.weight", out, config.hidden_size, merge, merge).permute(0, 2, 3, 1).flatten(1)
        return _Merger(
            downsample=linear(window, self._take("downsample.bias", out)),
            project=linear(self._take("merger.proj.weight", out, out)),
            norm=self._take("merger.post_projection_norm.weight", out),
            norm_bias=self._take("merger.post_projection_norm.bias", out),
            gate_up=self._gated("merger.", config.intermediate_size, out),
            down=linear(self._take("merger.down_proj.weight", out, config.intermediate_size)),
        )

    def _gated(self, prefix: str, inner: int, hidden: int) -> Linear:
        return gated(torch.cat([self._take(f"{prefix}{part}_proj.weight", inner, hidden) for part in ("gate", "up")]))

    def _take(self, name: str, *shape: int) -> Tensor:
        assert self._weights is not None  # noqa: S101  until the tower is built
        return self._weights.take(f"{PREFIX}{name}", shape).to(self._device, self._dtype).clone()


def _places(height: int, width: int, merge: int) -> tuple[Tensor, Tensor]:
    """Row and column of each patch; those that will be one token follow each other."""
    shape = (height // merge, merge, width // merge, merge)
    rows = torch.arange(height)[:, None].expand(height, width).reshape(shape).transpose(1, 2).flatten()
    columns = torch.arange(width).expand(height, width).reshape(shape).transpose(1, 2).flatten()
    return rows, columns


def _slices(count: int, size: int) -> list[slice]:
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]
