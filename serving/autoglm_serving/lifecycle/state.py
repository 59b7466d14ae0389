"""The states of a version, and which may follow which."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    FOUND = "found"
    """Known, not in memory: not asked for yet, unloaded for want of use, or waiting for memory."""
    LOADING = "loading"
    """Being verified and read."""
    READY = "ready"
    """In memory and tried, not the one that new requests get: just before a switch, or standing by after one."""
    ACTIVE = "active"
    """The one that new requests get."""
    FAILED = "failed"
    """Could not be loaded; tried again when its files change."""
    ROLLED_BACK = "rolled_back"
    """Was active, gave trouble, and an older one took over again; tried again when its files change."""
    RETIRED = "retired"
    """Another version has taken its place; it ends the requests it has and leaves the memory."""


FOLLOWS: dict[State, frozenset[State]] = {
    State.FOUND: frozenset({State.LOADING, State.FAILED}),
    State.LOADING: frozenset({State.READY, State.FAILED}),
    State.READY: frozenset({State.ACTIVE, State.FAILED, State.RETIRED}),
    State.ACTIVE: frozenset({State.READY, State.ROLLED_BACK, State.RETIRED, State.FOUND}),
    State.FAILED: frozenset({State.FOUND}),
    State.ROLLED_BACK: frozenset({State.FOUND}),
    State.RETIRED: frozenset({State.FOUND}),
}
"""An engine that dies while it stands by is FAILED; files that change under a version make it FOUND again."""

GIVEN_UP = frozenset({State.FAILED, State.ROLLED_BACK})


class IllegalTransition(RuntimeError):
    """A fault of this program, not of a model."""


def check_transition(before: State, after: State) -> None:
    if after not in FOLLOWS[before]:
        raise IllegalTransition(f"{before} can't be followed by {after}")


@dataclass(frozen=True, kw_only=True)
class VersionStatus:
    """What metrics, `/v1/models` and the catalogue are told."""

    model: str
    version: str
    state: State
    since: float
    """Unix time of the last change of state."""
    reason: str = ""
    """Why it failed, was rolled back, or waits."""
    bytes: int = 0
    """Memory that is set aside for it; 0 when it is not loaded."""
    leases: int = 0
    """Requests that hold it."""
    fingerprint: str = ""
    """Of the candidate that it is about."""
