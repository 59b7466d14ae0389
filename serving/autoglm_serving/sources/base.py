"""What every source offers: the list of its files, and the bytes of a range of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from autoglm_serving.errors import ServingError


class SourceError(ServingError):
    """A source that can't be had, or that does not give what it says; trying again does not help."""


class Interrupted(Exception):
    """A connection or a server gave way; the rest may come when it is asked for again."""


class NoRanges(Exception):
    """The server sends whole files only."""


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    name: str
    """Relative to the model's folder, with slashes."""
    size: int
    key: str
    """Where the source finds it: a URL, a key, a digest."""
    sha256: str = ""
    """Hexadecimal; empty when the source doesn't know it."""
    blob_sha1: str = ""
    """Git's name of a small file's content, which hubs give instead."""
    etag: str = ""
    """Changes with the content; empty when the source doesn't know it."""


class Source(Protocol):
    @property
    def name(self) -> str:
        """For messages: without secrets."""

    def files(self) -> Sequence[RemoteFile]:
        """Raises SourceError, or Interrupted."""

    def read(self, file: RemoteFile, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to before `end`, in pieces. Raises SourceError, Interrupted or NoRanges.

        May end early, or go on too long: the caller counts.
        """

    def close(self) -> None:
        """Let go of the connections."""


def check_name(source: str, name: str) -> str:
    """A file's name that stays within its folder. Raises SourceError."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or str(path) != name:
        raise SourceError(f"{source} has a file named {name!r}, which leads out of the model's folder: not fetched")
    return name
