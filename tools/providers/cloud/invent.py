"""Outputs that only the cloud knows, made up by type where no table says better."""

from collections.abc import Mapping
from typing import Any

from tools.marks import UNKNOWN
from tools.providers.cloud.schema import Schema, Shape, Type
from tools.providers.values import Json

_DEEP = 8  # levels; some types hold themselves


def complete(schema: Schema, given: Mapping[str, Any], values: Mapping[str, Any], *, preview: bool) -> dict[str, Any]:
    """The given properties and, in all objects at any depth, those outputs that are always there.

    `values` are those of a template (`render.py`). In a preview, what would be made up is unknown.
    """
    return _object(schema, schema["outputs"], given, values, preview, 0)


def _object(
    schema: Schema, shape: Shape, given: Mapping[str, Any], values: Mapping[str, Any], preview: bool, depth: int
) -> dict[str, Any]:
    made = dict(given)
    for name, field in shape["fields"].items():
        if name in made:
            made[name] = _nested(schema, field["type"], made[name], values, preview, depth + 1)
        elif field.get("required") and depth < _DEEP:
            made[name] = UNKNOWN if preview else _invent(schema, field["type"], name, values, depth + 1)
    return made


def _nested(schema: Schema, kind: Type, value: Json, values: Mapping[str, Any], preview: bool, depth: int) -> Json:
    if isinstance(kind, Mapping) and "list" in kind and isinstance(value, list):
        return [_nested(schema, kind["list"], item, values, preview, depth) for item in value]
    if isinstance(kind, Mapping) and "object" in kind and isinstance(value, Mapping):
        return _object(schema, schema["objects"][kind["object"]], value, values, preview, depth)
    return value


def _invent(schema: Schema, kind: Type, name: str, values: Mapping[str, Any], depth: int) -> Json:
    if isinstance(kind, str):
        return {"boolean": False, "integer": 0, "number": 0}.get(kind, _text(name, values))
    if "list" in kind:
        return []
    if "map" in kind:
        return {}
    if "object" in kind:
        return _object(schema, schema["objects"][kind["object"]], {}, values, False, depth)
    return kind["enum"][0] if "enum" in kind else _invent(schema, kind["one"][0], name, values, depth)


def _text(name: str, values: Mapping[str, Any]) -> str:
    lower = name.lower()
    if lower == "region" or lower.endswith("regionid"):
        return str(values["REGION"])
    if lower in {"ownerid", "accountid", "uin"}:
        return str(values["ACCOUNT"])
    if lower in {"createtime", "createdat", "createdate", "creationdate", "createdtime"}:
        return "2026-01-01T00:00:00Z"
    if lower.endswith("id"):
        return f"{values.get('ID') or values['HEX'][:17]}"
    return f"{values.get('NAME') or values['HEX'][:8]}-{name}"
