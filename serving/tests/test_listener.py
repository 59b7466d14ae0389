import asyncio
import socket

from autoglm_serving.listener import bind


def test_small_writes_do_not_wait_for_the_ones_before_them():
    """A token of a stream, or a body after its head: with Nagle on, each could wait for a late acknowledgement."""

    async def delays() -> list[int]:
        options: list[int] = []

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = writer.get_extra_info("socket")
            options.append(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = bind("127.0.0.1", 0)
        async with await asyncio.start_server(connected, sock=listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            await reader.read()
            writer.close()
            await writer.wait_closed()
        return options

    assert all(asyncio.run(delays()))
