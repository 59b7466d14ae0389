"""The life of `waiting-room`: listen, watch the servers, let who waits wait on after a SIGTERM."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvicorn

from autoglm_serving import logs
from autoglm_serving.errors import SettingsError
from autoglm_serving.listener import HttpServer, bind
from autoglm_serving.waiting_room.app import create_app
from autoglm_serving.waiting_room.room import Room
from autoglm_serving.waiting_room.watch import watch

_BOUNDS = {
    "upstream_port": (1, 65535),
    "port": (0, 65535),
    "places": (1, 10_000),
    "patience": (1, 3600),
    "settle": (0, 60),
    "retry_after": (1, 3600),
}


@dataclass(frozen=True, kw_only=True)
class WaitingRoomSettings:
    """Times in seconds."""

    upstream_host: str
    upstream_port: int = 8000
    host: str = "0.0.0.0"  # noqa: S104  to listen on: the pod's own
    port: int = 8000
    places: int = 100
    patience: int = 240
    settle: int = 3
    retry_after: int = 30

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            if not least <= (value := getattr(self, name)) <= most:
                flag = name.replace("_", "-")
                raise SettingsError(f"--{flag}: {value} is not allowed: use a number from {least} to {most}")


def run(settings: WaitingRoomSettings) -> int:
    logs.configure("info")
    room = Room(places=settings.places, patience=settings.patience, settle=settings.settle)
    app = create_app(room, settings.retry_after)
    app.router.lifespan_context = lambda _: _watching(room, settings)
    config = uvicorn.Config(
        app,
        http="h11",  # bounds the size of a request's head
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.patience + settings.settle,
    )
    listener = bind(settings.host, settings.port)
    listener.listen(config.backlog)
    host, port = listener.getsockname()[:2]
    logs.info("listening", host=host, port=port, places=settings.places)
    asyncio.run(_serve(HttpServer(config), listener))
    return 0


async def _serve(server: HttpServer, listener: socket.socket) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
    await server.serve(sockets=[listener])


@contextlib.asynccontextmanager
async def _watching(room: Room, settings: WaitingRoomSettings) -> AsyncIterator[None]:
    task = asyncio.create_task(watch(room, settings.upstream_host, settings.upstream_port))
    try:
        yield
    finally:
        task.cancel()
