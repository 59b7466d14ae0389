"""Kubernetes quantities (`500m`, `2Gi`). https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""

import re
from decimal import ROUND_CEILING, Decimal

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([numkMGTPE]|[KMGTPE]i)?")


def parse(quantity: str) -> Decimal:
    """The number it stands for: cores, or bytes. Raises ValueError."""
    match = _QUANTITY.fullmatch(quantity)
    if not match:
        raise ValueError(f"{quantity!r} is not a Kubernetes quantity: use a number with a suffix, as in 500m, 2 or 4Gi")
    return Decimal(match[1]) * _SUFFIXES[match[2] or ""]


def whole(quantity: str) -> int:
    """The same, rounded up: bytes, or threads that keep so many cores busy."""
    return int(parse(quantity).to_integral_value(rounding=ROUND_CEILING))


def text(number: Decimal, *, binary: bool) -> str:
    """A quantity that is not smaller: bytes in Mi when `binary`, else whole units or thousandths."""
    if binary:
        return f"{int((number / 1024**2).to_integral_value(rounding=ROUND_CEILING))}Mi"
    if number == number.to_integral_value():
        return str(int(number))
    return f"{int((number * 1000).to_integral_value(rounding=ROUND_CEILING))}m"
