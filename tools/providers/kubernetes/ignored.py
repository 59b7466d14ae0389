"""Fields under `ignore_changes`: what another manager, such as an autoscaler, made of them stays."""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tools.providers.values import Json, Path, get

_STEP: Final = re.compile(r'\.?(?P<name>[^.\[\]"]+)|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+|\*)\]')


def parse(text: str) -> Path:
    """A property path: `spec.replicas`, `metadata.labels["a/b"]`, `spec.containers[0].image`, `*` for any step."""
    steps: list[str | int] = []
    for match in _STEP.finditer(text):
        index = match["index"]
        if index is not None:
            steps.append(int(index) if index.isdigit() else index)
        else:
            steps.append(match["name"] if match["name"] is not None else match["quoted"].replace('\\"', '"'))
    return tuple(steps)


def kept(obj: Mapping[str, Any], live: Mapping[str, Any] | None, paths: Iterable[str]) -> dict[str, Any]:
    """The object with the live value at each ignored path: an apply with it changes nothing there and conflicts with
    nobody."""
    merged: dict[str, Any] = copy.deepcopy(dict(obj))
    for text in paths if live is not None else ():
        for path in _expand(live, parse(text)):
            value = get(live, path)
            if value is not None:
                _set(merged, path, value)
    return merged


def _expand(value: Json, path: Path) -> Iterator[Path]:
    if "*" not in path:
        yield path
        return
    depth = path.index("*")
    parent = get(value, path[:depth])
    steps: Iterable[str | int] = ()
    if isinstance(parent, Mapping):
        steps = list(parent)
    elif isinstance(parent, list):
        steps = range(len(parent))
    for step in steps:
        yield from _expand(value, (*path[:depth], step, *path[depth + 1 :]))


def _set(target: Json, path: Path, value: Json) -> None:
    """Sets a value whose parent is there; an object on the way that the program does not have stays out."""
    parent = get(target, path[:-1])
    step = path[-1]
    if isinstance(parent, list) and not (isinstance(step, int) and step < len(parent)):
        return
    if isinstance(parent, dict | list):
        parent[step] = copy.deepcopy(value)  # type: ignore[index]  # an index for a list, by the line above
