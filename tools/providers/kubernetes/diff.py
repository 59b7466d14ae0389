"""What differs between two sets of inputs, and which of it needs a new object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tools.marks import UNKNOWN
from tools.providers.kubernetes import naming
from tools.providers.kubernetes.replace import replaces
from tools.providers.values import Json, Path, get

Change = Literal["ADD", "DELETE", "UPDATE"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The changed paths, those that need a replacement, and whether the old object must go first."""

    changes: Mapping[Path, Change]
    replaces: frozenset[Path] = frozenset()
    delete_first: bool = False


def walk(old: Json, new: Json, path: Path = ()) -> Iterator[tuple[Path, Change]]:
    """The leaves at which two values differ. An empty object, list or null counts as absent."""
    if old == new and UNKNOWN not in (old, new):
        if isinstance(new, Mapping | list):
            yield from _unknowns(new, path)
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from walk(old.get(name), new.get(name), (*path, name))
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        for index in range(max(len(old), len(new))):
            yield from walk(
                old[index] if index < len(old) else None, new[index] if index < len(new) else None, (*path, index)
            )
    elif _is_absent(old) and not _is_absent(new):
        yield from _leaves(new, path, "ADD")
    elif _is_absent(new) and not _is_absent(old):
        yield from _leaves(old, path, "DELETE")
    elif not (_is_absent(old) and _is_absent(new)):
        yield path, "UPDATE"


def _is_absent(value: Json) -> bool:
    return value is None or value in ({}, [])


def _leaves(value: Json, path: Path, change: Change) -> Iterator[tuple[Path, Change]]:
    if isinstance(value, Mapping) and value:
        for name in sorted(value):
            yield from _leaves(value[name], (*path, name), change)
    elif value is not None:
        yield path, change


def _unknowns(value: Json, path: Path) -> Iterator[tuple[Path, Change]]:
    for name, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        if item == UNKNOWN:
            yield (*path, name), "UPDATE"
        elif isinstance(item, Mapping | list):
            yield from _unknowns(item, (*path, name))


def compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    mutable: frozenset[str],
    namespaced: bool = True,
    patch: bool = False,
) -> Difference:
    """Compares inputs. A namespace on a kind that has none is no difference."""
    changes = {path: change for path, change in walk(old, new) if namespaced or path != ("metadata", "namespace")}
    found = frozenset(path for path in changes if replaces(new, old, path, mutable=mutable, patch=patch))
    return Difference(changes=changes, replaces=found, delete_first=bool(found) and same_place(old, new))


def same_place(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the new object would have the old one's name: then the old one must go first.

    Never so for an automatic name, since a replacement gets a new one.
    """
    if naming.is_autonamed(new) or get(new, ("metadata", "generateName")):
        return False
    return all(get(old, ("metadata", part)) == get(new, ("metadata", part)) for part in ("name", "namespace"))
