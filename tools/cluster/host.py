"""What the machine sees of the node: its init, its processes, and the link to it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.errors import ClusterError
from tools.cluster.settings import ClusterSettings

UPLINK = "uplink"  # the node's end of the link
_PROC = Path("/proc")


@dataclass(frozen=True)
class Member:
    """A process of the node. `inner` is its PID there, None for those of containers; resident memory in MiB."""

    pid: int
    inner: int | None
    memory: float


def find_init(s: ClusterSettings) -> int | None:
    """The init's PID on the machine. Its command line and its own PID namespace tell it from anything else, so no file
    with a PID can be lost or point to a stranger."""
    tail = ["-m", "tools.cluster.init", str(s.folder)]
    for pid in _pids():
        try:
            arguments = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            if arguments[-len(tail) :] == tail and _inner(pid) == 1:
                return pid
        except OSError:
            continue  # it ended meanwhile
    return None


def end_init(s: ClusterSettings, patience: float = 10) -> None:
    """Ends the node: SIGTERM, and SIGKILL after `patience` seconds. Does nothing if it is not there."""
    pid = find_init(s)
    if pid is None:
        return
    descriptor = os.pidfd_open(pid)
    try:
        if find_init(s) != pid:  # the number could have passed to another process before it was opened
            return
        for signal_number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
            signal.pidfd_send_signal(descriptor, signal_number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if find_init(s) is None:
                    return
                time.sleep(0.02)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)
    raise ClusterError(f"init of {s.name!r}: PID {pid} does not end, not even by SIGKILL; see /proc/{pid}/stack")


def members(s: ClusterSettings) -> list[Member]:
    """Every process in the node's cgroup."""
    found = []
    for pid in _pids():
        try:
            folder = _PROC / str(pid)
            if f":/{s.node}/" not in (folder / "cgroup").read_text():
                continue
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
            namespaced = status["NSpid"].split()
            resident = float(status.get("VmRSS", "0").split()[0]) / 1024
            found.append(Member(pid, int(namespaced[1]) if len(namespaced) == 2 else None, resident))
        except (OSError, KeyError):
            continue
    return found


def enter(pid: int, *namespaces: str) -> list[str]:
    """The start of a command line that runs in the node; its working directory is the root folder."""
    return ["nsenter", "--target", str(pid), *(f"--{name}" for name in namespaces), "--"]


def connect(s: ClusterSettings, init: int) -> None:
    """Makes what is missing of the link and its routes. Without a default route the node reaches this machine only."""
    inside = enter(init, "net")
    both = _has(["ip"], s.link) and _has([*inside, "ip"], UPLINK)
    if not both:
        disconnect(s)
        try:
            _ip(["ip"], f"link add {s.link} type veth peer name {UPLINK} netns {init}")
        except ClusterError as problem:
            raise ClusterError(f"kernel feature virtual Ethernet (CONFIG_VETH): {problem}") from None
    _ip(
        ["ip"],
        f"address replace {s.host_address}/30 dev {s.link}",
        f"link set {s.link} up",
        f"route replace {s.service_range} via {s.node_address} dev {s.link}",
        f"route replace {s.pod_range} via {s.node_address} dev {s.link}",
    )
    _ip(
        [*inside, "ip"],
        f"address replace {s.node_address}/30 dev {UPLINK}",
        f"link set {UPLINK} up",
        # without a route no packet to a Service is made, and kube-proxy could not turn it to a pod
        f"route replace {s.service_range} dev {UPLINK} src {s.node_address}",
    )


def disconnect(s: ClusterSettings) -> None:
    """The routes go with the link. The kernel removes it too, some time after the node's end; then there is none."""
    if _has(["ip"], s.link):
        subprocess.run(["ip", "link", "delete", s.link], capture_output=True)


def _has(ip: list[str], link: str) -> bool:
    return subprocess.run([*ip, "link", "show", "dev", link], capture_output=True).returncode == 0


def _ip(ip: list[str], *commands: str) -> None:
    done = subprocess.run([*ip, "-batch", "-"], input="\n".join(commands) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"ip {'; '.join(commands)}: {' '.join(done.stderr.split())}")


def _inner(pid: int) -> int | None:
    """PID one namespace below ours, None for a process of our own namespace."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("NSpid:"):
            numbers = line.split()[1:]
            return int(numbers[1]) if len(numbers) == 2 else None
    return None


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
