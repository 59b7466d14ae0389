"""The region file of a stack, and what the tools lay under the user's own configuration of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stacks import plaintext
from stacks.fleet import FleetSpec
from stacks.loader import RegionError, merge, read
from stacks.schema import FolderSource, RegionSpec
from tools.paths import ROOT
from tools.process import ToolError

KEY = "open-autoglm:region"


@dataclass(frozen=True)
class Region:
    """`spec` is checked, unless `overlay` holds encrypted values: then it is None and the program checks it. It is None
    for a fleet, too, which has no region of its own."""

    stack: str
    config: dict[str, Any]
    spec: RegionSpec | None

    @property
    def overlay(self) -> dict[str, Any]:
        """What the user's `Pulumi.<stack>.yaml` changes."""
        found: dict[str, Any] = self.config.get("config", {}).get(KEY) or {}
        return found

    def with_overlay(self, below: dict[str, Any]) -> dict[str, Any]:
        """The stack's configuration with `below` under the user's changes."""
        return self.config | {"config": self.config.get("config", {}) | {KEY: merge(below, self.overlay)}}


def load(stack: str) -> Region:
    """Checks the stack's region file before anything is made. Raises ToolError."""
    path = ROOT / "stacks" / f"{stack}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.yaml"))
        raise ToolError(f"STACK: {stack!r} has no stacks/{stack}.yaml; write one, or use one of: {', '.join(known)}")
    config = ROOT / f"Pulumi.{stack}.yaml"
    content = (yaml.safe_load(config.read_text()) or {}) if config.exists() else {}
    region = Region(stack, content, None)
    if _encrypted(region.overlay):
        _check_open_values(region, config.name)
        return region
    try:
        spec = read(path.read_text(), source=f"stacks/{stack}.yaml", overlay=region.overlay)
    except RegionError as error:
        raise ToolError(str(error)) from None
    if isinstance(spec, FleetSpec):
        return region
    _check_model(spec)
    return Region(stack, content, spec)


def _encrypted(value: object) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(map(_encrypted, value.values()))
    return isinstance(value, list) and any(map(_encrypted, value))


def _check_open_values(region: Region, file: str) -> None:
    """Those beside the encrypted ones: for Pulumi the whole of `region` is secret then, and the program can't tell."""
    if problems := list(plaintext.in_tree(region.overlay, (KEY,))):
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise ToolError(f"{file} can't be used; nothing was made. {len(problems)} to correct:{lines}")


def _check_model(spec: RegionSpec) -> None:
    """A folder that is on this machine can be looked at now; one on another node is the server's to refuse."""
    source = spec.model.source
    if not isinstance(source, FolderSource):
        return
    folder = Path(source.path)
    if folder.is_dir() and not (folder / "SHA256SUMS").is_file():
        raise ToolError(
            f"model.source.path: {folder} has no SHA256SUMS, so its weights can't be verified; "
            f"write it once: cd {folder} && sha256sum -- * > SHA256SUMS"
        )
