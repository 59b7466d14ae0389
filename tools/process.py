"""Programs that the tools start: output to a log, a clear error, and no child left behind, not even after SIGKILL."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TAIL = 15  # lines of a log that an error shows
LAST_WORDS = 5.0  # seconds for what an ended program has written; something it started may hold the pipe open
CANCEL = 180.0  # seconds that a program gets to end by itself after SIGINT

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
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        _head(file, argv)
        with _started(argv, signal.SIGKILL, stdout=subprocess.PIPE, stderr=file, env=env, cwd=cwd) as child:
            try:
                output, _ = child.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                _end(child)
                child.communicate()
                raise ToolError(f"{_name(argv)}: not done after {timeout:.0f} s{tail(log)}") from None
        file.write(output)
    if child.returncode:
        raise ToolError(f"{_name(argv)} ended with {child.returncode}{tail(log)}")
    return output.decode(errors="replace")


def stream(
    argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str], cwd: Path, show: Callable[[str], None]
) -> None:
    """Runs a program in the foreground: every line goes to `show` and the log.

    KeyboardInterrupt reaches the program as one SIGINT, so that it can end what it has begun, and is raised when it has
    ended; a second one kills it. The end of this process interrupts it likewise. Raises ToolError if it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        _head(file, argv)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with _started(argv, signal.SIGINT, env=env, cwd=cwd, **pipes) as child:

            def pump() -> None:
                assert child.stdout is not None  # noqa: S101  it is a pipe
                with child.stdout:
                    for line in child.stdout:
                        file.write(line)
                        file.flush()
                        show(line.decode(errors="replace").rstrip("\n"))

            reader = threading.Thread(target=pump, daemon=True)
            reader.start()
            try:
                child.wait()
            except KeyboardInterrupt:
                child.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    child.wait(CANCEL)
                raise
            finally:
                reader.join(LAST_WORDS)
    if child.returncode:
        raise ToolError(f"{_name(argv)} ended with {child.returncode}; all that it said: {log}")


def tail(log: Path) -> str:
    """The end of a log, ready to be put behind an error."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL:] if log.exists() else []
    return "".join(f"\n    {line}" for line in lines) + f"\n    (all of it: {log})"


def end_children() -> None:
    """Ends what still runs: each child leads a process group of its own."""
    with _guard:
        children = list(_children)
    for child in children:
        _end(child)


@contextmanager
def _started(
    argv: Sequence[str | Path], at_death: signal.Signals, **options: object
) -> Iterator[subprocess.Popen[bytes]]:
    """The program in a session of its own, so that Ctrl-C reaches it through us alone; `at_death` of ours ends it."""
    guarded = [str(part) for part in argv]
    if shutil.which(guarded[0]) is None:
        raise ToolError(f"{guarded[0]}: no such program; install it, or see `make status`")
    if wrapper := shutil.which("setpriv"):
        guarded = [wrapper, "--pdeathsig", at_death.name.removeprefix("SIG"), "--", *guarded]
    try:
        child = subprocess.Popen(guarded, stdin=subprocess.DEVNULL, start_new_session=True, **options)  # type: ignore[call-overload]
    except OSError as error:
        raise ToolError(f"{argv[0]}: cannot be started: {error.strerror}") from None
    with _guard:
        _children.add(child)
    try:
        yield child
    finally:
        _end(child)
        with _guard:
            _children.discard(child)


def _head(file: object, argv: Sequence[str | Path]) -> None:
    file.write(f"$ {' '.join(map(str, argv))}\n".encode())  # type: ignore[attr-defined]
    file.flush()  # type: ignore[attr-defined]


def _name(argv: Sequence[str | Path]) -> str:
    return Path(argv[0]).name


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
