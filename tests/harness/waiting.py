"""Waiting for what must come true. How long it takes is not asserted: machines are busy."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(done: Callable[[], T], what: str, seconds: float = 120.0) -> T:
    """The first true result. Raises AssertionError with `what` when there is none in time."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)
    return found
