"""Rotary positions. An image's tokens have a place in time, height and width; text's three are the same."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoglm_serving.engine.base import Images

Positions = NDArray[np.int64]


def positions(length: int, images: Images | None, merge_size: int) -> tuple[Positions, int]:
    """[3, length] of a prompt; and what is added to a later token's place in the sequence to get its position.

    As in transformers' Glm4vModel.get_rope_index: an image moves the text behind it on by its longer side, not by its
    number of tokens.
    """
    if images is None:
        return np.tile(np.arange(length), (3, 1)), 0
    parts: list[Positions] = []
    place = position = 0
    for (start, count), grid in zip(images.spans, images.grid_thw, strict=True):
        position = _append_text(parts, position, start - place)
        time, height, width = (int(side) for side in grid)
        shape = (time, height // merge_size, width // merge_size)
        parts.append(np.indices(shape).reshape(3, -1) + position)
        place, position = start + count, position + max(shape[1:])
    _append_text(parts, position, length - place)
    found = np.concatenate(parts, axis=1)
    if found.shape[1] != length:
        raise ValueError(f"the images' grids make {found.shape[1]} positions of {length} tokens")
    return found, int(found.max()) + 1 - length


def frequencies(theta: float, rotary_dim: int) -> Tensor:
    """[rotary_dim / 2]"""
    return 1.0 / (theta ** (torch.arange(0, rotary_dim, 2, dtype=torch.float32) / rotary_dim))


def axes(sections: Sequence[int], count: int) -> Tensor:
    """[count] Which of the three positions each frequency follows; all the first where there are no sections."""
    if not sections:
        return torch.zeros(count, dtype=torch.long)
    numbers = torch.arange(len(sections)) % 3
    return numbers.repeat_interleave(torch.tensor(sections))


def angles(places: Tensor, inverse: Tensor, axis: Tensor) -> Tensor:
    """[tokens, rotary_dim / 2], contiguous, from positions [3, tokens]."""
    return (places.T.float()[:, axis] * inverse).contiguous()


def rotate_pairs(x: Tensor, cos: Tensor, sin: Tensor) -> None:
    """Turn neighbours of x [tokens, heads, rotary_dim] in place; cos and sin are [tokens, rotary_dim / 2]."""
    pairs = x.view(*x.shape[:-1], -1, 2)
    first, second = pairs[..., 0], pairs[..., 1]
    cos, sin = cos[:, None], sin[:, None]
    turned = first * cos - second * sin
    second.copy_(second * cos + first * sin)
    first.copy_(turned)


def rotated_halves(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x [..., channels] with each channel of the first half turned with its fellow in the second, in float32."""
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)


def _append_text(parts: list[Positions], position: int, count: int) -> int:
    parts.append(np.tile(np.arange(position, position + count), (3, 1)))
    return position + count
