"""The kinds of random values: what they take, what they give, what of it is secret."""

import base64
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tools.providers.random import characters

Inputs: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RandomKind:
    """`make` returns the id and the outputs beyond the inputs; all names of `outputs` are unknown in a preview."""

    outputs: tuple[str, ...]
    make: Callable[[Inputs], tuple[str, dict[str, Any]]]
    inputs: frozenset[str]
    secret: frozenset[str] = frozenset()
    defaults: Callable[[Inputs], dict[str, Any]] = dict
    failures: Callable[[Inputs], Iterator[tuple[str, str]]] = lambda inputs: iter(())


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
KINDS: Final[Mapping[str, RandomKind]] = {
    "RandomPassword": RandomKind(
        outputs=("result",),
        secret=frozenset(("result",)),
        make=_password,
        inputs=_CHARACTERS,
        defaults=characters.with_defaults,
        failures=characters.failures,
    ),
    "RandomString": RandomKind(
        outputs=("result",),
        make=_string,
        inputs=_CHARACTERS,
        defaults=characters.with_defaults,
        failures=characters.failures,
    ),
    "RandomUuid": RandomKind(outputs=("result",), make=_uuid, inputs=frozenset(("keepers",))),
    "RandomId": RandomKind(
        outputs=("b64Std", "b64Url", "dec", "hex"),
        make=_id,
        inputs=frozenset(("byteLength", "keepers", "prefix")),
        failures=_positive("byteLength"),
    ),
    "RandomBytes": RandomKind(
        outputs=("base64", "hex"),
        secret=frozenset(("base64", "hex")),
        make=_bytes,
        inputs=frozenset(("keepers", "length")),
        failures=_positive("length"),
    ),
}
