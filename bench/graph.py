"""Building a region's graph in Python, beside the bare SDK registering the same resources: `python bench/graph.py`.

Both sides in one process and one run, without an engine, in turns; medians, and their ratio beside what is allowed.
"""

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi._types import input_type_py_to_pulumi_names
from pulumi.runtime import rpc
from pydantic.alias_generators import to_snake

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from components import Region, RegionArgs
from stacks.loader import parse
from tests.harness import mocks
from tests.harness.mocks import Recorder, Registered, plain

ALLOWED = 1.5  # of the bare SDK's time
STACKS = ("aws-us-west-2", "alicloud-ap-southeast-1", "tencentcloud-ap-singapore")
SDKS = ("pulumi_aws", "pulumi_alicloud", "tencentcloud_iac_pulumi")
FOLDER = Path(__file__).resolve().parent.parent / "stacks"


def ours(stack: str) -> Callable[[], Mapping[str, Any]]:
    def program() -> Mapping[str, Any]:
        spec = parse((FOLDER / f"{stack}.yaml").read_text(), source=f"stacks/{stack}.yaml")
        return {"endpoint": Region(stack, RegionArgs(spec=spec)).endpoint}

    return program


def bare(resources: list[Registered]) -> Callable[[], Mapping[str, Any]]:
    """The SDK's own class for each, with plain inputs."""
    made = [(*_class(item.type), item.name, plain(item.inputs)) for item in resources if item.custom]

    def program() -> Mapping[str, Any]:
        for kind, names, name, inputs in made:
            kind(name, **{names.get(key, to_snake(key)): value for key, value in inputs.items()})
        return {}

    return program


def _class(token: str) -> tuple[Any, dict[str, str]]:
    """A resource's class, and its arguments' names by those on the wire."""
    package, module, _ = token.split(":")
    for entry in rpc._RESOURCE_MODULES[f"{package}:{module}"]:
        info = entry.mod_info  # type: ignore[attr-defined]
        if token in info["classes"]:
            home, name = importlib.import_module(info["fqn"]), info["classes"][token]
            arguments = getattr(home, f"{name}Args", None) or getattr(home, f"{name}InitArgs")
            return getattr(home, name), {wire: ours for ours, wire in input_type_py_to_pulumi_names(arguments).items()}
    raise LookupError(token)


def recorder(stack: str) -> Callable[[], Recorder]:
    """Answers lookups as the tests of the stack's cloud do."""
    provider = stack.partition("-")[0]
    tests = importlib.import_module(f"tests.components.{provider}.test_foundation")
    world = tests.answer if provider == "aws" else tests.world
    answers = world(parse((FOLDER / f"{stack}.yaml").read_text(), source=f"stacks/{stack}.yaml"))
    if isinstance(answers, Mapping):
        table = {**tests.cloud.ANSWERS, **answers}
        return lambda: Recorder(calls=lambda call: {"id": "asked", **call.args, **table[call.token]})
    return lambda: Recorder(calls=answers)


def seconds(program: Callable[[], Mapping[str, Any]], fresh: Callable[[], Recorder]) -> tuple[float, Recorder]:
    began = time.perf_counter()
    made = mocks.run(program, preview=True, recorder=fresh())
    return time.perf_counter() - began, made


def compare(stack: str, turns: int) -> bool:
    region, fresh = ours(stack), recorder(stack)
    _, made = seconds(region, fresh)  # imports, and what to register
    loaded = [sdk for sdk in SDKS if sdk in sys.modules]
    plainly = bare(made.resources)
    seconds(plainly, fresh)
    pairs = [(seconds(region, fresh)[0], seconds(plainly, fresh)[0]) for _ in range(turns)]
    one, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    count = sum(item.custom for item in made.resources)
    print(
        f"{stack:28} {count:4} resources  region {one * 1000:7.0f} ms  bare SDK {other * 1000:7.0f} ms  "
        f"ratio {one / other:.2f} of {ALLOWED} allowed  imports {', '.join(loaded)}",
        flush=True,
    )
    return one / other <= ALLOWED and len(loaded) == 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack", nargs="?", choices=STACKS, help="only this one; each runs in a process of its own")
    parser.add_argument("--turns", type=int, default=5)
    chosen = parser.parse_args()
    pulumi.runtime.set_all_config({})
    if chosen.stack:
        return 0 if compare(chosen.stack, chosen.turns) else 1
    import subprocess

    return max(
        subprocess.run([sys.executable, __file__, stack, f"--turns={chosen.turns}"]).returncode for stack in STACKS
    )


if __name__ == "__main__":
    sys.exit(main())
