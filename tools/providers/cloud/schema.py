"""What the SDK says of a resource, a function or a provider, as plain data that a file can keep.

A type is a word (`string`, `integer`, `number`, `boolean`, `any`) or a one-entry table: `{"list": type}`,
`{"map": type}`, `{"object": name}`, `{"enum": [values]}`, `{"one": [types]}`.
"""

from typing import Any, NotRequired, TypeAlias, TypedDict

Type: TypeAlias = Any  # a word or a table, see above


class Field(TypedDict):
    """One property: its type, and whether it must be there (of an output: whether it always is)."""

    type: Type
    required: NotRequired[bool]
    deprecated: NotRequired[bool]


class Shape(TypedDict):
    """An object type; `name` is what messages call it."""

    name: str
    fields: dict[str, Field]


class Schema(TypedDict):
    """Inputs and outputs by name, the nested objects that both mention, and what the SDK's own text says is replaced
    when it changes."""

    inputs: Shape
    outputs: Shape
    objects: dict[str, Shape]
    replaced: list[str]
