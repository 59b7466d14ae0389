"""Model servers that are started again when they die, as Kubernetes does, and the real Envoy before them."""

import contextlib
import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tests.harness import envoy
from tests.harness.envoy import Gateway
from tests.harness.ports import free_ports
from tests.harness.waiting import until
from tools.check import SERVING, SERVING_VENV

PATIENCE = 300.0  # seconds; a drill may share its machine
CRASHES = 1  # after which a request is held to be the cause; 3 by default, which takes the drill three times as long
DRAIN = 60  # seconds that open streams get after SIGTERM
_PROGRAM = Path(__file__).with_name("model_server.py")


class Fleet:
    """Servers by number, each on a port of its own for good; `deaths` counts those that nobody here asked for."""

    def __init__(self, folder: Path, size: int, flags: Sequence[str] = ()) -> None:
        self.ports = free_ports(size)
        self.deaths = 0
        self._folder, self._flags = folder, flags
        self._processes = [self._start(number) for number in range(size)]
        self._lock, self._over = threading.Lock(), threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    def ready(self, number: int) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return envoy.get(self.ports[number], "/ready").status == 200
        return False

    def wait(self) -> None:
        until(lambda: all(map(self.ready, range(len(self.ports)))), "all model servers are ready", PATIENCE)

    def send(self, number: int, signal_number: signal.Signals) -> None:
        with self._lock:
            self._processes[number].send_signal(signal_number)

    def end(self, number: int, signal_number: signal.Signals) -> None:
        """Ends one, waits for its end, and starts it again."""
        with self._lock:
            self._processes[number].send_signal(signal_number)
            self._processes[number].wait(DRAIN + 30)
            self._processes[number] = self._start(number)

    def running(self, number: int) -> int:
        """Requests that it works on."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.ports[number], timeout=60)) as connection:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        found = (line for line in lines if line.startswith("vllm:num_requests_running"))
        return int(sum(float(line.rpartition(" ")[2]) for line in found))

    def stop(self) -> None:
        self._over.set()
        self._keeper.join()
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        argv = [
            *(SERVING_VENV / "bin" / "python", _PROGRAM, "--host=127.0.0.1", f"--port={self.ports[number]}"),
            *(f"--shutdown-timeout={DRAIN}", f"--quarantine-crashes={CRASHES}"),
            *(f"--quarantine-file={self._folder / f'crashes-{number}'}", *self._flags),
        ]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AUTOGLM_SERVE_")}
        with (self._folder / f"server-{number}.log").open("ab") as log:
            return subprocess.Popen(argv, stdout=log, stderr=log, env=kept | {"PYTHONPATH": str(SERVING)})

    def _keep(self) -> None:
        while not self._over.wait(0.1):
            with self._lock:
                for number, process in enumerate(self._processes):
                    if process.poll() is not None:
                        self.deaths += 1
                        self._processes[number] = self._start(number)


@contextlib.contextmanager
def running(folder: Path, size: int = 3, *, flags: Sequence[str] = ()) -> Iterator[tuple[Fleet, Gateway]]:
    """Ready servers behind a ready gateway, for the length of a `with` block. `flags`: more of a server's."""
    folder.mkdir(parents=True, exist_ok=True)
    fleet = Fleet(folder, size, flags)
    try:
        fleet.wait()
        with envoy.gateway(folder, fleet.ports[0], others=fleet.ports[1:]) as gateway:
            yield fleet, gateway
    finally:
        fleet.stop()
