"""What the keys hold. Values are JSON objects; fields that this release does not know are left alone.

    /autoglm/models/<model>/versions/<version>   VersionRecord
    /autoglm/models/<model>/active               Active: written in one transaction, never by a server
    /autoglm/models/<model>/rollout              Rollout: held by the lease of the one program that rolls out
    /autoglm/replicas/<model>/standing/<replica> Replica: held by the lease of a server that lives
    /autoglm/replicas/<model>/traffic/<replica>  by version, Traffic: written while versions are compared

What replicas say is apart, so that a server that follows its model does not hear every other server.
"""

import dataclasses
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

MODELS: Final = "/autoglm/models/"
REPLICAS: Final = "/autoglm/replicas/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")


class State(StrEnum):
    """Of a version in the fleet; `active` says which of the ready ones is served."""

    FOUND = "found"
    """Declared, and no replica has begun with it."""
    LOADING = "loading"
    READY = "ready"
    """Loaded and tried by enough replicas."""
    FAILED = "failed"
    """Rolled back, or never ready; declared again, it is tried again."""
    RETIRED = "retired"
    """Another one was made active in its place."""


@dataclass(frozen=True, kw_only=True)
class VersionRecord:
    """`sha256`: of the folder's SHA256SUMS, which pins every file. `size`: bytes of all files. `source`: the folder, as
    every server sees it. `attempt`: counts its declarations after a failure, so that servers try once more."""

    sha256: str
    size: int
    source: str
    state: State = State.FOUND
    reason: str = ""
    attempt: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))


@dataclass(frozen=True, kw_only=True)
class Active:
    """The version that new requests get, and the one before."""

    version: str
    previous: str = ""


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """`weight`: per cent of new requests that the gateway hands to `version` before it is active. `previous`: what
    stays in memory, to go back to."""

    version: str
    previous: str = ""
    weight: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What one replica has made of one attempt at a version: a state of the server's lifecycle."""

    state: str
    reason: str = ""
    attempt: int = 1

    @property
    def ready(self) -> bool:
        return self.state in ("ready", "active")

    @property
    def given_up(self) -> bool:
        return self.state in ("failed", "rolled_back")


@dataclass(frozen=True, kw_only=True)
class Replica:
    versions: dict[str, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = {name: one if isinstance(one, Standing) else _made(Standing, one) for name, one in self.versions.items()}
        object.__setattr__(self, "versions", told)


class RecordError(ValueError):
    """A key's value is not what it must be; the message names the key."""


T = TypeVar("T")


def base(model: str) -> str:
    """The prefix of a model's keys. Raises ValueError."""
    return f"{MODELS}{_checked(model)}/"


def replicas(model: str) -> str:
    """The prefix of what its servers say. Raises ValueError."""
    return f"{REPLICAS}{_checked(model)}/"


def replica(model: str, name: str) -> str:
    return f"{replicas(model)}standing/{name}"


def traffic(model: str, name: str) -> str:
    return f"{replicas(model)}traffic/{name}"


def checked_version(text: str) -> str:
    """Raises ValueError for what can't be a part of a key."""
    if not _VERSION.fullmatch(text):
        raise ValueError(f"version {text!r}: use letters, digits, `.`, `+` and `-`, as in 1.4.0 or 7")
    return text


def _checked(model: str) -> str:
    if not _NAME.fullmatch(model):
        raise ValueError(f"model {model!r}: use letters, digits, `.`, `_` and `-`, as in autoglm-phone-9b")
    return model


def write(record: Any) -> bytes:
    return json.dumps(dataclasses.asdict(record), separators=(",", ":"), sort_keys=True).encode()


def read(kind: type[T], key: str, value: bytes) -> T:
    """Raises RecordError."""
    try:
        return _made(kind, json.loads(value))
    except (ValueError, TypeError, AttributeError) as error:
        raise RecordError(f"{key} does not hold a {kind.__name__}: {error}") from None


def _made(kind: type[T], told: dict[str, Any]) -> T:
    known = {one.name for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in told.items() if name in known})
