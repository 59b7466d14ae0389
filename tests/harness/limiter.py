"""The real rate limit service and the real Redis on loopback, with the configuration that the gateway's would get."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components import ratelimit
from components.envoy_limits import Limits
from tests.harness import processes
from tests.harness.apiserver import program
from tests.harness.envoy import get
from tests.harness.ports import free_ports
from tools import redis

_PASSWORD = "test-password"  # noqa: S105


@dataclass
class Limiter:
    port: int
    store: subprocess.Popen[bytes]

    def lose_store(self) -> None:
        self.store.kill()
        self.store.wait()


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
    log, told = folder / "store.log", {**os.environ, **redis.environment()}
    with processes.running([redis.PROGRAM, store_config], log, env=told) as store:
        processes.until_ready(store, log, lambda: _listens(store_port))
        log = folder / "limiter.log"
        with processes.running([program("ratelimit")], log, env=environment) as service:
            processes.until_ready(service, log, lambda: get(http_port, "/healthcheck").status == 200)
            yield Limiter(port, store)


def _listens(port: int) -> bool:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    return True
