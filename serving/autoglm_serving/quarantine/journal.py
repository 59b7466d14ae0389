"""The requests in the engine, in a file: what was open when the process died is suspected of it.

A line is `begin DIGEST TIME`, `end DIGEST`, `crash DIGEST TIME` or `stop`. Lines are written without fsync: they are to
outlive the process, not the machine. A disk that is full costs the memory of the process's own deaths, nothing else.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autoglm_serving import logs

MOST_BYTES = 1024 * 1024
"""At this size, some thousand requests, the file is written anew with what still matters."""


@dataclass
class State:
    """What the lines say. Unix times by digest, the earliest first."""

    open: dict[str, list[float]] = field(default_factory=dict)
    crashes: dict[str, list[float]] = field(default_factory=dict)

    def apply(self, line: str) -> None:
        """A line that a full disk or a death cut short changes nothing."""
        try:
            match line.split():
                case ["begin", digest, at]:
                    began = float(at)
                    self.open.setdefault(digest, []).append(began)
                case ["end", digest]:
                    self.open[digest].pop()
                    if not self.open[digest]:
                        del self.open[digest]
                case ["crash", digest, at]:
                    crashed = float(at)
                    self.crashes.setdefault(digest, []).append(crashed)
                case ["stop"]:
                    self.open.clear()
        except (ValueError, KeyError):
            return

    def died(self) -> None:
        """The process ended without `stop`: one crash for each of what was open."""
        for digest, times in self.open.items():
            self.crashes.setdefault(digest, []).append(times[-1])
        self.open.clear()

    def lines(self) -> Iterator[str]:
        for word, known in (("crash", self.crashes), ("begin", self.open)):
            for digest, times in known.items():
                yield from (f"{word} {digest} {at}" for at in times)


class Journal:
    """State, and the file at `path` that follows it; None keeps no file. One thread at a time."""

    def __init__(self, path: Path | None, most_bytes: int = MOST_BYTES) -> None:
        """A file that can't be used is told in the log, and not used."""
        self.state = State()
        self._path = path
        self._most_bytes = most_bytes
        self._file: int | None = None
        self._bytes = 0
        if path is not None:
            try:
                self._open(path)
            except OSError as error:
                self._give_up(error)

    def write(self, line: str) -> None:
        self.state.apply(line)
        if self._file is None:
            return
        try:
            self._append([line])
            if self._bytes > self._most_bytes:
                self._rewrite()
        except OSError as error:
            self._give_up(error)

    def _open(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for line in path.read_text(errors="replace").splitlines():
            self.state.apply(line)
        self.state.died()
        self._rewrite()

    def _rewrite(self) -> None:
        assert self._file is not None  # noqa: S101  only called with a file
        os.ftruncate(self._file, 0)
        self._bytes = 0
        self._append(list(self.state.lines()))

    def _append(self, lines: list[str]) -> None:
        assert self._file is not None  # noqa: S101  only called with a file
        self._bytes += os.write(self._file, "".join(f"{line}\n" for line in lines).encode())

    def _give_up(self, error: OSError) -> None:
        logs.warning(
            "the quarantine's file can't be used: crashes of the process itself will not be remembered",
            file=str(self._path),
            reason=error.strerror or str(error),
        )
        if self._file is not None:
            os.close(self._file)
            self._file = None
