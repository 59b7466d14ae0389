"""Which requests are in the engine, and which of them it broke on before."""

import threading
import time
from collections.abc import Callable

from autoglm_serving import logs
from autoglm_serving.engine.base import EngineError
from autoglm_serving.quarantine.journal import Journal

REMEMBERED = 1024
"""Digests with crashes that are kept; beyond it the one whose last crash is the oldest goes."""


class Quarantined(EngineError):
    """The same request has crashed the engine too often."""


class Ledger:
    """Any thread. Times are Unix times: they outlive the process."""

    def __init__(
        self, *, crashes: int, seconds: float, journal: Journal | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """A request is refused for `seconds` after its last crash once it had `crashes` of them."""
        self._limit = crashes
        self._seconds = seconds
        self._journal = journal or Journal(None)
        self._clock = clock
        self._lock = threading.Lock()
        self._crashes = self._journal.state.crashes
        for digest in list(self._crashes):
            if times := self._recent(digest, clock()):
                logs.warning("a request is suspected of a crash", digest=digest, crashes=len(times), limit=crashes)

    def enter(self, digest: str) -> float:
        """A request begins; the result is its time, for `leave`. Raises Quarantined."""
        with self._lock:
            now = self._clock()
            times = self._recent(digest, now)
            if len(times) >= self._limit:
                left = round(times[-1] + self._seconds - now)
                raise Quarantined(
                    f"it crashed the engine {len(times)} times, so the same request is refused for {left} s more;"
                    " a changed one is welcome"
                )
            self._journal.write(f"begin {digest} {now}")
            return now

    def leave(self, digest: str, began: float, *, crashed: bool) -> None:
        """A request has ended. Of several that ran side by side, one crash counts."""
        with self._lock:
            self._journal.write(f"end {digest}")
            times = self._recent(digest, self._clock())
            if not crashed or (times and times[-1] >= began):
                return
            self._journal.write(f"crash {digest} {self._clock()}")
            self._forget_the_oldest()
            logs.warning("a request crashed the engine", digest=digest, crashes=len(times) + 1, limit=self._limit)

    def close(self) -> None:
        """The process ends because it was told to: what is still open is no crash."""
        with self._lock:
            self._journal.write("stop")

    def _recent(self, digest: str, now: float) -> list[float]:
        times = [at for at in self._crashes.get(digest, ()) if now - at < self._seconds]
        if times:
            self._crashes[digest] = times
        else:
            self._crashes.pop(digest, None)
        return times

    def _forget_the_oldest(self) -> None:
        crashes = self._crashes
        while len(crashes) > REMEMBERED:
            del crashes[min(crashes, key=lambda digest: crashes[digest][-1])]
