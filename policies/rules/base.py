"""A planned resource as plain data, what a rule is, and careful reading of values that may not be known yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Marker:
    """Stands in a resource's properties where the value itself is not to be had."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


UNKNOWN: Final = Marker("(known after the update)")
SECRET: Final = Marker("(secret)")


class Severity(StrEnum):
    """Pulumi's own words: a mandatory rule ends the update, an advisory one is only said."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class UndecidedError(Exception):
    """A rule needs a value that only the update will know; the text is the value's path."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """`props` are plain data with UNKNOWN and SECRET in them; `outputs` those of the stack itself.

    `refs`: property -> URNs of the resources it is made from; None where the caller can't tell. `parents`: types of the
    resources that it is part of, the outermost first. `marked`: whether a secret would stand as SECRET.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    refs: Mapping[str, frozenset[str]] | None = None
    marked: bool = True

    @property
    def parents(self) -> tuple[str, ...]:
        return tuple(self.urn.split("::")[2].split("$")[:-1])

    @property
    def package(self) -> str:
        return self.type.partition(":")[0]


Check = Callable[[Resource], Iterator[str]]
Together = Callable[[Sequence[Resource]], Iterator[tuple[Resource, str]]]


def _nothing(_resource: Resource) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`check` looks at one resource, `together` at all of a stack; both say what is wrong and what to do instead."""

    id: str
    description: str
    severity: Severity = Severity.MANDATORY
    check: Check = _nothing
    together: Together | None = None


def by_type(table: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]]) -> Check:
    """The check of a table from type tokens to functions over properties."""

    def check(resource: Resource) -> Iterator[str]:
        if found := table.get(resource.type):
            yield from found(resource.props)

    return check


def get(value: object, *path: str) -> Any:  # noqa: ANN401  plain data
    """The value at a path, None where there is none. Raises UndecidedError for one that is not known yet."""
    for depth, key in enumerate(path):
        if value is UNKNOWN:
            raise UndecidedError(".".join(path[:depth]))
        value = value.get(key) if isinstance(value, Mapping) else None
    if value is UNKNOWN:
        raise UndecidedError(".".join(path))
    return value


def each(value: object, *path: str) -> list[Any]:
    """The elements of the list at a path; none where there is no list. Raises UndecidedError likewise."""
    found = get(value, *path)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def is_true(value: object) -> bool:
    """Some SDKs write booleans as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def companions(owner: Resource, kinds: Mapping[str, str], resources: Sequence[Resource]) -> list[Resource]:
    """The resources of `kinds` (type -> property that names the owner) that belong to `owner`.

    Where it can't be seen what a property is made from, an unknown one counts for each owner under the same parent.
    """
    found = []
    for resource in resources:
        if (key := kinds.get(resource.type)) is None:
            continue
        value = resource.props.get(key)
        if resource.refs is not None:
            mine = owner.urn in resource.refs.get(key, frozenset())
        else:
            mine = value is UNKNOWN and resource.parent == owner.parent
        if mine or (value is not UNKNOWN and value is not None and value in _names(owner)):
            found.append(resource)
    return found


def _names(owner: Resource) -> set[Any]:
    own = (owner.props.get(key) for key in ("bucket", "bucketName", "name"))
    return {value for value in own if isinstance(value, str)}
