"""What clouds charge for an hour of a machine: lists as published, in the cloud's currency. One table a cloud. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

# A round rate for estimates, near that of 2024-2026. No quote: bills in yuan stay in yuan.
CNY_PER_USD = 7.1


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """Prices an hour in one region as `source` had them on `date`, without tax; `cny`: in yuan, else in USD.
    `spot`: the dearest zone's, on that day."""

    region: str
    source: str
    date: str
    per_hour: Mapping[str, float]
    spot: bool = False
    cny: bool = False

    def usd(self, name: str) -> float:
        """Rounded to a hundredth of a cent."""
        return round(self.per_hour[name] / (CNY_PER_USD if self.cny else 1), 4)
