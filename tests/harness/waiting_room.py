"""The real waiting room on loopback, in the serving package's own environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness import envoy, processes
from tests.harness.ports import free_ports
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
    (port,) = free_ports(1)
    log = folder / "room.log"
    argv = [
        *(str(SERVING_VENV / "bin" / "python"), "-m", "autoglm_serving", "waiting-room"),
        *("--upstream-host=127.0.0.1", f"--upstream-port={upstream_port}", "--host=127.0.0.1", f"--port={port}"),
        *flags,
    ]
    with processes.running(argv, log, cwd=SERVING) as process:
        processes.until_ready(process, log, lambda: '"listening"' in log.read_text())
        yield Room(port, log)
