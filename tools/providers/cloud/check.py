"""Whether inputs are what the SDK's types say: each failure with its path, its value and what would be right."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tools.marks import UNKNOWN
from tools.providers.cloud.schema import Schema, Shape, Type
from tools.providers.values import Json, Path

Failure = tuple[Path, str]

_PYTHON: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
_NAMES: Final = {"string": "a string", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def failures(schema: Schema, inputs: Mapping[str, Any]) -> Iterator[Failure]:
    """Everything that is wrong with a resource's or a function's inputs."""
    yield from _object(schema, schema["inputs"], inputs, ())


def _object(schema: Schema, shape: Shape, given: Mapping[str, Any], path: Path) -> Iterator[Failure]:
    fields = shape["fields"]
    for name, value in given.items():
        if name not in fields:
            yield (*path, name), f"{shape['name']} has no property {name!r}; {nearest(name, list(fields))}"
        else:
            yield from _value(schema, fields[name]["type"], value, (*path, name))
    for name, field in fields.items():
        if field.get("required") and given.get(name) is None:
            yield (*path, name), f"missing: {shape['name']} needs {name!r} ({_describe(schema, field['type'])})"


def _value(schema: Schema, kind: Type, value: Json, path: Path) -> Iterator[Failure]:
    if value is None or value == UNKNOWN or kind == "any":
        return
    if isinstance(kind, str):
        if not _fits(kind, value):
            yield path, f"expected {_NAMES[kind]}, got {_show(value)}"
    elif "list" in kind and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value(schema, kind["list"], item, (*path, index))
    elif "map" in kind and isinstance(value, Mapping):
        for name, item in value.items():
            yield from _value(schema, kind["map"], item, (*path, name))
    elif "object" in kind and isinstance(value, Mapping):
        yield from _object(schema, schema["objects"][kind["object"]], value, path)
    elif "enum" in kind and value in kind["enum"]:
        return
    elif "one" in kind:
        found = [list(_value(schema, item, value, path)) for item in kind["one"]]
        yield from min(found, key=len)
    else:
        yield path, f"expected {_describe(schema, kind)}, got {_show(value)}"


def _fits(kind: str, value: Json) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _PYTHON[kind])


def _describe(schema: Schema, kind: Type) -> str:
    if isinstance(kind, str):
        return _NAMES.get(kind, "any value")
    if "list" in kind:
        return f"a list of {_describe(schema, kind['list']).removeprefix('a ').removeprefix('an ')}"
    if "map" in kind:
        return "a map"
    if "object" in kind:
        return f"an object {schema['objects'][kind['object']]['name'].removesuffix('Args')}"
    if "enum" in kind:
        return f"one of {', '.join(map(repr, kind['enum']))}"
    return " or ".join(_describe(schema, item) for item in kind["one"])


def _show(value: Json) -> str:
    kinds = {str: "the string", bool: "the boolean", int: "the number", float: "the number"}
    text = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}..."
    return f"{kinds.get(type(value), 'a list' if isinstance(value, list) else 'an object')} {text}"


def nearest(name: str, known: Sequence[str]) -> str:
    """What was meant, or what there is. A property given by its Python name is told its Pulumi name."""
    camel = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)
    by_lower = {item.lower(): item for item in known}
    close = difflib.get_close_matches(camel.lower(), list(by_lower), n=1, cutoff=0.75)
    if close:
        meant = by_lower[close[0]]
        python = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", meant).lower()
        return f"did you mean {meant!r}?" + (f" (in Python {python!r})" if python != meant else "")
    return f"there are {', '.join(sorted(known)) or 'none'}"


def values(table: Mapping[str, Sequence[Any]], inputs: Mapping[str, Any]) -> Iterator[Failure]:
    """Values that the cloud refuses, by a table of paths (`scalingConfig.type`, lists passed through)."""
    for pattern, allowed in table.items():
        for path, value in _leaves(inputs, pattern.split("."), ()):
            if value is not None and value != UNKNOWN and value not in allowed:
                meant = difflib.get_close_matches(str(value), [str(item) for item in allowed], n=1)
                hint = f"; did you mean {meant[0]!r}?" if meant else ""
                yield path, f"{value!r} is not one of {', '.join(map(repr, allowed))}{hint}"


def _leaves(value: Json, names: Sequence[str], path: Path) -> Iterator[tuple[Path, Json]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, names, (*path, index))
    elif not names:
        yield path, value
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _leaves(value[names[0]], names[1:], (*path, names[0]))
