"""A region's plan as text that a reviewer can read as a diff: every resource with its inputs, the same anywhere.

`python -m tests.regions.golden` writes them anew; `git diff tests/golden` is then what the change does to each region.
"""

import re
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any

import yaml

from tests.harness.regions import STACKS, UNKNOWN, Region, Step
from tools.paths import ROOT

FOLDER = ROOT / "tests" / "golden"
_SIGNATURE = "4dabf18193072939515e22adb298388d"  # the engine's mark of a value that is more than plain data
_AUTONAMED = "pulumi.com/autonamed"  # the Kubernetes provider's mark of a name that it chose
_CHANCE = re.compile(r"-[0-9a-f]{8}$")
_LONG = 400  # characters: longer texts are configurations, whose own tests read them


def render(plan: Iterable[Step]) -> str:
    """YAML: `<type> <name>` -> parent and inputs, sorted."""
    steps = list(plan)
    text = yaml.safe_dump({f"{step.type} {step.name}": _entry(step) for step in steps}, width=200, allow_unicode=True)
    for name in filter(None, map(_name_by_chance, steps)):
        text = text.replace(name, _CHANCE.sub("-[auto]", name))
    return text


def _name_by_chance(step: Step) -> str | None:
    """That of a Kubernetes object whose provider chose its ending, which others refer to."""
    metadata = step.inputs.get("metadata") or {}
    return metadata["name"] if _AUTONAMED in (metadata.get("annotations") or ()) else None


def _entry(step: Step) -> dict[str, Any]:
    inputs = {key: normalised(value) for key, value in step.inputs.items() if not key.startswith("__")}
    return {"in": step.parent} | ({"inputs": inputs} if step.custom and inputs else {})


def normalised(value: Any) -> Any:
    """Without secrets, and with a word for what only an update will know."""
    if isinstance(value, dict):
        return "[secret]" if _SIGNATURE in value else {key: normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if isinstance(value, str):
        text = "[unknown]" if value == UNKNOWN else value
        return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text)} characters)"
    return value


def plan(stack: str) -> list[Step]:
    """Of a stack that does not exist yet, without credentials and without a cluster."""
    with tempfile.TemporaryDirectory() as folder:
        return Region(Path(folder) / "project", stack).plan()


def main(stacks: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    wanted = stacks or list(STACKS)
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        for stack, steps in zip(wanted, pool.map(plan, wanted), strict=True):
            (FOLDER / f"{stack}.yaml").write_text(render(steps))
            print(f"{stack}: {len(steps)} resources", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
