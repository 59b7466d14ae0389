"""A control group for one process: so much CPU, so much memory, as a container of that size has. Needs root."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD = 100_000
"""Microseconds in which the CPU's share is counted, Kubernetes' default."""


@dataclass(frozen=True)
class Group:
    """`folders` are of one hierarchy (v2), or of the controllers' own (v1)."""

    folders: tuple[Path, ...]

    def enter(self) -> None:
        """The calling process and what it starts. For `preexec_fn`."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak_bytes(self) -> int:
        """The most that was charged at a time, file pages that this group read first with it."""
        return self._number("memory.peak", "memory.max_usage_in_bytes")

    def kills(self) -> int:
        """How often the kernel found no memory and killed."""
        for name in ("memory.events", "memory.oom_control"):
            for line in self._lines(name):
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
        return 0

    def throttled_seconds(self) -> float:
        """How long its processes were held back to their share of CPU, all threads together."""
        units = {"throttled_usec": 1e6, "throttled_time": 1e9}
        stat = dict(line.split() for line in self._lines("cpu.stat"))
        return next((int(stat[name]) / unit for name, unit in units.items() if name in stat), 0.0)

    def _number(self, *names: str) -> int:
        return next(int(lines[0]) for name in names if (lines := self._lines(name)))

    def _lines(self, name: str) -> list[str]:
        for folder in self.folders:
            if (folder / name).exists():
                return (folder / name).read_text().splitlines()
        return []


@contextlib.contextmanager
def group(*, cpus: float, memory_bytes: int) -> Iterator[Group]:
    """Its processes must have ended before it is left. Raises OSError without the right to make one."""
    name = f"autoglm-bench-{os.getpid()}"
    quota = int(cpus * PERIOD)
    if (ROOT / "cgroup.controllers").exists():
        limits = {
            ROOT / name: {"cpu.max": f"{quota} {PERIOD}", "memory.max": str(memory_bytes), "memory.swap.max": "0"}
        }
    else:
        limits = {
            ROOT / "cpu" / name: {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(quota)},
            ROOT / "memory" / name: {"memory.limit_in_bytes": str(memory_bytes)},
        }
    made: list[Path] = []
    try:
        for folder, files in limits.items():
            folder.mkdir()
            made.append(folder)
            for file, value in files.items():
                (folder / file).write_text(value)
        yield Group(tuple(made))
    finally:
        for folder in made:
            folder.rmdir()
