"""The part of JSON Schema's draft 7 that our schemas use. A word that it does not know is an error, not a pass."""

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SAYS_NOTHING = {"$defs", "$schema", "default", "description", "title"}


def faults(value: object, schema: Any, root: dict[str, Any], path: str = "") -> list[str]:
    """Paths at which `value` breaks `schema`; `root` has the definitions."""
    if isinstance(schema, bool):
        return [] if schema else [path]
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
    return [
        found
        for word, rule in schema.items()
        if word not in _SAYS_NOTHING
        for found in _WORDS[word](value, rule, schema, root, path)
    ]


def _type(value: object, rule: str, *rest: Any) -> list[str]:
    fits = isinstance(value, _TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool))
    return [] if fits else [rest[-1]]


def _any(value: object, rule: list[Any], _: Any, root: dict[str, Any], path: str) -> list[str]:
    return [] if any(not faults(value, form, root) for form in rule) else [path]


def _one(value: object, rule: list[Any], _: Any, root: dict[str, Any], path: str) -> list[str]:
    return [] if sum(not faults(value, form, root) for form in rule) == 1 else [path]


def _object(value: object, _: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> list[str]:
    """`properties`, `patternProperties` and `additionalProperties` say together what a key's value may be."""
    if not isinstance(value, dict):
        return []
    found = []
    for key, item in value.items():
        named = [schema.get("properties", {})[key]] if key in schema.get("properties", {}) else []
        named += [form for pattern, form in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        for form in named or [schema.get("additionalProperties", True)]:
            found += faults(item, form, root, f"{path}.{key}".lstrip("."))
    return found


def _items(value: object, rule: Any, _: Any, root: dict[str, Any], path: str) -> list[str]:
    items = value if isinstance(value, list) else []
    return [found for index, item in enumerate(items) for found in faults(item, rule, root, f"{path}[{index}]")]


def _names(value: object, rule: Any, _: Any, root: dict[str, Any], path: str) -> list[str]:
    keys = value if isinstance(value, dict) else {}
    return [f"{path}.{key}" for key in keys if faults(key, rule, root)]


def _check(test: Any, *kinds: type) -> Any:
    def word(value: object, rule: Any, *rest: Any) -> list[str]:
        return [] if not isinstance(value, kinds) or test(value, rule) else [rest[-1]]

    return word


_WORDS: dict[str, Any] = {
    "type": _type,
    "anyOf": _any,
    "oneOf": _one,
    "properties": _object,
    "patternProperties": lambda value, _, schema, *rest: (
        [] if "properties" in schema else _object(value, _, schema, *rest)
    ),
    "additionalProperties": lambda value, _, schema, *rest: (
        [] if {"properties", "patternProperties"} & schema.keys() else _object(value, _, schema, *rest)
    ),
    "items": _items,
    "propertyNames": _names,
    "const": lambda value, rule, *rest: [] if value == rule else [rest[-1]],
    "enum": lambda value, rule, *rest: [] if value in rule else [rest[-1]],
    "required": lambda value, rule, *rest: [f"{rest[-1]}.{key}".lstrip(".") for key in rule if key not in value],
    "pattern": _check(lambda value, rule: re.search(rule, value), str),
    "minLength": _check(lambda value, rule: len(value) >= rule, str),
    "maxLength": _check(lambda value, rule: len(value) <= rule, str),
    "minItems": _check(lambda value, rule: len(value) >= rule, list),
    "maxItems": _check(lambda value, rule: len(value) <= rule, list),
    "minProperties": _check(lambda value, rule: len(value) >= rule, dict),
    "maxProperties": _check(lambda value, rule: len(value) <= rule, dict),
    "minimum": _check(lambda value, rule: value >= rule, int, float),
    "maximum": _check(lambda value, rule: value <= rule, int, float),
    "exclusiveMinimum": _check(lambda value, rule: value > rule, int, float),
    "exclusiveMaximum": _check(lambda value, rule: value < rule, int, float),
}
