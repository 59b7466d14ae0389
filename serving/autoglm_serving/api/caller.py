"""Who asks and how long the answer is worth something: from a request's headers."""

import hashlib
import math
import time
from dataclasses import dataclass

from starlette.datastructures import Headers

from autoglm_serving.api import errors
from autoglm_serving.api.schema import DAY

NO_KEY = frozenset({"", "EMPTY", "none"})
"""What OpenAI's client and Open-AutoGLM's send where no key is needed: everybody's, so nobody's."""

TIMEOUTS = {"x-request-timeout": 1.0, "x-envoy-expected-rq-timeout-ms": 1000.0}
"""Headers with the time a caller will wait, and how many of their units are a second. Envoy sets the second itself."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`owner` is a hash of the key (or of what the gateway calls the user), empty when there is none.

    `arrived` and `deadline` are on the monotonic clock.
    """

    owner: str
    arrived: float
    deadline: float

    def user(self, named: str | None) -> str:
        """By whom places are shared out: a key's requests are one user's; without a key, the body's `user` is."""
        return self.owner or (_digest("user", named) if named else "")

    def until(self, timeout: float | None) -> float:
        """The deadline, with the body's own timeout in seconds."""
        return self.deadline if timeout is None else min(self.deadline, self.arrived + timeout)


def caller(headers: Headers, identity_header: str | None = None) -> Caller:
    """`identity_header` is one that a gateway sets, and removes from what clients send. Raises ApiError."""
    arrived = time.monotonic()
    waits = [_seconds(name, headers[name], unit) for name, unit in TIMEOUTS.items() if name in headers]
    return Caller(
        owner=_owner(headers, identity_header), arrived=arrived, deadline=arrived + min(waits, default=math.inf)
    )


def _owner(headers: Headers, identity_header: str | None) -> str:
    if identity_header and headers.get(identity_header):
        return _digest("identity", headers[identity_header])
    scheme, _, key = headers.get("authorization", "").partition(" ")
    key = key.strip() if scheme.lower() == "bearer" else ""
    return "" if key in NO_KEY else _digest("key", key)


def _digest(kind: str, text: str) -> str:
    """Neither logs nor stores may hold a key."""
    return hashlib.sha256(f"{kind}:{text}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _seconds(name: str, text: str, unit: float) -> float:
    try:
        seconds = float(text) / unit
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= DAY:
        limit = f"{DAY * unit:.0f}"
        raise errors.invalid(f"{name}: {text[:32]!r} is not a number above 0 and up to {limit}.", name)
    return seconds
