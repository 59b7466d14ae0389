"""The kinds of random values: what they take, what they give, what of it is secret."""

import base64
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tools.providers.kept import Inputs, Kind
from tools.providers.random import characters


def _password(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    return "none", {"result": characters.draw(inputs)}


def _string(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    text = characters.draw(inputs)
    return text, {"result": text}


def _uuid(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    text = str(uuid.uuid4())
    return text, {"result": text}


def _id(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    drawn = secrets.token_bytes(inputs["byteLength"])
    forms = {
        "b64Std": base64.b64encode(drawn).decode(),
        "b64Url": base64.urlsafe_b64encode(drawn).decode().rstrip("="),
        "dec": str(int.from_bytes(drawn, "big")),
        "hex": drawn.hex(),
    }
    return forms["b64Url"], {name: f"{inputs.get('prefix') or ''}{text}" for name, text in forms.items()}


def _bytes(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    drawn = secrets.token_bytes(inputs["length"])
    return "none", {"base64": base64.b64encode(drawn).decode(), "hex": drawn.hex()}


def _positive(name: str) -> Callable[[Inputs], Iterator[tuple[str, str]]]:
    def failures(inputs: Inputs) -> Iterator[tuple[str, str]]:
        value = inputs.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            yield name, f"{name} must be a whole number of at least 1, not {value!r}"

    return failures


_CHARACTERS: Final = frozenset(
    ("keepers", "length", "lower", "minLower", "minNumeric", "minSpecial", "minUpper", "number", "numeric",
     "overrideSpecial", "special", "upper")
)  # fmt: skip

# By the token's last part. RandomPassword's `bcryptHash` is left out: the standard library has no bcrypt.
KINDS: Final[Mapping[str, Kind]] = {
    "RandomPassword": Kind(
        outputs=("result",),
        secret=frozenset(("result",)),
        make=_password,
        inputs=_CHARACTERS,
        defaults=characters.with_defaults,
        failures=characters.failures,
    ),
    "RandomString": Kind(
        outputs=("result",),
        make=_string,
        inputs=_CHARACTERS,
        defaults=characters.with_defaults,
        failures=characters.failures,
    ),
    "RandomUuid": Kind(outputs=("result",), make=_uuid, inputs=frozenset(("keepers",))),
    "RandomId": Kind(
        outputs=("b64Std", "b64Url", "dec", "hex"),
        make=_id,
        inputs=frozenset(("byteLength", "keepers", "prefix")),
        failures=_positive("byteLength"),
    ),
    "RandomBytes": Kind(
        outputs=("base64", "hex"),
        secret=frozenset(("base64", "hex")),
        make=_bytes,
        inputs=frozenset(("keepers", "length")),
        failures=_positive("length"),
    ),
}
