"""Who has no certificate, a wrong one, an old one, or one of a user who may not: each is refused, for that reason."""

import socket
import ssl
from pathlib import Path

from autoglm_etcd.cluster import Users
from autoglm_etcd.connection import Connection, Credentials, EtcdError
from autoglm_etcd.keeper.shape import CLIENT_PORT
from autoglm_etcd.keys import Keys

from tests.drill.rows import Row
from tests.harness import etcd
from tests.harness.members import Members

_OWN, _OTHER = "/autoglm/", "/other/"
_LET_IN = "let in"
_SILENT = 20.0  # seconds; who refuses says so at once, who lets in waits for what is asked


def strangers(cluster: Members, folder: Path) -> list[Row]:
    """Turns the cluster's users on: afterwards only `root` may do everything."""
    with cluster.connect() as connection:
        users = Users(connection)
        users.add("root", "root")
        users.add("serving", "serving", (_OWN,))
        users.enable()
    keys, address = cluster.keys, cluster.address(0)
    other = etcd.Etcd(folder / "another", []).credentials("serving")
    serving = keys.credentials("serving")
    return [
        _row("no certificate", "certificate required", _greet(address, None)),
        _row("a certificate of another authority", "unknown ca", _greet(address, other)),
        _row("an expired certificate", "certificate expired", _greet(address, keys.credentials("late", hours=0))),
        _row("a certificate of nobody's name", "permission denied", _read(cluster, keys.credentials("stranger"))),
        _row("another workload's keys", "permission denied", _read(cluster, serving, _OTHER)),
        _row("a workload's own keys, by its certificate", _LET_IN, _read(cluster, serving)),
    ]


def _row(fault: str, promise: str, found: str) -> Row:
    shown = promise if promise == _LET_IN else f"refused: {promise}"
    return Row(fault=fault, promise=shown, found=found, passed=promise in found.lower())


def _greet(address: str, shown: Credentials | None) -> str:
    """A handshake by who trusts the member whatever it shows: its own reasons are what is looked for."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if shown:
        context.load_cert_chain(shown.certificate, shown.key)
    with socket.create_connection((address, CLIENT_PORT), timeout=_SILENT) as plain:
        try:
            with context.wrap_socket(plain) as connection:
                connection.recv(1)  # with TLS 1.3, a client's certificate is judged after the handshake
        except ssl.SSLError as error:
            return f"refused: {(error.reason or str(error)).replace('_', ' ').lower()}"
        except TimeoutError:
            pass
    return _LET_IN


def _read(cluster: Members, credentials: Credentials, prefix: str = _OWN) -> str:
    with Connection(cluster.endpoints[:1], credentials) as connection:
        try:
            Keys(connection).get(f"{prefix}one")
        except EtcdError as error:
            return f"refused: {error}"
    return _LET_IN
