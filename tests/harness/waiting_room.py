"""The real waiting room on loopback, in the serving package's own environment."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness import envoy
from tests.harness.waiting import until
from tools.check import SERVING, SERVING_VENV


@dataclass(frozen=True)
class Room:
    port: int
    log: Path

    def waiting(self) -> int:
        lines = envoy.get(self.port, "/metrics").body.decode().splitlines()
        return int(float(next(line for line in lines if line.startswith("autoglm:requests_held ")).split()[1]))


@contextmanager
def running(folder: Path, upstream_port: int, *flags: str) -> Iterator[Room]:
    """Once it listens; ended by its own pid."""
    (port,) = envoy.free_ports(1)
    log = folder / "room.log"
    argv = [
        *(str(SERVING_VENV / "bin" / "python"), "-m", "autoglm_serving", "waiting-room"),
        *("--upstream-host=127.0.0.1", f"--upstream-port={upstream_port}", "--host=127.0.0.1", f"--port={port}"),
        *flags,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(argv, cwd=SERVING, stdout=output, stderr=output)
    try:
        until(lambda: '"listening"' in log.read_text(), "the room is open")
        yield Room(port, log)
    finally:
        process.kill()
        process.wait()
