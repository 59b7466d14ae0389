"""One command at a time that changes `.tools/`; the kernel frees the lock when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tools.paths import TOOLS
from tools.process import ToolError

LOCK = TOOLS / "lock"


@contextmanager
def alone(command: str) -> Iterator[None]:
    """Holds the lock while `command` runs. Raises ToolError, naming the other one, if it is held."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ToolError(f"{file.read().strip() or 'another command'} is running here; wait for its end") from None
        file.truncate(0)
        file.write(f"`{command}` (process {os.getpid()})")
        file.flush()
        yield
