"""A server and the repository it watches."""

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import Server, command, environment, eventually, listening_port

FLAGS = ("--threads", "1", "--max-model-len", "4096", "--host", "127.0.0.1", "--port", "0")


def settled(condition: Any) -> None:
    """A load reads a model and tries it, on a machine that may have other work."""
    eventually(condition, seconds=100)


class Watching:
    def __init__(self, server: Server, root: Path, model: Path) -> None:
        self.server, self.root, self.model = server, root, model

    def add(self, place: str) -> Path:
        """As an operator does: copied beside, then renamed into place."""
        part = self.root / f".part-{place.replace('/', '-')}"
        shutil.copytree(self.model, part)
        (self.root / place).parent.mkdir(exist_ok=True)
        return part.rename(self.root / place)

    def describe(self, name: str) -> dict[str, Any]:
        with self.server.http() as client:
            listed: list[dict[str, Any]] = client.get("/v1/models").json()["data"]
        return next((model for model in listed if model["id"] == name), {})

    def states(self, name: str) -> dict[str, str]:
        return {version["version"]: version["state"] for version in self.describe(name).get("versions", [])}

    def ready(self) -> bool:
        with self.server.http() as client:
            return client.get("/ready").status_code == 200


@contextlib.contextmanager
def watching_server(root: Path, model: Path, log: Path, *flags: str) -> Iterator[Watching]:
    """`model` is what versions are copied from."""
    poll = ("--model-poll-seconds", "0.2", "--model-standby-seconds", "1")
    argv = command("serve", "--model-repository", root, *FLAGS, *poll, *flags)
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=environment())
    try:
        yield Watching(Server(process, listening_port(process, log), log), root, model)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
