"""How much memory models may take, and which make room. Pure, but for reading the machine's limits."""

import ctypes
import gc
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

CGROUP_ROOT = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")
SHARE = 0.85
"""Of the container's memory, what models get: the rest is Python, torch, images and answers on their way."""


class Holder(Protocol):
    @property
    def bytes(self) -> int: ...


H = TypeVar("H", bound=Holder)


def default_budget(cgroup: Path = CGROUP_ROOT, meminfo: Path = MEMINFO) -> int:
    """Bytes: a share of the container's limit (cgroup v2 or v1), or of the machine's memory when that is less."""
    limits = [_meminfo(meminfo)]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (cgroup / name).read_text().strip()
        except OSError:
            continue
        if text != "max":
            limits.append(int(text))
    return int(min(limits) * SHARE)


def make_room(need: int, budget: int, used: int, idle: Iterable[H]) -> list[H] | None:
    """The first of `idle` that must go so that `need` bytes fit; None when all of them are not enough."""
    going: list[H] = []
    free = budget - used
    for holder in idle:
        if need <= free:
            break
        going.append(holder)
        free += holder.bytes
    return going if need <= free else None


def give_back() -> None:
    """Return what was freed to the system: glibc would keep it for this process."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _meminfo(path: Path) -> int:
    for line in path.read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{path} has no line MemTotal")
