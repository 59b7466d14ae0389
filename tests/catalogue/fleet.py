"""A fleet on loopback: a real etcd, real servers that follow its catalogue, versions in folders, real rollouts."""

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autoglm_catalogue import fleet as keys_of
from autoglm_etcd.keys import Keys

from tests.harness import model_server
from tests.harness.etcd import Etcd
from tests.harness.waiting import until
from tools.check import SERVING, SERVING_VENV

SECONDS = 120.0
"""What anything may take on a busy machine; no test depends on how long it does."""
PYTHON = str(SERVING_VENV / "bin" / "python")
_names = itertools.count()


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    def listening(self) -> bool:
        self.port = model_server.port(self.log)
        assert self.process.poll() is None, self.log.read_text()
        return self.port > 0

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=sent)
            answer = connection.getresponse()
            content = answer.read()
        return answer.status, json.loads(content) if content.startswith(b"{") else content.decode()

    def ask(self, **headers: str) -> int:
        message = {"role": "user", "content": f"Tap {next(_names)}."}
        return self.request("POST", "/v1/chat/completions", {"messages": [message], "max_tokens": 20}, **headers)[0]

    def states(self) -> dict[str, str]:
        _, listed = self.request("GET", "/v1/models")
        return {one["version"]: one["state"] for model in listed["data"] for one in model["versions"]}

    def metric(self, name: str) -> float:
        _, text = self.request("GET", "/metrics")
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@dataclass
class Fleet:
    """One model's; each test takes a model of its own."""

    etcd: Etcd
    folder: Path
    model: str = field(default_factory=lambda: f"phone-{next(_names)}")
    servers: list[Server] = field(default_factory=list)
    program: tuple[str, ...] = (str(SERVING / "tests" / "light_fleet.py"),)
    """What Python runs as a server."""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.endpoints = ",".join(self.etcd.endpoints)
        self.identify("root")

    def identify(self, user: str) -> None:
        """As whom servers and rollouts that are started from now on come to etcd."""
        made = self.etcd.credentials(user)
        for path, name in ((made.ca, "ca.crt"), (made.certificate, "tls.crt"), (made.key, "tls.key")):
            shutil.copy(path, self.folder / name)

    def version(self, name: str, **behaviour: Any) -> Path:
        folder = self.folder / name
        folder.mkdir()
        content = json.dumps(behaviour | {"name": name}).encode()
        (folder / "behaviour.json").write_bytes(content)
        (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  behaviour.json\n")
        return folder

    def serve(self, count: int = 1) -> None:
        """Servers that listen; whether they have a model is another question."""
        made = [self._start() for _ in range(count)]
        until(lambda: all(server.listening() for server in made), "all servers listen")
        self.servers += made

    def _start(self) -> Server:
        log = self.folder / f"server-{next(_names)}.log"
        argv = [
            *(PYTHON, *self.program),
            *("--host=127.0.0.1", "--port=0", f"--served-model-name={self.model}", "--model-poll-seconds=1"),
            *(f"--model-catalogue={self.endpoints}", f"--model-catalogue-tls={self.folder}"),
            *("--model-standby-seconds=1", "--shutdown-timeout=60"),
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(argv, stdout=output, stderr=output, env=environment())
        return Server(process, log)

    def rollout(self, version: str, *flags: str) -> subprocess.Popen[str]:
        argv = [
            *(sys.executable, "-m", "autoglm_catalogue", "rollout", f"--endpoints={self.endpoints}"),
            *(f"--tls={self.folder}", f"--model={self.model}", f"--version={version}"),
            *(f"--source={self.folder / version}", f"--at-least={len(self.servers)}", "--observe-seconds=1"),
            *("--check-seconds=0.5", f"--ready-seconds={SECONDS}", *flags),
        ]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())

    def rolled_out(self, version: str, *flags: str) -> tuple[int, str]:
        """Exit code, and what it said."""
        process = self.rollout(version, *flags)
        said, _ = process.communicate(timeout=2 * SECONDS)
        return process.returncode, said

    def keys(self) -> keys_of.Fleet:
        with self.etcd.connect() as connection:
            return keys_of.ask(self.model, Keys(connection))

    def active(self) -> str:
        found = self.keys().active
        return found.version if found else ""

    def all_in(self, **states: str) -> bool:
        """Whether every server's versions are in these states; `v1` stands for version 1."""
        wanted = {name.removeprefix("v"): state for name, state in states.items()}
        return all(wanted.items() <= server.states().items() for server in self.servers)

    def wait(self, **states: str) -> None:
        """Until `all_in` these."""
        until(lambda: self.all_in(**states), lambda: f"{states} on {[server.states() for server in self.servers]}")

    def wait_for_replicas(self, count: int) -> None:
        until(lambda: len(self.keys().replicas) == count, f"{count} replicas are known")

    def stop(self) -> None:
        for server in self.servers:
            server.process.kill()
            server.process.wait()

    def end(self, server: Server) -> int:
        server.process.send_signal(signal.SIGTERM)
        return server.process.wait(timeout=SECONDS)


@contextlib.contextmanager
def running(etcd: Etcd, folder: Path) -> Iterator[Fleet]:
    fleet = Fleet(etcd, folder)
    try:
        yield fleet
    finally:
        fleet.stop()


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AUTOGLM_")}
    return kept | {"PYTHONPATH": str(SERVING)}
