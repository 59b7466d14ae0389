"""The versions of each model and what is known of them. No threads, no I/O: the registry holds the lock."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic

from autoglm_serving import logs
from autoglm_serving.lifecycle.catalogue import Candidate, Wanted
from autoglm_serving.lifecycle.loader import T
from autoglm_serving.lifecycle.state import GIVEN_UP, State, VersionStatus, check_transition
from autoglm_serving.lifecycle.version import Version

GONE = "its files are gone"


@dataclass(eq=False)
class Entry(Generic[T]):
    """One version. Times are of the monotonic clock, but for `since`."""

    candidate: Candidate
    state: State = State.FOUND
    reason: str = ""
    since: float = field(default_factory=time.time)
    loaded: T | None = None
    bytes: int = 0
    leases: int = 0
    used: float = -math.inf
    activated: float = -math.inf
    failures: int = 0
    retry_at: float = math.inf
    gone: bool = False
    """No longer in the catalogue: it is dropped once nothing holds it."""

    def move(self, state: State, reason: str = "") -> None:
        check_transition(self.state, state)
        level = logs.error if state in GIVEN_UP else logs.info
        level("model state", model=self.candidate.model, version=str(self), was=self.state, state=state, reason=reason)
        self.state, self.reason, self.since = state, reason, time.time()

    def answers(self) -> bool:
        return self.loaded is not None and self.loaded.alive()

    def status(self) -> VersionStatus:
        return VersionStatus(
            model=self.candidate.model,
            version=str(self),
            state=self.state,
            since=self.since,
            reason=self.reason,
            bytes=self.bytes,
            leases=self.leases,
            fingerprint=self.candidate.fingerprint,
        )

    def __str__(self) -> str:
        return str(self.candidate.version)


@dataclass(eq=False)
class Shelf(Generic[T]):
    """The versions of one model; at most one is active."""

    name: str
    requested: bool
    """Shall be in memory: loaded eagerly, or asked for since it was unloaded."""
    entries: dict[Version, Entry[T]] = field(default_factory=dict)
    chosen: Version | None = None
    trial: Version | None = None
    beside: frozenset[Version] = frozenset()
    asked: bool = False
    """Somebody waits for it: then idle models may be unloaded for it."""
    rollbacks: int = 0
    rollbacks_of_catalogue: int = 0

    def active(self) -> Entry[T] | None:
        return next(self.within(State.ACTIVE), None)

    def within(self, *states: State) -> Iterator[Entry[T]]:
        return (entry for entry in self.entries.values() if entry.state in states)

    def standby(self) -> Entry[T] | None:
        """What can take over at once."""
        able = (entry for entry in self.within(State.READY) if entry.answers() and self._may_be_active(entry))
        return max(able, key=lambda entry: entry.candidate.version, default=None)

    def target(self) -> Entry[T] | None:
        """The version that should be active: the chosen one or the newest; older ones where that is missing or bad."""
        able = (entry.candidate.version for entry in self.entries.values() if not entry.gone)
        versions = sorted((version for version in able if self._may_be_active(self.entries[version])), reverse=True)
        if self.chosen is not None:
            # What is newer than the choice was not chosen; still it is better than no answer.
            versions.sort(key=lambda version: self.chosen is not None and version > self.chosen)
        return next((self.entries[v] for v in versions if self.entries[v].state not in GIVEN_UP), None)

    def tried(self) -> Entry[T] | None:
        """The version on trial, once it can answer."""
        entry = self.entries.get(self.trial) if self.trial else None
        return entry if entry and entry.state in (State.READY, State.ACTIVE) and entry.answers() else None

    def needed(self) -> Iterator[Entry[T]]:
        """What shall be in memory, the most urgent first."""
        target = self.target() if self.requested or self.active() else None
        if target is not None:
            yield target
        for version in sorted(self.beside):
            entry = self.entries.get(version)
            if entry is not None and entry is not target and not entry.gone and entry.state not in GIVEN_UP:
                yield entry

    def stays(self, entry: Entry[T]) -> bool:
        """In memory, although it is not active."""
        return entry.candidate.version in self.beside and not entry.gone

    def _may_be_active(self, entry: Entry[T]) -> bool:
        return entry.candidate.version != self.trial or self.trial == self.chosen

    def sync(self, wanted: Wanted) -> None:
        """Take over what the catalogue says now."""
        self.chosen, self.trial, self.beside = wanted.chosen, wanted.trial, wanted.beside
        self.rollbacks_of_catalogue = wanted.rollbacks
        listed = {candidate.version: candidate for candidate in wanted.candidates}
        for version, candidate in listed.items():
            entry = self.entries.get(version)
            if entry is None:
                self.entries[version] = Entry(candidate)
                logs.info("model found", model=self.name, version=str(version), location=candidate.location)
            else:
                _update(entry, candidate)
        for version, entry in self.entries.items():
            entry.gone = version not in listed

    def forget(self) -> None:
        """The catalogue no longer has the model."""
        self.chosen = self.trial = None
        self.beside = frozenset()
        for entry in self.entries.values():
            entry.gone = True

    def drop_gone(self) -> None:
        for version, entry in list(self.entries.items()):
            if entry.gone and entry.loaded is None and entry.state is not State.LOADING:
                del self.entries[version]


def _update(entry: Entry[T], candidate: Candidate) -> None:
    """Changed files are a new chance for what is not in memory, and a mistake under what is."""
    if candidate.fingerprint == entry.candidate.fingerprint:
        return
    if entry.loaded is not None or entry.state is State.LOADING:
        reason = "its files were changed after it was loaded: give a changed model a new version"
        if entry.reason != reason:
            logs.warning("model changed under its version", model=candidate.model, version=str(entry))
            entry.reason = reason
        return
    entry.candidate, entry.failures, entry.retry_at = candidate, 0, math.inf
    if entry.state is not State.FOUND:
        entry.move(State.FOUND, "its files have changed")
