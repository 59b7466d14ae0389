"""The real rate limit service and the real Redis on loopback, with the configuration that the gateway's would get."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from components import ratelimit
from components.envoy_limits import Limits
from tests.harness.apiserver import program
from tests.harness.envoy import free_ports, get
from tools import redis

_PASSWORD = "test-password"  # noqa: S105
_START = 60.0


@dataclass
class Limiter:
    port: int
    store: subprocess.Popen[bytes]

    def lose_store(self) -> None:
        _end(self.store)


@contextmanager
def running(folder: Path, limits: Limits) -> Iterator[Limiter]:
    """Both, once the service is healthy; each ended by its own pid."""
    store_port, port, http_port, debug_port = free_ports(4)
    (folder / "limits").mkdir()
    (folder / "limits" / ratelimit.CONFIG).write_text(ratelimit.config(limits))
    store_config = folder / ratelimit.STORE_CONFIG
    store_config.write_text(ratelimit.store_config(_PASSWORD, address="127.0.0.1", port=store_port, memory="16mb"))
    environment = {
        **os.environ,
        **ratelimit.environment(folder=str(folder / "limits")),
        **{name: "127.0.0.1" for name in ("HOST", "GRPC_HOST", "DEBUG_HOST")},
        **{"GRPC_PORT": str(port), "PORT": str(http_port), "DEBUG_PORT": str(debug_port)},
        ratelimit.STORE: f"127.0.0.1:{store_port}",
        ratelimit.PASSWORD: _PASSWORD,
    }
    log = folder / "limiter.log"
    with ExitStack() as held, log.open("wb") as output:
        store = subprocess.Popen(
            [redis.PROGRAM, store_config], env={**os.environ, **redis.environment()}, stdout=output, stderr=output
        )
        held.callback(_end, store)
        _answers(store, store_port, log)
        service = subprocess.Popen([program("ratelimit")], env=environment, stdout=output, stderr=output)
        held.callback(_end, service)
        _answers(service, http_port, log)
        while get(http_port, "/healthcheck").status != 200:
            time.sleep(0.1)
        yield Limiter(port, store)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Waits until it listens."""
    deadline = time.monotonic() + _START
    while True:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
