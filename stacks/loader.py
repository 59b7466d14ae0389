"""From a stack's file and configuration to a checked region or fleet. All problems are told at once."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pydantic import BaseModel, ValidationError

from stacks import fleet, plaintext, rules
from stacks.fleet import FleetSpec
from stacks.hidden import Hidden, hidden
from stacks.problems import Problem, explain
from stacks.schema import PROVIDERS, RegionSpec
from stacks.yaml_text import NotYamlError, read_yaml

FOLDER = Path(__file__).parent
_OVERLAY = "region"


class RegionError(pulumi.RunError):
    """The region file can't be used. Pulumi shows the message without a traceback."""


def load(stack: str, config: pulumi.Config) -> RegionSpec | FleetSpec:
    """Reads the stack's file, with `<project>:region` of Pulumi.<stack>.yaml laid over it. Raises RegionError."""
    path = FOLDER / f"{stack}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.yaml"))
        raise RegionError(f"stack {stack!r} has no stacks/{path.name}: write one, or use one of: {', '.join(known)}")
    overlay = config.get_object(_OVERLAY)
    secret = pulumi.runtime.is_config_secret(config.full_key(_OVERLAY))
    return read(path.read_text(), source=f"stacks/{path.name}", overlay=overlay, secret=secret)


def members(spec: FleetSpec) -> dict[str, RegionSpec]:
    """The region of each member, by stack. Raises RegionError."""
    files = {stack: FOLDER / f"{stack}.yaml" for stack in spec.members}
    return {stack: parse(path.read_text(), source=f"stacks/{path.name}") for stack, path in files.items()}


def parse(text: str, *, source: str, overlay: object = None, secret: bool = False) -> RegionSpec:
    """A region from its file's text. The name in `source` is the stack's. Raises RegionError, and so for a fleet."""
    found = read(text, source=source, overlay=overlay, secret=secret)
    if isinstance(found, FleetSpec):
        raise RegionError(f"{source}: it is a fleet; name one of its regions: {', '.join(found.members)}")
    return found


def read(text: str, *, source: str, overlay: object = None, secret: bool = False) -> RegionSpec | FleetSpec:
    """A region, or a fleet where the file says `kind: fleet`. `secret`: the overlay is encrypted where it is kept, so
    it may hold secrets, and its values must not be shown. Raises RegionError."""
    try:
        content = _mapping(read_yaml(text), source)
    except NotYamlError as error:
        raise RegionError(f"{source}{error}") from None
    over = _mapping({} if overlay is None else overlay, "the stack's configuration, `region`")
    open_secrets = [*plaintext.in_tree(content), *plaintext.in_comments(text)]
    open_secrets += [] if secret else plaintext.in_tree(over)
    if open_secrets:
        raise _error(source, open_secrets)
    merged = merge(content, over)
    unsaid = hidden(over) if secret else Hidden()
    if merged.get("kind") == "fleet":
        return _fleet(merged, source, unsaid)
    return _region(merged, source, unsaid)


def _region(merged: Mapping[str, Any], source: str, unsaid: Hidden) -> RegionSpec:
    name = merged.get("provider")
    if not isinstance(name, str) or name not in PROVIDERS:
        raise _error(source, [_provider(name)], unsaid)
    model = PROVIDERS[name]
    others: dict[str, type[BaseModel]] = {other: known for other, known in PROVIDERS.items() if other != name}
    try:
        region = model.model_validate(merged)
    except ValidationError as error:
        raise _error(source, explain(error, model, others), unsaid) from None
    if problems := rules.broken(region, Path(source).stem, FOLDER):
        raise _error(source, problems, unsaid)
    return region


def _fleet(merged: Mapping[str, Any], source: str, unsaid: Hidden) -> FleetSpec:
    try:
        spec = FleetSpec.model_validate(merged)
    except ValidationError as error:
        raise _error(source, explain(error, FleetSpec), unsaid) from None
    if problems := fleet.broken(spec, FOLDER):
        raise _error(source, problems, unsaid)
    return spec


def merge(below: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `below`: mappings key by key, anything else whole, and so a mapping of another form."""
    if _another_form(below, over):
        return dict(over)
    merged = dict(below)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _another_form(below: Mapping[str, Any], over: Mapping[str, Any]) -> bool:
    """Another `type`; or something made in place of something that exists, or the other way round."""
    if "type" in over and over["type"] != below.get("type"):
        return True
    if isinstance(over.get("existing"), Mapping):
        return "existing" not in below
    return isinstance(below.get("existing"), Mapping) and bool(over) and "existing" not in over


def _mapping(content: object, source: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise RegionError(f"{source}: it must be a mapping of keys, beginning with `provider:`")
    return content


def _provider(name: object) -> Problem:
    known = f"it must be one of {', '.join(PROVIDERS)}"
    near = difflib.get_close_matches(str(name), PROVIDERS, n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    return Problem(path=("provider",), value=None if name is None else repr(name), reason=known + hint)


def _error(source: str, problems: list[Problem], unsaid: Hidden | None = None) -> RegionError:
    told = [(unsaid or Hidden()).mask(problem) for problem in problems]
    lines = "".join(f"\n  {problem}" for problem in told)
    return RegionError(f"{source} can't be used; nothing was made. {len(told)} to correct:{lines}")
