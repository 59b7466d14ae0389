"""Is one of the servers ready? Asked while someone waits, and not otherwise."""

import asyncio
import socket

from autoglm_serving.waiting_room.room import Room

_EVERY = 0.5  # seconds
_TIMEOUT = 5.0  # seconds; a server that loads may be slow to answer
_REQUEST = b"GET /ready HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n"


async def watch(room: Room, host: str, port: int) -> None:
    """Never ends. `host`: a name whose addresses are the servers'; without any, it need not be known."""
    while True:
        room.tell(ready=room.waiting > 0 and await any_ready(host, port))
        await asyncio.sleep(_EVERY)


async def any_ready(host: str, port: int) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    answers = [asyncio.create_task(_ready(str(address[0]), port)) for *_, address in found]
    try:
        for answer in asyncio.as_completed(answers):
            if await answer:
                return True
    finally:
        for task in answers:
            task.cancel()
    return False


async def _ready(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(_REQUEST)
                return (await reader.readline()).split(maxsplit=2)[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
