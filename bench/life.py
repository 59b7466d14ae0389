"""The figures of a dev stack's life, each beside its limit and as a ratio of it: `make bench`.

`--cold` begins with `make clean`, so that the first `make up` finds and builds everything.
"""

import argparse
import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LIMITS = {
    "first up, nothing built": 25 * 60.0,
    "up with nothing changed": 60.0,
    "from down to the streamed answer": 3 * 60.0,
    "memory of the cluster": 1536.0,
}  # seconds, and MiB for the memory; from the product's requirements


def make(target: str) -> tuple[float, str]:
    """Seconds and output of one `make` target; its failure ends the bench with the output's last lines."""
    started = time.monotonic()
    done = subprocess.run(["make", target], cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"make {target} ended with {done.returncode}:\n" + "\n".join(done.stdout.splitlines()[-20:]))
    return time.monotonic() - started, done.stdout


def show(figure: str, value: float, unit: str) -> None:
    limit = LIMITS[figure]
    print(f"{figure:34} {value:8.1f} {unit:3} of {limit:6.0f} allowed  ratio {value / limit:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="begin with `make clean` (takes up to 25 minutes)")
    cold = parser.parse_args().cold
    if cold:
        make("clean")
    first, _ = make("up")
    if cold:
        show("first up, nothing built", first, "s")
    show("up with nothing changed", make("up")[0], "s")
    memory = re.search(r"(\d+) MiB", make("status")[1])
    if memory:
        show("memory of the cluster", float(memory[1]), "MiB")
    make("down")
    show("from down to the streamed answer", make("up")[0], "s")


if __name__ == "__main__":
    main()
