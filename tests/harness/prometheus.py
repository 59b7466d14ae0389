"""The real Prometheus, Alertmanager and their checkers on loopback; each ended by its own pid."""

import contextlib
import json
import os
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness import processes
from tests.harness.apiserver import program
from tests.harness.ports import free_ports

# What is asked lies on loopback: no proxy may see it.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Process:
    """A program with an HTTP API below `url`."""

    url: str
    log: Path

    def get(self, path: str, **query: str) -> Any:
        address = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        with _OPENER.open(address, timeout=60) as answer:
            return json.load(answer)

    def query(self, expr: str) -> list[Any]:
        """The series that an instant query returns."""
        found: list[Any] = self.get("/api/v1/query", query=expr)["data"]["result"]
        return found


def checked(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A checker's verdict: promtool's or amtool's."""
    argv = [str(program(name)), *map(str, arguments)]
    # One processor: Go's threads would only take turns with the other tests'.
    return subprocess.run(argv, text=True, capture_output=True, timeout=300, env={**os.environ, "GOMAXPROCS": "1"})


@contextlib.contextmanager
def prometheus(folder: Path, config: dict[str, Any]) -> Iterator[Process]:
    """`config` as Prometheus takes it; JSON is YAML."""
    (folder / "prometheus.json").write_text(json.dumps(config))
    (port,) = free_ports(1)
    arguments = [
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running("prometheus", arguments, folder, port, "/-/ready") as made:
        yield made


@contextlib.contextmanager
def alertmanager(folder: Path, config: dict[str, Any]) -> Iterator[Process]:
    (folder / "alertmanager.json").write_text(json.dumps(config))
    (port,) = free_ports(1)
    arguments = [
        f"--config.file={folder / 'alertmanager.json'}",
        f"--storage.path={folder / 'alerts'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running("alertmanager", arguments, folder, port, "/-/ready") as made:
        yield made


@contextlib.contextmanager
def _running(name: str, arguments: Sequence[str], folder: Path, port: int, ready: str) -> Iterator[Process]:
    log = folder / f"{name}.log"
    made = Process(f"http://127.0.0.1:{port}", log)

    def answers() -> bool:
        with _OPENER.open(f"{made.url}{ready}", timeout=5):
            return True

    with processes.running([program(name), *arguments], log) as process:
        processes.until_ready(process, log, answers)
        yield made
