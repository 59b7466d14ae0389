"""The paged cache's memory: keys and values of every layer, in blocks that sequences own by number."""

import numpy as np
import torch
from torch import Tensor

from autoglm_serving.nn.config import TextConfig


class PagedCache:
    """`layers[i]` is [blocks, block_size, 2 * kv_heads, head_dim]: a token's keys, then its values."""

    def __init__(
        self, config: TextConfig, *, num_blocks: int, block_size: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.num_blocks, self.block_size = num_blocks, block_size
        shape = (config.num_layers, num_blocks, block_size, 2 * config.num_kv_heads, config.head_dim)
        self.layers = _zeros(shape, dtype, device)

    def clear(self, blocks: Tensor) -> None:
        """A block may hold what another sequence left. A masked NaN of it would still spoil a weighted sum."""
        self.layers.index_fill_(1, blocks, 0)


def bytes_a_token(config: TextConfig, dtype: torch.dtype) -> int:
    return config.num_layers * 2 * config.num_kv_heads * config.head_dim * dtype.itemsize


def _zeros(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    if device.type != "cpu":
        return torch.zeros(shape, dtype=dtype, device=device)
    # numpy leaves the zeros to the kernel, which gives a page its memory when it is first written; torch writes all.
    return torch.from_numpy(np.zeros(int(np.prod(shape)) * dtype.itemsize, dtype=np.uint8)).view(dtype).view(shape)
