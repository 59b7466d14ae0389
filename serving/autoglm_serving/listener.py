"""The socket that a command listens on, and the HTTP server on it."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from autoglm_serving.errors import SettingsError


class HttpServer(uvicorn.Server):
    """Leaves the signals to us: uvicorn would close the door on the first one and never hurry on a second SIGTERM."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """Take the port before minutes go into loading; nobody is answered until uvicorn listens."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        # Without its protocol asyncio leaves Nagle on: a small write waits up to 40 ms for the one before it.
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise SettingsError(
            f"--host {host} --port {port}: can't listen there: {error.strerror or error};"
            " choose another, or stop what listens there"
        ) from error
    return listener
