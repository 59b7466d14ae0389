"""Hours in which a number of servers is there whatever the load, as cron expressions."""

from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from components.platform.scaling.refused import Refused

DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In cron's order: Sunday is 0."""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """At least `replicas` from `begins` until `ends`, on the next day where that is no later. Raises Refused."""

    days: tuple[str, ...]
    begins: time
    ends: time
    timezone: str
    replicas: int

    def __post_init__(self) -> None:
        unknown = [day for day in self.days if day not in DAYS]
        wrong = (
            ("days", bool(unknown) or not self.days, f"name one or more of {', '.join(DAYS)}"),
            ("ends", self.begins == self.ends, "that is when it begins: give another time"),
            ("replicas", self.replicas < 1, "a floor holds at least 1"),
            ("timezone", not _is_known(self.timezone), "use a name as in Asia/Shanghai"),
        )
        for name, is_wrong, reason in wrong:
            if is_wrong:
                raise Refused(self, name, getattr(self, name), reason)

    @property
    def start(self) -> str:
        return _cron(self.begins, self.days, 0)

    @property
    def end(self) -> str:
        return _cron(self.ends, self.days, int(self.ends < self.begins))


def _is_known(timezone: str) -> bool:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _cron(at: time, days: tuple[str, ...], later: int) -> str:
    numbers = sorted((DAYS.index(day) + later) % 7 for day in days)
    return f"{at.minute} {at.hour} * * {','.join(map(str, numbers))}"
