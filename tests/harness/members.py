"""etcd as its pods run it, without Kubernetes: each member has an address of the loopback interface, a disk, and the
mounts of a pod; the keeper's own commands prepare it and keep it. Members end by pid, or pause."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import Connection, Credentials, EtcdError
from autoglm_etcd.keeper import upkeep
from autoglm_etcd.keeper.founded import NEW
from autoglm_etcd.keeper.shape import CLIENT_PORT, Shape
from autoglm_etcd.keeper.snapshots import Snapshots
from obstore.store import LocalStore

from tests.harness import etcd
from tests.harness.apiserver import program
from tests.harness.waiting import until
from tools.paths import ROOT

_WHOLE = 180.0  # seconds until all members are healthy
_PREPARE = 180.0
_QUOTA = 100_000_000  # bytes
_MOUNTS = {"founded": "founded", "tls": "root-tls", "member-tls": "tls"}  # by the flag that names them


@dataclass
class Members:
    """A cluster of `size` in `folder`. Numbers name its members."""

    folder: Path
    size: int = 3
    quota: int = _QUOTA
    shape: Shape = field(init=False)
    keys: etcd.Etcd = field(init=False)
    credentials: Credentials = field(init=False)
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        network = _free_network(self.size)
        address = f"https://{network}.{{number}}:{{port}}"
        self.shape = Shape(name="etcd", domain="etcd.test.svc", size=self.size, address=address)
        self.keys = etcd.Etcd(self.folder / "keys", [])
        for name in ("founded", "store"):
            (self.folder / name).mkdir()
        self.credentials = self.keys.credentials("root")
        self._mount("root-tls", self.credentials)
        # A member also holds where a peer calls from to its certificate: on this interface, from 127.0.0.1.
        addresses = ["127.0.0.1", *map(self.address, self.numbers)]
        self._mount("tls", self.keys.credentials(self.shape.name, addresses=addresses))

    @property
    def numbers(self) -> range:
        return range(self.size)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def snapshots(self) -> Snapshots:
        return Snapshots(LocalStore(self.store))

    @property
    def endpoints(self) -> list[str]:
        return [self.endpoint(number) for number in self.numbers]

    def address(self, number: int) -> str:
        return self.endpoint(number).removeprefix("https://").partition(":")[0]

    def endpoint(self, number: int) -> str:
        return self.shape.client_url(f"etcd-{number}")

    def volume(self, number: int) -> Path:
        return self.folder / f"volume-{number}"

    def log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def connect(self, *endpoints: str) -> Connection:
        return Connection(endpoints or self.endpoints, self.credentials)

    def prepare(self, number: int, *more: str) -> subprocess.Popen[str]:
        """The init container's command, begun."""
        self.volume(number).mkdir(exist_ok=True)
        argv = [
            *(sys.executable, "-m", "autoglm_etcd.keeper", "prepare", f"--name=etcd-{number}"),
            *(f"--members={self.size}", f"--domain={self.shape.domain}", f"--address={self.shape.address}"),
            *(f"--listen={self.address(number)}", f"--volume={self.volume(number)}"),
            *(f"--{flag}={self.folder / mount}" for flag, mount in _MOUNTS.items()),
            *(f"--quota-bytes={self.quota}", *more),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "serving")}
        return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)

    def create(self, *numbers: int, more: Sequence[str] = ()) -> list[list[str]]:
        """New pods: the init container of each to its end, then etcd. Returns what the first said.

        None starts before all are prepared: one that is late would find the others running, and join them.
        """
        preparing = [self.prepare(number, *more) for number in numbers]
        every = []
        for process in preparing:
            said, _ = process.communicate(timeout=_PREPARE)
            assert process.returncode == 0, said
            every.append([json.loads(line)["message"] for line in said.splitlines()])
        self.start(*numbers)
        return every

    def start(self, *numbers: int) -> None:
        """etcd's container again, in the same pod."""
        for number in numbers:
            argv = [str(program("etcd")), f"--config-file={self.volume(number) / 'etcd.json'}"]
            with self.log(number).open("ab") as log:
                self.processes[number] = subprocess.Popen(argv, stdout=log, stderr=log)

    def send(self, number: int, signal_number: signal.Signals) -> None:
        self.processes[number].send_signal(signal_number)

    def kill(self, *numbers: int) -> None:
        for number in numbers:
            self.send(number, signal.SIGKILL)
            self.processes[number].wait()

    def end(self, number: int) -> None:
        """As kubelet ends a pod."""
        self.send(number, signal.SIGTERM)
        self.processes[number].wait(_WHOLE)

    def lose(self, *numbers: int) -> None:
        """Their pods and their disks."""
        self.kill(*numbers)
        for number in numbers:
            shutil.rmtree(self.volume(number))

    def found(self, began_from: str = NEW) -> None:
        """What the keeper writes down once the cluster is whole."""
        (self.folder / "founded" / "founded").write_text(began_from)

    def leader(self) -> int:
        """Waits for one where there is none yet."""
        with self.connect() as connection:
            cluster = Cluster(connection)

            def leaders() -> list[int]:
                found = cluster.statuses(self.endpoints)
                return [self.endpoints.index(endpoint) for endpoint, status in found.items() if status.leads]

            return until(leaders, self._logs, _WHOLE)[0]

    def whole(self) -> bool:
        """Whether all are healthy; learners get their vote meanwhile, as the keeper gives it."""
        with self.connect() as connection:
            cluster = Cluster(connection)
            with contextlib.suppress(EtcdError):  # no leader yet
                upkeep.promote(cluster)
            return all(cluster.healthy(endpoint) for endpoint in connection.endpoints)

    def wait(self) -> None:
        """Until the cluster is whole."""
        until(self.whole, self._logs, _WHOLE, pause=0.1)

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _mount(self, folder: str, made: Credentials) -> None:
        (self.folder / folder).mkdir()
        for path, name in ((made.ca, "ca.crt"), (made.certificate, "tls.crt"), (made.key, "tls.key")):
            shutil.copy(path, self.folder / folder / name)

    def _logs(self) -> str:
        return "\n".join(self.log(number).read_text()[-1500:] for number in self.processes)


@contextlib.contextmanager
def running(folder: Path, size: int = 3, *, quota: int = _QUOTA) -> Iterator[Members]:
    """A healthy cluster that was whole; its folder is removed in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    members = Members(folder, size, quota)
    try:
        members.create(*members.numbers)
        members.wait()
        members.found()
        yield members
    finally:
        members.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_network(size: int) -> str:
    """The first three numbers of addresses of the loopback interface that nobody listens on."""
    while True:
        network = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}"  # noqa: S311  only to be another's not
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for number in range(size):
                one = held.enter_context(socket.socket())
                one.bind((f"{network}.{number}", CLIENT_PORT))
            return network
