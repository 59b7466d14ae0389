"""Strings of chosen character classes, as RandomPassword and RandomString draw them."""

import secrets
import string
from collections.abc import Iterator, Mapping
from typing import Any, Final

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"  # the official default
# (switch, minimum, characters)
_CLASSES: Final = (
    ("lower", "minLower", string.ascii_lowercase),
    ("upper", "minUpper", string.ascii_uppercase),
    ("numeric", "minNumeric", string.digits),
    ("special", "minSpecial", SPECIAL),
)
_random: Final = secrets.SystemRandom()


def with_defaults(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with what the official provider fills in; `number` is the older name of `numeric`."""
    numeric = inputs.get("numeric", inputs.get("number", True))
    defaults: dict[str, Any] = {minimum: 0 for _, minimum, _ in _CLASSES}
    defaults |= {switch: True for switch, _, _ in _CLASSES}
    return defaults | dict(inputs) | {"numeric": numeric, "number": numeric}


def failures(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Why a string cannot be drawn: property and reason."""
    length = inputs.get("length")
    if not isinstance(length, int) or isinstance(length, bool) or length < 1:
        yield "length", f"length must be a whole number of at least 1, not {length!r}"
        return
    for switch, minimum, _ in _CLASSES:
        if not isinstance(inputs[switch], bool):
            yield switch, f"{switch} must be true or false, not {inputs[switch]!r}"
        if not isinstance(inputs[minimum], int) or inputs[minimum] < 0:
            yield minimum, f"{minimum} must be a whole number of at least 0, not {inputs[minimum]!r}"
            return
    wanted = sum(inputs[minimum] for _, minimum, _ in _CLASSES)
    if wanted > length:
        yield "length", f"length {length} is less than the {wanted} characters that the minimums ask for"
    if not any(inputs[switch] is True for switch, _, _ in _CLASSES):
        yield "length", "lower, upper, numeric and special are all off: switch at least one on"


def draw(inputs: Mapping[str, Any]) -> str:
    """Draws from the operating system's generator. A minimum holds whether or not its class is switched on."""
    pools = {switch: text for switch, _, text in _CLASSES}
    pools["special"] = inputs.get("overrideSpecial") or SPECIAL
    drawn = [_random.choice(pools[switch]) for switch, minimum, _ in _CLASSES for _ in range(inputs[minimum])]
    everything = "".join(pools[switch] for switch, _, _ in _CLASSES if inputs[switch])
    drawn += [_random.choice(everything) for _ in range(inputs["length"] - len(drawn))]
    _random.shuffle(drawn)
    return "".join(drawn)
