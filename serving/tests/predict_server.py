"""A server of predict models alone, which starts without torch."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness import Server, command, environment, listening_port


@contextlib.contextmanager
def running_predict_server(repository: Path, log: Path, *flags: str) -> Iterator[Server]:
    """Ends with SIGTERM, and checks that this is its end."""
    address = ("--host", "127.0.0.1", "--port", "0", "--threads", "1")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command("serve", "--predict-repository", repository, *address, *flags),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
        )
    try:
        yield Server(process, listening_port(process, log), log)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
