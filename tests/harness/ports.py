"""Ports of the loopback interface for programs that can't choose one themselves."""

import contextlib
import random
import socket

# Below those that the kernel gives to whoever connects: one of them could be taken, even by who retries to reach it
# (on one machine that connection meets itself), before the program listens, or while a test has it stopped.
_RANGE = range(10_000, 30_000)  # above: the embedded node's NodePorts


def free_ports(count: int) -> list[int]:
    """Different ones, on which nobody listens now."""
    with contextlib.ExitStack() as held:
        return [_held(held) for _ in range(count)]


def _held(stack: contextlib.ExitStack) -> int:
    while True:
        port = random.choice(_RANGE)  # noqa: S311  only to be another's not
        with contextlib.suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return port
