"""Property values on the wire and in Python.

In Python a property bag is plain JSON data in which `UNKNOWN` stands for a value that only the update will know. Which
values are secret is kept beside it as a set of paths, so that the code in between works on plain data and the marks go
back on at the end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from google.protobuf.struct_pb2 import ListValue, Struct, Value  # type: ignore[import-untyped]

from tools.marks import ASSETS, OUTPUT, SECRET, SIGNATURE, UNKNOWN, UNKNOWNS

Json: TypeAlias = Any  # None, bool, number, string, list or dict of these
Path: TypeAlias = tuple[str | int, ...]


class UnsupportedValue(ValueError):
    """A value that no JSON document can hold, such as an asset; the message gives its path."""


@dataclass(frozen=True, kw_only=True)
class Properties:
    """A property bag and the paths of its secrets."""

    data: dict[str, Any] = field(default_factory=dict)
    secrets: frozenset[Path] = frozenset()


def decode(struct: Struct) -> Properties:
    """Reads a property bag. Raises UnsupportedValue with the path of an asset or archive."""
    secrets: set[Path] = set()
    data = {name: _decode(value, (name,), secrets) for name, value in struct.fields.items()}
    return Properties(data=data, secrets=frozenset(secrets))


def _decode(value: Value, path: Path, secrets: set[Path]) -> Json:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
    if kind == "struct_value":
        return _decode_struct(value.struct_value, path, secrets)
    return None


def _decode_struct(struct: Struct, path: Path, secrets: set[Path]) -> Json:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature in ASSETS:
        raise UnsupportedValue(
            f"{format_path(path)}: an asset or archive cannot be part of this resource; pass its text"
        )
    if signature == SECRET or (signature == OUTPUT and fields["secret"].bool_value):
        secrets.add(path)
    if signature in (SECRET, OUTPUT):
        return _decode(fields["value"], path, secrets) if "value" in fields else UNKNOWN
    return {name: _decode(value, (*path, name), secrets) for name, value in fields.items()}


def encode(properties: Properties) -> Struct:
    """Writes a property bag, each secret path wrapped as a secret."""
    return _encode_struct(properties.data, (), properties.secrets)


def _encode_struct(data: Mapping[str, Any], path: Path, secrets: frozenset[Path]) -> Struct:
    return Struct(fields={name: _encode(value, (*path, name), secrets) for name, value in data.items()})


def _encode(value: Json, path: Path, secrets: frozenset[Path]) -> Value:
    if path in secrets:
        plain = _encode_plain(value, path, secrets)
        return Value(struct_value=Struct(fields={SIGNATURE: Value(string_value=SECRET), "value": plain}))
    return _encode_plain(value, path, secrets)


def _encode_plain(value: Json, path: Path, secrets: frozenset[Path]) -> Value:
    if value is None:
        return Value(null_value=0)
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, int | float):
        return Value(number_value=value)
    if isinstance(value, Mapping):
        return Value(struct_value=_encode_struct(value, path, secrets))
    if isinstance(value, list | tuple):
        items = [_encode(item, (*path, index), secrets) for index, item in enumerate(value)]
        return Value(list_value=ListValue(values=items))
    return Value(string_value=str(value))


def has_unknown(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, str) and value == UNKNOWN


def get(value: Json, path: Iterable[str | int], default: Json = None) -> Json:
    """The value at a path, or the default where the path leads nowhere."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return default if value is None else value


def format_path(path: Path) -> str:
    """The engine's notation of a property path: `spec.ports[0].name`, `data["a.b"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step and all(character.isalnum() or character in "_-" for character in step):
            text += f".{step}" if text else step
        else:
            text += '["' + step.replace('"', '\\"') + '"]'
    return text
