"""What a killed engine leaves on this machine: locks of the file backend, and its language host."""

import json
import os
import signal
from pathlib import Path

from tools.paths import BIN


def holder(lock: Path) -> int | None:
    """The process that holds a lock of the file backend, if it is still a Pulumi."""
    try:
        pid = int(json.loads(lock.read_text())["pid"])
        return pid if b"pulumi" in (Path("/proc") / str(pid) / "cmdline").read_bytes() else None
    except (OSError, ValueError, KeyError):
        return None


def end_orphans() -> None:
    """The language host outlives a killed engine; ours is told by its program and its dead session."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            program = (folder / "cmdline").read_bytes().split(b"\0")[0].decode()
            session = os.getsid(int(folder.name))
            if program == str(BIN / "pulumi-language-python") and not _lives(session):
                os.kill(int(folder.name), signal.SIGTERM)
        except OSError:
            continue  # it ended meanwhile


def _lives(pid: int) -> bool:
    """Neither gone nor a zombie that nobody has waited for (proc_pid_stat(5): the state follows the name)."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
