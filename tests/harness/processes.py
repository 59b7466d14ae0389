"""Programs that a test starts: their words in a log, ended by their own pid."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.harness.waiting import until


@contextlib.contextmanager
def running(
    argv: Sequence[str | Path], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_ready(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    """Until `ready`, which may meet a closed port. Raises AssertionError with the log where the program ends before."""

    def looked() -> bool:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError):
            return ready()
        return False

    until(looked, log.read_text)
