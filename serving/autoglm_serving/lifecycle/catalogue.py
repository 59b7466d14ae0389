"""The seam to whatever says which versions there shall be: a directory, or the fleet's catalogue in etcd."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from autoglm_serving.lifecycle.state import VersionStatus
from autoglm_serving.lifecycle.version import Version


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One version that may be served."""

    model: str
    version: Version
    location: str
    """Its folder on this machine: a catalogue that knows sources has fetched it."""
    fingerprint: str
    """Changes when the files do: a version that failed is tried again then, and only then."""
    sha256: str = ""
    """What its SHA256SUMS must have, where the catalogue pins it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The versions of one model, and the one that somebody chose; None means the newest that works.

    `trial` answers who asks for it, and is not made active by the server's own choice. `beside`: to be in memory,
    whatever is active. `rollbacks`: that the catalogue has made since the start.
    """

    candidates: tuple[Candidate, ...]
    chosen: Version | None = None
    trial: Version | None = None
    beside: frozenset[Version] = frozenset()
    rollbacks: int = 0


class CatalogueError(Exception):
    """The catalogue can't be read now. What is served stays."""


class Catalogue(Protocol):
    def open(self, changed: Callable[[], None]) -> None:
        """Called once, before all else. `changed`, for any thread, has `wanted` asked at once; one that can't know
        when is asked from time to time."""

    def close(self) -> None:
        """Called once or more, last; from any thread."""

    def wanted(self) -> Mapping[str, Wanted]:
        """By model name. May block on I/O; called from one thread. Raises CatalogueError."""

    def publish(self, statuses: Sequence[VersionStatus]) -> None:
        """Called after every change of a state, from the thread that calls `wanted`. Raises CatalogueError."""
