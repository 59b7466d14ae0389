"""A region's plan as text that a reviewer can read as a diff: every resource with its inputs, the same anywhere.

`python -m tests.regions.golden` writes them anew; `git diff tests/golden` is then what the change does to each region.
"""

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any

import yaml

from tests.harness.regions import STACKS, Region, Step
from tools.marks import SIGNATURE, UNKNOWN
from tools.paths import ROOT

FOLDER = ROOT / "tests" / "golden"
_CHANCE = re.compile(r"-[0-9a-f]{7,8}$")  # of Terraform-based providers, and of Kubernetes'
_LONG = 400  # characters: longer texts are configurations, whose own tests read them


def render(plan: Iterable[Step]) -> str:
    """YAML: `<type> <name>` -> parent and inputs, sorted."""
    steps = list(plan)
    text = yaml.safe_dump({f"{step.type} {step.name}": _entry(step) for step in steps}, width=200, allow_unicode=True)
    for name in {name for step in steps for name in _by_chance(step)}:
        text = text.replace(name, _CHANCE.sub("-[auto]", name))
    return text


def _by_chance(step: Step) -> Iterator[str]:
    """Names whose ending the provider chose, which others refer to: in Kubernetes' metadata, or at the top."""
    metadata = step.inputs.get("metadata")
    for name in (metadata["name"],) if isinstance(metadata, dict) and "name" in metadata else step.inputs.values():
        if isinstance(name, str) and _CHANCE.sub("", name) == step.name and name != step.name:
            yield name


def _entry(step: Step) -> dict[str, Any]:
    inputs = {key: normalised(value) for key, value in step.inputs.items() if not key.startswith("__")}
    return {"in": step.parent} | ({"inputs": inputs} if step.custom and inputs else {})


def normalised(value: Any) -> Any:
    """Without secrets, and with a word for what only an update will know."""
    if isinstance(value, dict):
        return "[secret]" if SIGNATURE in value else {key: normalised(item) for key, item in value.items()}
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
