"""A server of predict models alone, which starts without torch."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from harness import Server, command, running


@contextlib.contextmanager
def running_predict_server(repository: Path, log: Path, *flags: str) -> Iterator[Server]:
    """Ends with SIGTERM, and checks that this is its end."""
    address = ("--host", "127.0.0.1", "--port", "0", "--threads", "1")
    with running(command("serve", "--predict-repository", repository, *address, *flags), log) as server:
        yield server
