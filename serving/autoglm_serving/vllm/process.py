"""vLLM as a child process: started so that it ends with us, its lines turned into ours, all of it ended together."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from autoglm_serving import logs

PR_SET_PDEATHSIG = 1

END_SECONDS = 30.0
"""What vLLM gets to end its processes, once nothing is open; then they are killed."""

_PREFIX = re.compile(r"\((?P<process>[A-Za-z]\w*(?: pid=\d+)?[^)]*)\) ")
_LINE = re.compile(
    r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):? +(?:[\d-]+ [\d:]+ \[(?P<where>[^\]]+)\] )?(?P<text>.*)"
)
_WRITE: dict[str, Callable[..., None]] = {
    "DEBUG": logs.debug,
    "INFO": logs.info,
    "WARNING": logs.warning,
    "ERROR": logs.error,
    "CRITICAL": logs.error,
}


class Child:
    """A process with a session of its own: signals of a terminal reach us alone."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  the command line is made of checked settings
            argv,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # while no other thread runs
        )
        self._reader = threading.Thread(target=self._read, name="vllm log", daemon=True)
        self._reader.start()

    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._process.poll()

    def end(self) -> None:
        """SIGTERM, and SIGKILL to what is left of its processes after a while."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()
        self._process.wait()
        self._reader.join(END_SECONDS)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  a pipe, as asked
        level = "INFO"
        for line in self._process.stdout:
            level = write(line.decode(errors="replace").rstrip(), level)


def write(line: str, level: str) -> str:
    """Log one line of vLLM's. `level` is the line's before, for those that go on with it; returns this one's."""
    prefix = _PREFIX.match(line)
    text = line[prefix.end() :] if prefix else line
    if text.startswith('{"time": '):  # the middleware's: it is one of ours already
        print(text, flush=True)
        return level
    if not text.strip():
        return level
    parsed = _LINE.match(text)
    fields = {"process": prefix["process"] if prefix else None, "where": parsed["where"] if parsed else None}
    level = parsed["level"] if parsed else level
    _WRITE[level](
        "vllm", message=parsed["text"] if parsed else text, **{name: told for name, told in fields.items() if told}
    )
    return level


def _end_with_parent() -> None:
    """In the child, before it becomes vLLM: should we be killed, the kernel ends it, too. Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
