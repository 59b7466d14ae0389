"""Waiting for what must come true. How long it takes is not asserted: machines are busy."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(done: Callable[[], T], what: str | Callable[[], str], seconds: float = 120.0, *, pause: float = 0.05) -> T:
    """The first true result. Raises AssertionError with `what` when there is none in time; a function is asked then.

    `done` may raise, where waiting on makes no sense. `pause`: seconds between two looks, more where one costs much.
    """
    end = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > end:
            raise AssertionError(f"{what if isinstance(what, str) else what()}: not within {seconds:.0f} s")
        time.sleep(pause)
    return found
