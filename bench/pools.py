"""How a region grows with its GPU pools: time and memory for 10, 100 and 500 of them, and the exponent.

Each size in a process of its own: reading and checking the file, building the graph without an engine, peak memory.
"""

import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZES = (10, 100, 500)
ALLOWED = 1.15  # exponent of time over pools: linear, within the noise of two cores
STACK = "aws-us-west-2"


def region_text(pools: int) -> str:
    """The region's file with so many small pools beside its first: the network has room for 500 nodes more."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "stacks" / f"{STACK}.yaml").read_text())
    name, pool = next(iter(content["gpuPools"].items()))
    small = {"instanceType": pool["instanceType"], "minSize": 0, "maxSize": 1}
    more = {f"pool-{number}": dict(small) for number in range(pools - 1)}
    content["gpuPools"] = {name: pool, **more}
    return yaml.safe_dump(content)


def measure(pools: int) -> dict[str, float]:
    from components import Region, RegionArgs
    from stacks.loader import parse
    from tests.components.aws import test_foundation
    from tests.harness import mocks
    from tests.harness.mocks import Recorder

    text = region_text(pools)
    began = time.perf_counter()
    spec = parse(text, source=f"stacks/{STACK}.yaml")
    read = time.perf_counter()
    recorder = Recorder(calls=test_foundation.answer(spec))  # type: ignore[arg-type]
    mocks.run(lambda: {"endpoint": Region(STACK, RegionArgs(spec=spec)).endpoint}, preview=True, recorder=recorder)
    built = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"read": read - began, "build": built - read, "peak": peak, "resources": len(recorder.resources)}


def main() -> int:
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
        return 0
    found = {}
    for pools in SIZES:
        done = subprocess.run([sys.executable, __file__, str(pools)], capture_output=True, text=True, check=True)
        found[pools] = one = json.loads(done.stdout)
        print(
            f"{pools:4} pools {one['resources']:5} resources  read {one['read'] * 1000:6.0f} ms  "
            f"build {one['build']:6.2f} s  peak {one['peak']:4.0f} MiB",
            flush=True,
        )
    first, last = (found[pools]["read"] + found[pools]["build"] for pools in SIZES[-2:])
    exponent = math.log(last / first) / math.log(SIZES[-1] / SIZES[-2])
    print(f"exponent from {SIZES[-2]} to {SIZES[-1]} pools: {exponent:.2f} of {ALLOWED} allowed")
    return 0 if exponent <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
