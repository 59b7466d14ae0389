"""Whether a version may go on: what replicas say of it, and how it answers beside the stable one. Pure."""

from dataclasses import dataclass
from typing import Final

from autoglm_catalogue.fleet import Fleet
from autoglm_catalogue.records import Replica, Standing
from autoglm_catalogue.traffic import Traffic

P95: Final = 0.95
_NAMED: Final = 3  # replicas that a message names


@dataclass(frozen=True, kw_only=True)
class Checks:
    """`error_rate`: the highest share of answers that the engine may break. `p95_ratio`: how much slower than the
    stable version. `least_requests`: fewer in one look prove nothing, so the next look takes them in."""

    error_rate: float = 0.02
    p95_ratio: float = 1.5
    least_requests: int = 20


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """`waits` is empty once the version may be switched to; `failed` is empty until a replica has given it up. `enough`
    holds also while replicas that are new have not loaded it yet."""

    ready: tuple[str, ...]
    enough: bool
    loading: bool
    waits: str = ""
    failed: str = ""


def readiness(fleet: Fleet, version: str, at_least: int) -> Readiness:
    """Every live replica must have it, and there must be `at_least` so many."""
    told = {name: _told(fleet, replica, version) for name, replica in fleet.replicas.items()}
    ready = tuple(sorted(name for name, one in told.items() if one and one.ready))
    given_up = {name: one.reason or one.state for name, one in told.items() if one and one.given_up}
    behind = {
        name: (one.reason or one.state) if one else "not begun" for name, one in told.items() if name not in ready
    }
    waits = ""
    if behind or len(ready) < at_least:
        waits = f"{len(ready)} of {max(at_least, len(told))} replicas are ready with it"
        waits += f": {_listed(behind)}" if behind else f"; {len(told)} live"
    loading = any(one and one.state != "found" for one in told.values())
    return Readiness(ready=ready, enough=len(ready) >= at_least, loading=loading, waits=waits, failed=_listed(given_up))


def _why(standing: Standing | None) -> str:
    return standing.reason or standing.state if standing else "not begun"


def _told(fleet: Fleet, replica: Replica, version: str) -> Standing | None:
    """What is left to say of an earlier attempt counts no more."""
    record, told = fleet.versions.get(version), replica.versions.get(version)
    return told if record and told and told.attempt == record.attempt else None


def fault(new: Traffic, stable: Traffic | None, checks: Checks) -> str | None:
    """Why the new version should not go on; empty when it may; None when there is too little to tell."""
    if new.requests < checks.least_requests:
        return None
    if new.error_rate > checks.error_rate:
        return f"{new.failed} of {new.requests} requests failed, {new.error_rate:.1%}, and {checks.error_rate:.1%} may"
    if stable is None or stable.answered < checks.least_requests:
        return ""
    now, usual = new.quantile(P95), stable.quantile(P95)
    if now > usual * checks.p95_ratio:
        return f"P95 is {now:.3g} s, and {usual:.3g} s for the stable version: more than {checks.p95_ratio:g} times"
    return ""


def _listed(reasons: dict[str, str]) -> str:
    named = [f"{name}: {reason}" for name, reason in sorted(reasons.items())[:_NAMED]]
    more = len(reasons) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more > 0 else "")
