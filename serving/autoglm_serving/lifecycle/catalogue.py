"""The seam to whatever says which versions there shall be: a directory, or the fleet's catalogue in etcd."""

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The versions of one model, and the one that somebody chose; None means the newest that works."""

    candidates: tuple[Candidate, ...]
    chosen: Version | None = None


class CatalogueError(Exception):
    """The catalogue can't be read now. What is served stays."""


class Catalogue(Protocol):
    def wanted(self) -> Mapping[str, Wanted]:
        """By model name. May block on I/O; called from one thread. Raises CatalogueError."""

    def publish(self, statuses: Sequence[VersionStatus]) -> None:
        """Called after every change of a state, from the thread that calls `wanted`. Raises CatalogueError."""
