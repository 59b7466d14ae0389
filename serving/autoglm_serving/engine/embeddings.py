"""What the vision tower made of images: kept by their digests, the least recently used given up first.

Encoding goes on in pieces, so that a step with a large image need not wait for all of it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from autoglm_serving.engine.base import Images
from autoglm_serving.nn.vision import VisionTower, Work


@dataclass(eq=False)
class _UnderWay:
    work: Work
    waiting: int = 1
    """Sequences that need it."""


class Embeddings:
    """`bound` is the bytes that are kept for images that no sequence needs now."""

    def __init__(self, tower: VisionTower, bound: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._tower, self._bound, self._clock = tower, bound, clock
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()
        self._under_way: dict[bytes, _UnderWay] = {}
        self._bytes = 0
        self.encoded = 0
        """Images that the tower has finished, since the start."""

    def get(self, digest: bytes) -> Tensor | None:
        if digest in self._kept:
            self._kept.move_to_end(digest)
        return self._kept.get(digest)

    def want(self, images: Images, number: int) -> None:
        """Begin with an image of a prompt. Once a sequence; `unwant` when that one needs it no more."""
        digest = images.digests[number]
        if digest in self._under_way:
            self._under_way[digest].waiting += 1
            return
        ends = images.grid_thw.prod(axis=1).cumsum()
        start = int(ends[number - 1]) if number else 0
        time_, height, width = (int(side) for side in images.grid_thw[number])
        patches = torch.as_tensor(images.pixel_values[start : int(ends[number])])
        self._under_way[digest] = _UnderWay(self._tower.embed(patches, (time_, height, width)))

    def unwant(self, digest: bytes) -> None:
        job = self._under_way.get(digest)
        if job is None:
            return
        job.waiting -= 1
        if not job.waiting:
            del self._under_way[digest]

    def advance(self, digest: bytes, until: float) -> Tensor | None:
        """Work on one image until it is done or the clock shows `until`: a piece at least. Raises its errors."""
        job = self._under_way[digest]
        while True:
            try:
                next(job.work)
            except StopIteration as done:
                del self._under_way[digest]
                embedding: Tensor = done.value
                self._keep(digest, embedding)
                return embedding
            except Exception:
                del self._under_way[digest]
                raise
            if self._clock() >= until:
                return None

    def _keep(self, digest: bytes, embedding: Tensor) -> None:
        self.encoded += 1
        self._kept[digest] = embedding
        self._bytes += embedding.nbytes
        while self._bytes > self._bound:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
