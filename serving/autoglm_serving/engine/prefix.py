"""Names of the cache's blocks: two blocks of one name hold the same keys and values. Imports no torch.

A block's keys and values depend on every token up to its end, so a name is a hash over the name before it, as in
vLLM's automatic prefix caching. An image's tokens are all the same placeholder: its digest stands for its pixels.
"""

from array import array
from hashlib import blake2b

from autoglm_serving.engine.base import Images
from autoglm_serving.engine.sequence import Sequence

NAME_BYTES = 16
"""128 bits: a collision, which would show one user another's answer, is out of reach of chance and of search."""


def block_name(sequence: Sequence, block_size: int, place: int) -> bytes:
    """Name of the sequence's full block number `place`. Names are kept on the sequence, whose tokens only grow."""
    names = sequence.block_names
    while len(names) <= place:
        start = len(names) * block_size
        names.append(_name(names[-1] if names else b"", sequence, start, start + block_size))
    return names[place]


def _name(before: bytes, sequence: Sequence, start: int, end: int) -> bytes:
    name = blake2b(before, digest_size=NAME_BYTES)
    name.update(array("q", sequence.token_ids[start:end]).tobytes())
    if sequence.images is not None:
        for place, digest in _images(sequence.images, start, end):
            name.update(array("q", [place - start, len(digest)]).tobytes() + digest)
    return name.digest()


def _images(images: Images, start: int, end: int) -> list[tuple[int, bytes]]:
    """First place and digest of the images with a token in [start, end)."""
    return [
        (first, digest)
        for (first, count), digest in zip(images.spans, images.digests, strict=True)
        if first < end and first + count > start
    ]
