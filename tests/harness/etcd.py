"""A real etcd of several members on loopback, over mutual TLS, in one folder; members end by pid, or pause."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import TIMEOUT, Connection, Credentials

from tests.harness.apiserver import program
from tests.harness.ports import free_ports
from tests.harness.waiting import until
from tools.providers.tls import certificates, keys

_STOP = 10.0  # seconds from SIGTERM to SIGKILL


@dataclass
class Member:
    name: str
    client_port: int
    peer_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.client_port}"

    @property
    def peer_url(self) -> str:
        return f"https://127.0.0.1:{self.peer_port}"

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()


@dataclass
class Etcd:
    folder: Path
    members: list[Member]
    flags: Sequence[str] = ()
    authority: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        made = _key()
        inputs = {
            "privateKeyPem": made["privateKeyPem"],
            "subject": {"commonName": "an authority"},
            "isCaCertificate": True,
            "allowedUses": ["cert_signing", "crl_signing"],
            "validityPeriodHours": 1,
        }
        self.authority = made | certificates.make_self_signed(inputs)[1]
        (self.folder / "ca.pem").write_text(self.authority["certPem"])
        self.credentials("server", addresses=("127.0.0.1",))

    def credentials(self, name: str, *, addresses: Sequence[str] = (), hours: int = 1) -> Credentials:
        """A certificate for this common name, signed by the cluster's authority; made anew where there is one."""
        made = _key()
        asked = {
            "privateKeyPem": made["privateKeyPem"],
            "subject": {"commonName": name},
            "ipAddresses": list(addresses),
        }
        inputs = {
            "certRequestPem": certificates.make_request(asked)[1]["certRequestPem"],
            "caPrivateKeyPem": self.authority["privateKeyPem"],
            "caCertPem": self.authority["certPem"],
            "allowedUses": ["digital_signature", "server_auth", "client_auth"],
            "validityPeriodHours": hours,
        }
        paths = Credentials(
            ca=self.folder / "ca.pem", certificate=self.folder / f"{name}.pem", key=self.folder / f"{name}.key"
        )
        paths.certificate.write_text(certificates.make_locally_signed(inputs)[1]["certPem"])
        paths.key.write_text(made["privateKeyPem"])
        paths.key.chmod(0o600)
        return paths

    @property
    def endpoints(self) -> list[str]:
        return [member.endpoint for member in self.members]

    def connect(self, user: str = "root", *, timeout: float = TIMEOUT) -> Connection:
        """`timeout`: short where no answer is what is looked for."""
        return Connection(self.endpoints, self.credentials(user), timeout=timeout)

    def data(self, member: Member) -> Path:
        return self.folder / member.name

    def start(self, member: Member, *, state: str = "new", among: Sequence[Member] = ()) -> None:
        peers = ",".join(f"{one.name}={one.peer_url}" for one in among or self.members)
        tls = {"cert-file": "server.pem", "key-file": "server.key", "trusted-ca-file": "ca.pem"}
        argv = [
            str(program("etcd")),
            f"--name={member.name}",
            f"--data-dir={self.data(member)}",
            f"--listen-client-urls={member.endpoint}",
            f"--advertise-client-urls={member.endpoint}",
            f"--listen-peer-urls={member.peer_url}",
            f"--initial-advertise-peer-urls={member.peer_url}",
            f"--initial-cluster={peers}",
            f"--initial-cluster-state={state}",
            *("--client-cert-auth", "--peer-client-cert-auth"),
            *(f"--{flag}={self.folder / file}" for flag, file in tls.items()),
            *(f"--peer-{flag}={self.folder / file}" for flag, file in tls.items()),
            *self.flags,
        ]
        with (self.folder / f"{member.name}.log").open("ab") as log:
            member.process = subprocess.Popen(argv, stdout=log, stderr=log)

    def wait(self, members: Sequence[Member] = ()) -> None:
        """Until these members, or all, have a leader and answer."""
        for member in members or self.members:
            log = self.folder / f"{member.name}.log"
            with Connection([member.endpoint], self.credentials("root")) as connection:
                healthy = functools.partial(Cluster(connection).healthy, member.endpoint)
                until(healthy, lambda log=log: log.read_text()[-2000:])  # type: ignore[misc]

    def leader(self, connection: Connection) -> Member:
        cluster = Cluster(connection)
        running = [member for member in self.members if member.process and member.process.poll() is None]
        return next(member for member in running if cluster.status(member.endpoint).leads)

    def stop(self) -> None:
        for member in self.members:
            if member.process and member.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member.process.pid, signal.SIGCONT)
                member.process.terminate()
                try:
                    member.process.wait(_STOP)
                except subprocess.TimeoutExpired:
                    member.kill()


@contextlib.contextmanager
def running(folder: Path, size: int = 3, *, flags: Sequence[str] = ()) -> Iterator[Etcd]:
    """A healthy cluster; its folder is removed in the end."""
    ports = free_ports(2 * size)
    members = [Member(f"etcd-{n}", ports[2 * n], ports[2 * n + 1]) for n in range(size)]
    etcd = Etcd(folder, members, flags)
    try:
        for member in members:
            etcd.start(member)
        etcd.wait()
        yield etcd
    finally:
        etcd.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _key() -> dict[str, str]:
    made: dict[str, str] = keys.make({"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1]
    return made
