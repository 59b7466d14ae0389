"""The real Prometheus, Alertmanager and their checkers on loopback; each ended by its own pid."""

import contextlib
import json
import os
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
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


def prometheus(folder: Path, config: dict[str, Any], *more: str) -> contextlib.AbstractContextManager[Process]:
    """`config` as Prometheus takes it; JSON is YAML. `more`: flags."""
    return _running("prometheus", folder, config, f"--storage.tsdb.path={folder / 'data'}", *more)


def alertmanager(folder: Path, config: dict[str, Any]) -> contextlib.AbstractContextManager[Process]:
    return _running("alertmanager", folder, config, f"--storage.path={folder / 'alerts'}", "--cluster.listen-address=")


@contextlib.contextmanager
def _running(name: str, folder: Path, config: dict[str, Any], *flags: str) -> Iterator[Process]:
    file, log = folder / f"{name}.json", folder / f"{name}.log"
    file.write_text(json.dumps(config))
    (port,) = free_ports(1)
    made = Process(f"http://127.0.0.1:{port}", log)

    def answers() -> bool:
        with _OPENER.open(f"{made.url}/-/ready", timeout=5):
            return True

    argv = [program(name), f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}", *flags]
    with processes.running(argv, log) as process:
        processes.until_ready(process, log, answers)
        yield made
