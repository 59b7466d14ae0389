"""Who is no member: a user's certificate is of the same authority, and must not open the peers' port."""

import socket
import ssl

import pytest

from tests.harness import members
from tests.harness.members import Members

pytestmark = pytest.mark.integration


def shaken(pods: Members, user: str, port: int) -> bool:
    """Whether a member takes this certificate: with TLS 1.3 it says no in place of its first answer."""
    made = pods.keys.credentials(user)
    context = ssl.create_default_context(cafile=str(made.ca))
    context.load_cert_chain(made.certificate, made.key)
    address = pods.address(0)
    with (
        socket.create_connection((address, port), 10) as raw,
        context.wrap_socket(raw, server_hostname=address) as tls,
    ):
        tls.sendall(b"GET /version HTTP/1.1\r\nHost: etcd\r\n\r\n")
        try:
            return tls.recv(1) != b""
        except (ssl.SSLError, ConnectionError):
            return False


def test_a_user_can_be_a_client_and_never_a_peer(tmp_path):
    with members.running(tmp_path / "cluster", size=1) as pods:
        assert shaken(pods, "serving", 2379)
        assert not shaken(pods, "serving", 2380)
        assert shaken(pods, pods.shape.name, 2380)
