"""The real server over the real engine, without a model: of the serving tests, in the server's own environment."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tools.check import SERVING, SERVING_VENV

_START = 120.0


@contextlib.contextmanager
def light(log: Path, *flags: str) -> Iterator[int]:
    """Its port, once it listens; ended by its own pid."""
    argv = [SERVING_VENV / "bin" / "python", SERVING / "tests" / "light_server.py", "--host=127.0.0.1", "--port=0"]
    environment = {**os.environ, "PYTHONPATH": str(SERVING)}
    with log.open("wb") as output:
        process = subprocess.Popen([*argv, *flags], stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        yield _port(process, log)
    finally:
        process.kill()
        process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + _START
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return int(json.loads(line)["port"])
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
