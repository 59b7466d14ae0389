"""Waiting for what must come true; how long it takes is measured elsewhere."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(done: Callable[[], T], what: str, seconds: float = 300.0) -> T:
    """What `done` returns once it is true. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)
    return found
