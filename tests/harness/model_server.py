"""The real server over the real engine, without a model: of the serving tests, in the server's own environment."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from tests.harness import processes
from tools.check import SERVING, SERVING_VENV


@contextlib.contextmanager
def light(log: Path, *flags: str) -> Iterator[int]:
    """Its port, once it listens; ended by its own pid."""
    argv = [SERVING_VENV / "bin" / "python", SERVING / "tests" / "light_server.py", "--host=127.0.0.1", "--port=0"]
    environment = {**os.environ, "PYTHONPATH": str(SERVING)}
    with processes.running([*argv, *flags], log, env=environment) as process:
        processes.until_ready(process, log, lambda: port(log) > 0)
        yield port(log)


def port(log: Path) -> int:
    """The one that a server listens on by its log, 0 until it does."""
    lines = (line for line in log.read_text().splitlines() if '"listening"' in line)
    return next((int(json.loads(line)["port"]) for line in lines), 0)
