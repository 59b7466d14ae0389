"""From `stacks/<stack>.yaml` and the stack's configuration to a checked region. All problems are told at once."""

import difflib
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pydantic import ValidationError

from stacks.problems import Problem, explain
from stacks.rules import broken
from stacks.schema import PROVIDERS, RegionSpec

_FOLDER = Path(__file__).parent
_OVERLAY = "region"


class RegionError(pulumi.RunError):
    """The region file can't be used. Pulumi shows the message without a traceback."""


def load(stack: str, config: pulumi.Config) -> RegionSpec:
    """Reads the stack's region, with `<project>:region` of Pulumi.<stack>.yaml laid over it. Raises RegionError."""
    path = _FOLDER / f"{stack}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in _FOLDER.glob("*.yaml"))
        raise RegionError(f"stack {stack!r} has no stacks/{path.name}: write one, or use one of: {', '.join(known)}")
    overlay = config.get_object(_OVERLAY)
    secret = pulumi.runtime.is_config_secret(config.full_key(_OVERLAY))
    return parse(path.read_text(), source=f"stacks/{path.name}", overlay=overlay, secret=secret)


def parse(text: str, *, source: str, overlay: object = None, secret: bool = False) -> RegionSpec:
    """The same without files. `secret`: values of the overlay must not be shown. Raises RegionError."""
    content = _mapping(_yaml(text, source), source)
    over = _mapping({} if overlay is None else overlay, "the stack's configuration, `region`")
    merged = merge(content, over)
    name = merged.get("provider")
    if not isinstance(name, str) or name not in PROVIDERS:
        raise _error(source, [_provider(name)])
    model = PROVIDERS[name]
    try:
        region = model.model_validate(merged)
    except ValidationError as error:
        raise _error(source, explain(error, model, _leaves(over) if secret else ())) from None
    if problems := broken(region):
        raise _error(source, problems)
    return region


def merge(below: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `below`: mappings key by key, anything else whole, and so a mapping of another `type`."""
    if "type" in over and over["type"] != below.get("type"):
        return dict(over)
    merged = dict(below)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not a silent last word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _yaml(text: str, source: str) -> object:
    try:
        return yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:  # its own text quotes the line, which may hold a secret
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RegionError(f"{source}{where}: this is not YAML: {error.problem}; correct the line") from None
    except yaml.YAMLError:
        raise RegionError(f"{source}: this is not YAML: it has characters that no YAML file may have") from None


def _mapping(content: object, source: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise RegionError(f"{source}: it must be a mapping of keys, beginning with `provider:`")
    return content


def _provider(name: object) -> Problem:
    known = f"it must be one of {', '.join(PROVIDERS)}"
    near = difflib.get_close_matches(str(name), PROVIDERS, n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    return Problem(path=("provider",), value=None if name is None else repr(name), reason=known + hint)


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)


def _error(source: str, problems: list[Problem]) -> RegionError:
    lines = "".join(f"\n  {problem}" for problem in problems)
    return RegionError(f"{source} can't be used; nothing was made. {len(problems)} to correct:{lines}")
