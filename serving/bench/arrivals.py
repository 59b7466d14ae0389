"""When requests come: open loop, so they come whether or not the ones before were answered. Pure."""

import random
from dataclasses import dataclass
from typing import Literal

Process = Literal["poisson", "constant"]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """`seconds` in which the rate goes evenly from `start` to `end` requests a second."""

    seconds: float
    start: float
    end: float

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError(f"Phase.seconds: {self.seconds:g} is not allowed: it must be more than 0")
        if min(self.start, self.end) < 0 or max(self.start, self.end) == 0:
            raise ValueError(f"Phase.start, end: {self.start:g}, {self.end:g} are not allowed: requests must come")

    def expected(self, after: float) -> float:
        """Requests until so many seconds after its beginning."""
        return self.start * after + (self.end - self.start) * after * after / (2 * self.seconds)

    def when(self, count: float) -> float:
        """Seconds after which so many are expected: the inverse of `expected`."""
        slope = (self.end - self.start) / self.seconds
        if abs(slope) < 1e-12:
            return count / self.start
        root = max(0.0, self.start**2 + 2 * slope * count)
        return float((root**0.5 - self.start) / slope)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """`text` says what it is for."""

    name: str
    text: str
    phases: tuple[Phase, ...]

    @property
    def seconds(self) -> float:
        return sum(phase.seconds for phase in self.phases)


def profiles(rate: float, seconds: float) -> dict[str, Profile]:
    """By name, from the rate that is expected of the system and a length."""
    told = (
        Profile(
            name="baseline",
            text="the expected rate",
            phases=(Phase(seconds=seconds, start=rate, end=rate),),
        ),
        Profile(
            name="ramp",
            text="from a tenth of the expected rate to twice it: where answers become slow",
            phases=(Phase(seconds=seconds, start=rate / 10, end=2 * rate),),
        ),
        Profile(
            name="peak",
            text="three times the expected rate for a third of the time, and what is left of it afterwards",
            phases=tuple(
                Phase(seconds=seconds / 3, start=factor * rate, end=factor * rate) for factor in (0.5, 3, 0.5)
            ),
        ),
        Profile(
            name="soak",
            text="the expected rate for ten times as long: what leaks or fills up",
            phases=(Phase(seconds=10 * seconds, start=rate, end=rate),),
        ),
    )
    return {profile.name: profile for profile in told}


def arrivals(profile: Profile, process: Process, seed: int) -> list[float]:
    """Seconds since the beginning, ascending. Poisson: as many people who know nothing of each other come; constant:
    evenly. The same seed gives the same times."""
    chance = random.Random(seed)  # noqa: S311  not a secret
    times, began = [], 0.0
    for phase in profile.phases:
        total, count = phase.expected(phase.seconds), 0.0
        while (count := count + (chance.expovariate(1) if process == "poisson" else 1)) <= total:
            times.append(began + phase.when(count))
        began += phase.seconds
    return times
