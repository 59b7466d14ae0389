"""What changed between two sets of inputs, leaf by leaf, and which of it only a new resource can have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.providers.values import Json, Path, has_unknown


@dataclass(frozen=True)
class Change:
    """One leaf. `kind` is add, delete or update."""

    path: Path
    kind: str

    @property
    def pattern(self) -> str:
        """The path as tables write it: names only, `nodeConfig.dataDisks.diskType`."""
        return ".".join(step for step in self.path if isinstance(step, str))


def changes(old: Json, new: Json, path: Path = ()) -> Iterator[Change]:
    """Leaves that differ, in order. An unknown value may differ, so it counts as a change."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from changes(old.get(name), new.get(name), (*path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from changes(before, after, (*path, index))
    elif old != new or has_unknown(new):
        yield Change(path, "add" if old is None else "delete" if new is None else "update")


def covers(table: Iterable[str], change: Change, value: Json) -> bool:
    """Whether a table of patterns has the changed leaf, what holds it, or something in an added or removed object."""
    pattern = change.pattern
    for entry in table:
        if pattern == entry or pattern.startswith(f"{entry}."):
            return True
        if entry.startswith(f"{pattern}.") and _has(value, entry.removeprefix(f"{pattern}.").split(".")):
            return True
    return False


def _has(value: Json, names: list[str]) -> bool:
    """Whether an object, or one in a list, says something at the path."""
    if isinstance(value, list):
        return any(_has(item, names) for item in value)
    if not names:
        return value is not None
    return isinstance(value, Mapping) and _has(value.get(names[0]), names[1:])
