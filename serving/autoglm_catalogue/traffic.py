"""How a version answers: counts, and a histogram of the seconds that answers took, which can be added up over replicas.

The edges are a factor of 1.25 apart, so a quantile that is read off is at most 12% beside the true one.
"""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

EDGES: Final = tuple(round(0.005 * 1.25**step, 6) for step in range(55))
"""Upper edges in seconds, from 5 ms to 14 min; one more bucket takes what is beyond."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """`failed`: answers that the engine broke. `seconds`: of complete answers, how many took up to each edge."""

    failed: int = 0
    seconds: tuple[int, ...] = ()

    @property
    def answered(self) -> int:
        return sum(self.seconds)

    @property
    def requests(self) -> int:
        return self.failed + self.answered

    @property
    def error_rate(self) -> float:
        return self.failed / self.requests if self.requests else 0.0

    def quantile(self, share: float) -> float:
        """Seconds within which this share of answers was complete; 0 when there was none."""
        left = share * self.answered
        for place, count in enumerate(self.seconds):
            if count and left <= count:
                low = EDGES[place - 1] if place else 0.0
                high = EDGES[min(place, len(EDGES) - 1)]
                return low + (high - low) * left / count
            left -= count
        return 0.0

    def __str__(self) -> str:
        return f"{self.requests} requests, {self.failed} failed, P95 {self.quantile(0.95):.3g} s"

    def since(self, before: "Traffic | None") -> "Traffic":
        """What came after. A process that began anew has counted fewer: then all of it is new."""
        if before is None or before.requests > self.requests:
            return self
        return Traffic(failed=self.failed - before.failed, seconds=_added(self.seconds, before.seconds, sign=-1))


def total(parts: Iterable[Traffic]) -> Traffic:
    failed = 0
    seconds: tuple[int, ...] = ()
    for part in parts:
        failed, seconds = failed + part.failed, _added(seconds, part.seconds)
    return Traffic(failed=failed, seconds=seconds)


def bucket(seconds: float) -> int:
    return bisect.bisect_left(EDGES, seconds)


def _added(one: Sequence[int], other: Sequence[int], sign: int = 1) -> tuple[int, ...]:
    length = max(len(one), len(other))
    padded = ([*part, *[0] * (length - len(part))] for part in (one, other))
    return tuple(a + sign * b for a, b in zip(*padded, strict=True))
