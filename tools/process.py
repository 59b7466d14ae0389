"""Programs that the tools start: output to a log, a clear error, and no child left behind."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL = 15  # lines of a log that an error shows

_children: set[subprocess.Popen[bytes]] = set()
_guard = threading.Lock()


class ToolError(Exception):
    """Something that the tools need failed; the message says what, why and, where it is known, the fix."""


def run(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Runs a program to its end and returns its standard output; both of its streams go to the end of `log`.

    `timeout` is in seconds. Raises ToolError, with the last lines of the log, if the program is missing, fails or
    takes longer.
    """
    name = Path(argv[0]).name
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.write(f"$ {' '.join(map(str, argv))}\n".encode())
        file.flush()
        try:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, env=env, cwd=cwd,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ToolError(f"{argv[0]}: cannot be started: {error.strerror}") from None
        with _guard:
            _children.add(child)
        try:
            output, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ToolError(f"{name}: not done after {timeout:.0f} s{tail(log)}") from None
        finally:
            _end(child)
            with _guard:
                _children.discard(child)
        file.write(output)
    if child.returncode:
        raise ToolError(f"{name} ended with {child.returncode}{tail(log)}")
    return output.decode(errors="replace")


def tail(log: Path) -> str:
    """The end of a log, ready to be put behind an error."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL:] if log.exists() else []
    return "".join(f"\n    {line}" for line in lines) + f"\n    (all of it: {log})"


def end_children() -> None:
    """Ends what still runs, for Ctrl-C: each child leads a process group of its own."""
    with _guard:
        children = list(_children)
    for child in children:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
