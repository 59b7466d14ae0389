"""Hours in which a number of servers is there whatever the load, as cron expressions."""

from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In cron's order: Sunday is 0."""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """At least `replicas` from `begins` until `ends`, on the next day where that is no later, on days named."""

    days: tuple[str, ...]
    begins: time
    ends: time
    timezone: str
    replicas: int

    def __post_init__(self) -> None:
        if wrong := [day for day in self.days if day not in DAYS]:
            raise ValueError(f"Floor.days: {wrong[0]!r} is no day: use {', '.join(DAYS)}")
        if not self.days:
            raise ValueError("Floor.days: none given, so it would never hold: name one or more")
        if self.begins == self.ends:
            raise ValueError(f"Floor.ends: {self.ends:%H:%M} is when it begins: give another time")
        if self.replicas < 1:
            raise ValueError(f"Floor.replicas: {self.replicas} is not allowed: a floor holds at least 1")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"Floor.timezone: {self.timezone!r} is not known: use a name as in Asia/Shanghai"
            ) from error

    @property
    def start(self) -> str:
        return _cron(self.begins, self.days, 0)

    @property
    def end(self) -> str:
        return _cron(self.ends, self.days, int(self.ends < self.begins))


def _cron(at: time, days: tuple[str, ...], later: int) -> str:
    numbers = sorted((DAYS.index(day) + later) % 7 for day in days)
    return f"{at.minute} {at.hour} * * {','.join(map(str, numbers))}"
