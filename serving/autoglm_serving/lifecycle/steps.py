"""What is to be done about one model's versions now: try again, roll back, switch, retire. Pure: the lock is held."""

import math

from autoglm_serving.lifecycle.loader import T
from autoglm_serving.lifecycle.state import GIVEN_UP, State
from autoglm_serving.lifecycle.table import GONE, Entry, Shelf

LEAVING = GIVEN_UP | {State.RETIRED}


def supervise(shelf: Shelf[T], now: float, standby_seconds: float) -> None:
    _try_again(shelf, now)
    for entry in list(shelf.within(State.READY)):
        if not entry.answers():
            entry.move(State.FAILED, "its engine died while it stood by")
    roll_back_if_dead(shelf, now)
    _roll_back_if_faulty(shelf, now)
    _switch(shelf, now)
    _end_standby(shelf, now, standby_seconds)


def roll_back_if_dead(shelf: Shelf[T], now: float) -> None:
    active = shelf.active()
    if active is not None and active.loaded is not None and not active.loaded.alive():
        _roll_back(shelf, active, "its engine died", now)


def retire(shelf: Shelf[T]) -> list[T]:
    """What nothing holds any more and nobody needs: the caller closes it, without the lock."""
    closing = []
    for entry in shelf.within(*LEAVING):
        if entry.loaded is not None and entry.leases == 0:
            closing.append(unload(entry))
    return closing


def unload(entry: Entry[T]) -> T:
    loaded = entry.loaded
    assert loaded is not None  # noqa: S101  the callers have looked
    entry.loaded, entry.bytes = None, 0
    return loaded


def _try_again(shelf: Shelf[T], now: float) -> None:
    for entry in list(shelf.within(State.FAILED)):
        if entry.retry_at <= now and entry.loaded is None:
            entry.retry_at = math.inf
            entry.move(State.FOUND, "tried again")


def _roll_back_if_faulty(shelf: Shelf[T], now: float) -> None:
    active = shelf.active()
    if active is not None and active.loaded is not None and (fault := active.loaded.fault()):
        _roll_back(shelf, active, fault, now)


def _roll_back(shelf: Shelf[T], active: Entry[T], reason: str, now: float) -> None:
    standby = shelf.standby()
    if standby is None:
        return
    active.move(State.ROLLED_BACK, f"{reason}; version {standby} took over again")
    shelf.rollbacks += 1
    _activate(shelf, standby, now)


def _switch(shelf: Shelf[T], now: float) -> None:
    active, target = shelf.active(), shelf.target()
    if target is None:
        for entry in list(shelf.within(State.ACTIVE, State.READY)):
            if not shelf.stays(entry):
                entry.move(State.RETIRED, GONE)
        return
    if active is None:
        best = target if target.state is State.READY else shelf.standby()
        if best is not None:
            _activate(shelf, best, now)
    elif target is not active and target.state is State.READY:
        active.move(State.READY, f"stands by for version {target}")
        _activate(shelf, target, now)


def _activate(shelf: Shelf[T], entry: Entry[T], now: float) -> None:
    entry.move(State.ACTIVE)
    entry.activated = now
    shelf.asked = False


def _end_standby(shelf: Shelf[T], now: float, seconds: float) -> None:
    active = shelf.active()
    if active is None or now - active.activated < seconds:
        return
    for entry in list(shelf.within(State.READY)):
        if not shelf.stays(entry):
            entry.move(State.RETIRED, f"replaced by version {active}")
