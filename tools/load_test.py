"""`make load-test`: serving/bench/loadtest.py against a stack that is up, with its address, key and model."""

import os
import subprocess
from collections.abc import Sequence

from tools import check
from tools.paths import LOG, TOOLS
from tools.process import ToolError
from tools.stack import Stack

OUT = TOOLS / "load-test"  # the report, unless `--out` says another place


def run(stack: Stack, arguments: Sequence[str]) -> int:
    """The exit code: 1 where a promise was not kept. `arguments` go on; a `--base-url` in them is asked instead of the
    stack, with API_KEY of the environment. Raises ToolError where neither is there."""
    told, environment = list(arguments), dict(os.environ)
    if not any(argument.startswith("--base-url") for argument in told):
        if not stack.config.exists() or not stack.exists():
            raise ToolError(f"stack {stack.name}: not made yet; `make up` makes it, or name a server: --base-url URL")
        outputs = stack.outputs()
        told = ["--base-url", outputs["endpoint"], "--model", outputs["model"], *told]
        environment["API_KEY"] = outputs["apiKey"]
    if not any(argument.startswith("--out") for argument in told):
        told += ["--out", str(OUT)]
    check.serving_environment(LOG / "serving-packages.log")
    argv = [str(check.SERVING_VENV / "bin" / "python"), "-m", "bench.loadtest", *told]
    return subprocess.run(argv, cwd=check.SERVING, env=environment).returncode
