"""The client before servers that do not answer as one should."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.errors import Unreachable
from tools.providers.kubernetes.kubeconfig import Connection


@pytest.fixture
def hanging_up() -> Iterator[tuple[str, list[int]]]:
    """A server that ends every connection before TLS begins, and the count of those."""
    seen: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, (_, port) = listener.accept()
                except OSError:
                    return
                connection.recv(1024)
                connection.sendall(b"this is not TLS")
                connection.close()
                seen.append(port)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)


def test_a_server_that_speaks_no_tls_is_soon_given_up(hanging_up: tuple[str, list[int]]) -> None:
    server, seen = hanging_up
    with pytest.raises(Unreachable, match="does not answer"):
        Client(Connection(server=server, verify=False)).get_json("/version")
    assert len(seen) <= 3


def test_a_silent_server_is_not_asked_again_at_once(hanging_up: tuple[str, list[int]]) -> None:
    server, seen = hanging_up
    client = Client(Connection(server=server, verify=False))
    for _ in range(5):
        with pytest.raises(Unreachable):
            client.get_json("/version")
    assert len(seen) <= 3
