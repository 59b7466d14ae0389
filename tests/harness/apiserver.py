"""A real Kubernetes API on loopback: etcd, kube-apiserver and, where asked for, kube-controller-manager.

No kubelet: pods stay Pending until a test writes their status. All of it lives in one folder and ends by pid.
"""

import base64
import contextlib
import datetime
import http.client
import os
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.harness.ports import free_ports
from tests.harness.waiting import until
from tools import paths

_STOP = 10.0  # seconds from SIGTERM to SIGKILL
_FALLBACK_NAMES = {"etcd": "server"}


def program(name: str) -> Path:
    """A built program: the toolchain's, or a prebuilt one. Raises FileNotFoundError."""
    for candidate in (paths.BIN / name, paths.TOOLS / "pre" / _FALLBACK_NAMES.get(name, name)):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{name} is not built: run `make tools`")


@dataclass
class ApiServer:
    """A running API server; `kubeconfig` has client certificates of an administrator."""

    folder: Path
    port: int
    etcd_port: int
    kubeconfig: Path = field(init=False)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kubeconfig = self.folder / "kubeconfig"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def start(self, *, controllers: bool, heartbeats: bool) -> None:
        _write_keys(self.folder)
        self._spawn("etcd", *_etcd_flags(self.folder, self.etcd_port))
        self.start_api()
        self._write_kubeconfig()
        if controllers:
            self._spawn("kube-controller-manager", *_controller_flags(self.folder, self.kubeconfig, heartbeats))

    def start_api(self) -> None:
        self._spawn("kube-apiserver", *_api_flags(self.folder, self.port, self.etcd_port))
        until(self._answers, f"the API server on port {self.port} answers")

    def stop_api(self) -> None:
        """Ends the API server only: its cluster becomes unreachable."""
        process = next(entry for entry in self._processes if "kube-apiserver" in str(entry.args))
        self._processes.remove(process)
        _end(process)

    def pids(self) -> dict[str, int]:
        """Of its processes, by program."""
        return {Path(entry.args[0]).name: entry.pid for entry in self._processes}  # type: ignore[index]

    def stop(self) -> None:
        while self._processes:
            _end(self._processes.pop())

    def _spawn(self, name: str, *flags: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes.append(subprocess.Popen([program(name), *flags], stdout=log, stderr=log, cwd=self.folder))

    def _answers(self) -> bool:
        if any(process.poll() is not None for process in self._processes):
            logs = "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))
            raise RuntimeError(f"a process of the test API server ended:\n{logs}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            context = ssl._create_unverified_context()  # noqa: S323  # readiness only; no credential is sent
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=2, context=context)
            with contextlib.closing(connection):
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
        return False

    def _write_kubeconfig(self) -> None:
        files = {
            "certificate-authority-data": self.folder / "certs" / "apiserver.crt",
            "client-certificate-data": self.folder / "client.crt",
            "client-key-data": self.folder / "client.key",
        }
        encoded = {name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}
        authority = encoded.pop("certificate-authority-data")
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": "admin", "user": encoded}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(config))


@contextlib.contextmanager
def running(folder: Path, *, controllers: bool = True, heartbeats: bool = True) -> Iterator[ApiServer]:
    """A cluster's control plane for the length of a `with` block. Without `heartbeats` no node is ever given up."""
    server = ApiServer(folder, *free_ports(2))
    try:
        server.start(controllers=controllers, heartbeats=heartbeats)
        yield server
    finally:
        server.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _etcd_flags(folder: Path, port: int) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",  # a test's data need not survive a power cut
        "--log-level=warn",
    ]


def _api_flags(folder: Path, port: int, etcd_port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certs'}",
        f"--client-ca-file={folder / 'client.crt'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.97.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.pub'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--endpoint-reconciler-type=none",
        *_aggregation_flags(folder),
    ]


def _aggregation_flags(folder: Path) -> list[str]:
    """How it shows itself, and for whom it speaks, to API servers behind it."""
    return [
        f"--proxy-client-cert-file={folder / 'client.crt'}",
        f"--proxy-client-key-file={folder / 'client.key'}",
        f"--requestheader-client-ca-file={folder / 'client.crt'}",
        "--requestheader-allowed-names=test-admin",
        *(
            f"--requestheader-{of}-headers=X-Remote-{header}"
            for of, header in (("username", "User"), ("group", "Group"))
        ),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ]


def _controller_flags(folder: Path, kubeconfig: Path, heartbeats: bool) -> list[str]:
    return [
        f"--controllers=*{'' if heartbeats else ',-node-lifecycle-controller'}",
        f"--kubeconfig={kubeconfig}",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials=false",
    ]


def _write_keys(folder: Path) -> None:
    accounts = rsa.generate_private_key(65537, 2048)
    _write_private(folder / "accounts.key", accounts)
    public = accounts.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "accounts.pub").write_bytes(public)
    client = ec.generate_private_key(ec.SECP256R1())
    _write_private(folder / "client.key", client)
    (folder / "client.crt").write_bytes(_administrator(client).public_bytes(serialization.Encoding.PEM))


def _administrator(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A self-signed certificate of group system:masters: for one test user its own authority is enough."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
            x509.NameAttribute(NameOID.COMMON_NAME, "test-admin"),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(text)
