"""From pictures to the patches that the vision tower takes, as transformers' Glm4vImageProcessor cuts them, bit by bit.

That class would import torch's compiler and all of transformers' model code: a third of the start, and 150 MiB.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autoglm_serving.errors import ModelError
from autoglm_serving.model.folder import read_json

NAME = "preprocessor_config.json"
NESTED = "processor_config.json"
"""What transformers 5 saves, with the same under `image_processor`; it comes first."""

CHANNELS = 3
FIXED = {"do_resize": True, "resample": int(Image.Resampling.BICUBIC), "do_rescale": True, "do_normalize": True}
"""Settings that can have one value here; a file may leave them out."""

DEFAULTS: dict[str, Any] = {
    "size": {"shortest_edge": 112 * 112, "longest_edge": 28 * 28 * 15000},
    "rescale_factor": 1 / 255,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
}
"""Of the class in transformers 5.23."""


@dataclass(frozen=True, kw_only=True)
class Patches:
    """`values` is [patches, channels * frames * patch * patch]; `grids` is [images, 3]: in time, height and width."""

    values: NDArray[np.float32]
    grids: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cutter:
    min_pixels: int
    max_pixels: int
    """Both of one image, counted over the frames of a patch."""
    patch: int
    frames: int
    """Of a patch: a still image is repeated."""
    merge: int
    """Patches a side that become one token."""
    table: NDArray[np.float32]
    """[3, 256]: what becomes of a channel's byte."""

    def __call__(self, images: Sequence[Image.Image]) -> Patches:
        """RGB images, none more than 200 times longer than wide."""
        sizes = [self.size(image.height, image.width) for image in images]
        cut = [self._cut(image, *size) for image, size in zip(images, sizes, strict=True)]
        grids = [(1, height // self.patch, width // self.patch) for height, width in sizes]
        return Patches(values=cut[0] if len(cut) == 1 else np.concatenate(cut), grids=np.array(grids, np.int64))

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The height and width that a picture is scaled to: whole tokens, within the bounds, in proportion."""
        side = self.patch * self.merge
        if min(height, width) < side:
            scale = max(side / height, side / width)
            height, width = int(height * scale), int(width * scale)
        pixels = self.frames * height * width
        whole = [round(length / side) * side for length in (height, width)]
        # Python rounds halves to even, as the reference does.
        if self.frames * math.prod(whole) > self.max_pixels:
            shrink = math.sqrt(pixels / self.max_pixels)
            whole = [max(side, math.floor(length / shrink / side) * side) for length in (height, width)]
        elif self.frames * math.prod(whole) < self.min_pixels:
            grow = math.sqrt(self.min_pixels / pixels)
            whole = [math.ceil(length * grow / side) * side for length in (height, width)]
        return whole[0], whole[1]

    def _cut(self, image: Image.Image, height: int, width: int) -> NDArray[np.float32]:
        scaled = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
        rows, columns = height // self.patch, width // self.patch
        merge, patch = self.merge, self.patch
        pixels = scaled.reshape(rows // merge, merge, patch, columns // merge, merge, patch, CHANNELS)
        # [tokens down, tokens across, patch in the token down, across, channel, y, x]
        pixels = pixels.transpose(0, 3, 1, 4, 6, 2, 5)
        cut = np.empty((*pixels.shape[:5], self.frames, patch, patch), np.float32)
        for channel, values in enumerate(self.table):
            cut[:, :, :, :, channel] = values[pixels[:, :, :, :, channel]][:, :, :, :, None]
        return cut.reshape(rows * columns, -1)


def read(folder: Path, *, max_pixels: int | None) -> Cutter:
    """`max_pixels` overrides the folder's bound of one image. Raises ModelError."""
    path = folder / NAME
    found = read_json(path)
    if (folder / NESTED).is_file() and "image_processor" in (nested := read_json(folder / NESTED)):
        path, found = folder / NESTED, nested["image_processor"]
    for name, needed in FIXED.items():
        if found.get(name, needed) != needed:
            raise ModelError(f"{path}: {name} is {found[name]!r}, and only {needed!r} can be computed")
    given = DEFAULTS | {name: found[name] for name in DEFAULTS if found.get(name) is not None}
    try:
        size = DEFAULTS["size"] | given["size"]
        return Cutter(
            min_pixels=_positive(size["shortest_edge"]),
            max_pixels=_positive(size["longest_edge"]) if max_pixels is None else max_pixels,
            patch=_positive(given["patch_size"]),
            frames=_positive(given["temporal_patch_size"]),
            merge=_positive(given["merge_size"]),
            table=_table(given["rescale_factor"], given["image_mean"], given["image_std"]),
        )
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path} is not the image processor of a GLM-4V: {error}") from None


def _positive(value: Any) -> int:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is given where a whole number above 0 is needed")
    return value


def _table(factor: float, mean: Any, std: Any) -> NDArray[np.float32]:
    """The reference's steps in its precisions: scaled in 64 bits, the rest in 32."""
    scaled = (np.arange(256, dtype=np.float64) * factor).astype(np.float32)
    means, stds = (np.asarray(value, np.float32).reshape(CHANNELS, 1) for value in (mean, std))
    if not np.all(stds):
        raise ValueError(f"image_std {std!r} has a 0")
    return (scaled - means) / stds
