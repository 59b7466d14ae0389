"""Reads an SDK's classes into a schema (`schema.py`)."""

import builtins
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

from tools.providers.cloud.schema import Field, Schema, Shape, Type
from tools.providers.cloud.sdk import Found

Hint: TypeAlias = Any  # a type, or what `typing` makes of several

_WORDS: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}
_OPEN: Final = "any"
# How the SDKs' own texts say it. "may force" and conditions ("changing from X to Y") are left to the tables.
_FORCES: Final = re.compile(
    r"[Cc]hanging (?:this|the) ?(?:value|parameter|argument|field)? ?(?:will )?(?:forces?|creates?|recreates?) "
    r"(?:a |the )?(?:new|replacement|recreation)|Forces (?:a )?new resource|Forces replacement|\bForceNew\b",
)


def schema(found: Found) -> Schema:
    """Everything that the stand-in needs of a resource or a function."""
    objects: dict[str, Shape] = {}
    if isinstance(found.inputs, type):
        inputs = _shape(found.inputs, objects)
        replaced = sorted(name for name, text in _texts(found.inputs) if _FORCES.search(text))
    else:
        inputs, replaced = _arguments(found, objects), []
    return {"inputs": inputs, "outputs": _shape(found.outputs, objects), "objects": objects, "replaced": replaced}


def _arguments(found: Found, objects: dict[str, Shape]) -> Shape:
    """A function's arguments: the source says which Pulumi name each Python name has."""
    function: Any = found.inputs
    hints = _hints(function, function.__module__)
    required = {
        name for name, item in inspect.signature(function).parameters.items() if item.default is inspect.Parameter.empty
    }
    fields: dict[str, Field] = {}
    for pulumi_name, name in re.findall(r"__args__\['(\w+)'\] = (\w+)", found.source):
        fields[pulumi_name] = {"type": _type(hints[name], objects), "required": name in required}
    return {"name": function.__name__, "fields": fields}


def _shape(cls: type, objects: dict[str, Shape]) -> Shape:
    fields: dict[str, Field] = {}
    for pulumi_name, getter in _getters(cls):
        hint = _hints(getter, cls.__module__)["return"]
        fields[pulumi_name] = {"type": _type(hint, objects), "required": type(None) not in set(_unfold(hint))}
        if hasattr(getter, "_pulumi_deprecated_callable"):
            fields[pulumi_name]["deprecated"] = True
    return {"name": cls.__name__.removesuffix("Args"), "fields": fields}


def _getters(cls: type) -> Iterator[tuple[str, Any]]:
    for value in vars(cls).values():
        if isinstance(value, builtins.property) and value.fget is not None:
            yield getattr(value.fget, "_pulumi_name", value.fget.__name__), value.fget


def _texts(cls: type) -> Iterator[tuple[str, str]]:
    for pulumi_name, getter in _getters(cls):
        yield pulumi_name, getter.__doc__ or ""


def _hints(function: Hint, module: str) -> dict[str, Any]:
    import pulumi  # the whole SDK: loaded by now, and not wanted in a process that has all its schemas in files

    local: dict[str, Any] = {"Output": pulumi.Output, "T": type(None)}
    return typing.get_type_hints(function, globalns=vars(sys.modules[module]), localns=local)


def _unfold(hint: Hint) -> Iterator[Hint]:
    """The plain alternatives of `Input[…]`, `Output[…]`, `Optional[…]` and unions of them."""
    origin: Any = typing.get_origin(hint)
    if origin is typing.Union or origin is types.UnionType:
        for item in typing.get_args(hint):
            if getattr(typing.get_origin(item), "__name__", "") not in {"Awaitable", "Output"}:
                yield from _unfold(item)
    elif getattr(origin, "__name__", "") == "Output":
        yield from _unfold(typing.get_args(hint)[0])
    else:
        yield hint


def _type(hint: Hint, objects: dict[str, Shape]) -> Type:
    found: list[Type] = []
    for item in _unfold(hint):
        kind = _one(item, objects)
        if kind is not None and kind not in found:
            found.append(kind)
    if _OPEN in found or not found:
        return _OPEN
    if "string" in found:  # an enum beside a string is a suggestion
        found = [kind for kind in found if not (isinstance(kind, dict) and "enum" in kind)]
    if len(found) > 1:  # a function takes its arguments' own class, or what another function answered
        found = [kind for kind in found if not (isinstance(kind, dict) and kind.get("object", "").endswith("Result"))]
    return found[0] if len(found) == 1 else {"one": found}


def _one(item: Hint, objects: dict[str, Shape]) -> Type | None:
    origin: Any = typing.get_origin(item)
    arguments = typing.get_args(item)
    if item is type(None) or typing.is_typeddict(item):
        return None
    if item in _WORDS:
        return _WORDS[item]
    if origin in (Sequence, list):
        return {"list": _type(arguments[0], objects)}
    if origin in (Mapping, dict):
        return {"map": _type(arguments[1], objects)}
    if isinstance(item, type) and issubclass(item, Enum):
        return {"enum": [member.value for member in item]}
    if isinstance(item, type) and any(hasattr(item, f"_pulumi_{side}_type") for side in ("input", "output")):
        name = f"{item.__module__}.{item.__name__}"
        if name not in objects:
            objects[name] = {"name": item.__name__, "fields": {}}  # there before its fields, which may lead back to it
            objects[name] = _shape(item, objects)
        return {"object": name}
    return _OPEN
