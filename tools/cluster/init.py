"""PID 1 of the node: starts its processes, starts again what ends, and keeps a record of it in state.json.

`python -m tools.cluster.init FOLDER` joins the node's cgroup, makes the namespaces and leaves the init in them. The
kernel ends everything inside when the init ends, however it ends. Standard library only: it stays small in memory.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tools.cluster import cgroups
from tools.cluster.api import Api
from tools.cluster.inside import SetupError, prepare

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x04000000, 0x20000000, 0x40000000
FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0  # seconds between an exit and the next start; doubles with each short life
SHORT_LIFE = 10.0  # seconds
GRACE = 3.0  # seconds for everything to end by itself
LOG_LIMIT = 10 << 20  # bytes; a longer log is put aside at the next start of its process
_SIGNALS = {s.value: s.name for s in signal.Signals}  # real-time signals have no name
_WATCHED = {signal.SIGCHLD, signal.SIGTERM}


@dataclass
class Supervised:
    name: str
    argv: list[str]
    waits_for_api: bool
    state: str = "waiting"  # for its turn; "running"; "backoff" between an exit and the next start
    pid: int | None = None  # in the node's PID namespace
    restarts: int = 0
    since: float = field(default_factory=time.time)  # of this state; seconds since 1970
    last_exit: str = ""
    due: float = 0.0  # of the clock `time.monotonic`
    delay: float = FIRST_DELAY

    def start(self, log: Path, environment: Mapping[str, str]) -> None:
        """What hinders it (the program gone, the disk full) may pass: it is tried again, as after an exit."""
        try:
            self._spawn(log, environment)
        except OSError as problem:
            self._failed(str(problem))

    def _spawn(self, log: Path, environment: Mapping[str, str]) -> None:
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        self.pid = os.posix_spawn(
            self.argv[0],
            self.argv,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE],
        )
        self.state, self.since = "running", time.time()

    def ended(self, status: int) -> None:
        code = os.waitstatus_to_exitcode(status)
        self._failed(f"signal {_SIGNALS.get(-code, -code)}" if code < 0 else f"exit code {code}")

    def _failed(self, reason: str) -> None:
        lived = time.time() - self.since if self.state == "running" else 0.0
        self.last_exit = reason
        self.delay = FIRST_DELAY if lived > SHORT_LIFE else min(self.delay * 2, LONGEST_DELAY)
        self.pid, self.state, self.since = None, "backoff", time.time()
        self.restarts += 1
        self.due = time.monotonic() + self.delay


class Init:
    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.plan = plan
        self.folder = Path(plan["folder"])
        self.processes = [Supervised(**process) for process in plan["processes"]]
        self.started = time.time()
        self.problem = ""
        self._written = ""

    def run(self) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        self.record()
        try:
            prepare(self.plan)
        except (SetupError, OSError) as problem:
            self.problem = str(problem)
            self.record()
            return 1
        api = Api(self.plan["api_server"], Path(self.plan["authority"]))
        gate_open = False
        while True:
            waiting = any(p.waits_for_api and p.state == "waiting" for p in self.processes)
            gate_open = gate_open or (waiting and api.ready())
            for process in self.processes:
                if process.pid is None and process.due <= time.monotonic() and (gate_open or self._may(process)):
                    process.start(self.folder / "log" / f"{process.name}.log", self.plan["environment"])
            self.record()
            received = signal.sigtimedwait(_WATCHED, self._pause(poll=waiting and not gate_open))
            if received is not None and received.si_signo == signal.SIGTERM:
                self.shut_down()
                return 0
            self.reap()

    @staticmethod
    def _may(process: Supervised) -> bool:
        return not (process.waits_for_api and process.state == "waiting")

    def _pause(self, poll: bool) -> float:
        dues = [p.due - time.monotonic() for p in self.processes if p.state == "backoff"]
        return max(0.0, min([0.1 if poll else 60.0, *dues]))

    def reap(self) -> None:
        """Everybody's children: an orphan of the namespace becomes the init's."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                for process in self.processes:
                    if process.pid == ended[0]:
                        process.ended(ended[1])

    def shut_down(self) -> None:
        """kubelet first, so that it starts nothing again; then all, containers too, with some time to end well."""
        for process in self.processes:
            if process.name == "kubelet" and process.pid:
                os.kill(process.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while any(p.pid for p in self.processes) and (left := deadline - time.monotonic()) > 0:
            signal.sigtimedwait(_WATCHED, left)
            self.reap()

    def record(self) -> None:
        rows = [asdict(p) for p in self.processes]
        for row in rows:
            for internal in ("argv", "waits_for_api", "due", "delay"):
                del row[internal]
        state = {"generation": self.plan["generation"], "started": self.started, "problem": self.problem}
        text = json.dumps(state | {"processes": rows}, indent=1)
        if text != self._written:
            # a full disk costs the record, not the node
            with contextlib.suppress(OSError):
                part = self.folder / ".state.part"
                part.write_text(text)
                part.replace(self.folder / "state.json")
                self._written = text


def main(folder: Path) -> int:
    plan = json.loads((folder / "node.json").read_text())
    cgroups.join(plan["node"], os.getpid())
    os.chdir(folder)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare: the node's namespaces were refused")
    if os.fork():
        return 0  # the child is the init; nobody waits for it here
    return Init(plan).run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
