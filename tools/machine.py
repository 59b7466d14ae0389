"""What this machine is and has: collected without changing anything, standard library only."""

import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.cluster_choice import KIND_KUBECONFIG
from tools.paths import BUILD, TOOLS

GIB = 1 << 30
PROGRAMS: Mapping[str, Sequence[str]] = {  # program -> arguments that make it say its version
    "python3": ("--version",),
    "git": ("--version",),
    "make": ("--version",),
    "go": ("version",),
    "docker": ("--version",),
    "kind": ("--version",),
    "kubectl": ("version", "--client"),
    "pulumi": ("version",),
    "apt-get": ("--version",),
    "dpkg-deb": ("--version",),
    "ip": ("-V",),
    "nsenter": ("--version",),
    "unshare": ("--version",),
    "setpriv": ("--version",),
}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_PROBE = (  # in namespaces that end with it, so nothing is left; each name is echoed if the kernel can do it
    "ip link add v0 type veth peer name v1 && echo veth; ip link add b0 type bridge && echo bridge;"
    "test -e /proc/sys/net/bridge/bridge-nf-call-iptables && echo br_netfilter; echo namespaces"
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Memory and disk are in GiB; `features` says of each kernel feature whether it is there, None if only root can
    tell; `programs` has the version of each program found; `busy` the ports that something listens on."""

    root: bool
    system: str
    python: tuple[int, int]
    cores: int
    memory: float
    memory_free: float
    disk_free: float
    cgroup: int | None
    features: Mapping[str, bool | None]
    programs: Mapping[str, str]
    docker: bool = False
    proxies: Sequence[str] = ()
    busy: Sequence[int] = ()
    built: bool = False
    """Whether an earlier run has built the node's programs already."""
    overlap: str | None = None
    """What is wrong with the embedded node's addresses, if anything."""
    embedded_runs: bool = False
    kind_runs: bool = False
    """Whether a cluster of ours by `kind` is there, whose ports are in use by right."""


def collect(ports: Sequence[int] = ()) -> Facts:
    """Takes under a second, but for Docker, which gets 10 s to answer; `ports` are tried on every address."""
    with ThreadPoolExecutor(len(PROGRAMS)) as pool:
        versions = dict(zip(PROGRAMS, pool.map(version_of, PROGRAMS), strict=True))
    memory = _memory()
    root = os.geteuid() == 0
    runs, overlap = _embedded(root)
    return Facts(
        root=root,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=sys.version_info[:2],
        cores=len(os.sched_getaffinity(0)),
        memory=memory["MemTotal"],
        memory_free=memory["MemAvailable"],
        disk_free=shutil.disk_usage(_existing(TOOLS)).free / GIB,
        cgroup=_cgroup(),
        features=_features(root),
        programs={name: version for name, version in versions.items() if version is not None},
        docker=bool(versions["docker"]) and docker_answers(),
        proxies=[name for name in PROXIES if os.environ.get(name) or os.environ.get(name.lower())],
        busy=[port for port in ports if _busy(port)],
        built=any(BUILD.glob("kubernetes-*-????????")),
        overlap=overlap,
        embedded_runs=runs,
        kind_runs=KIND_KUBECONFIG.exists(),
    )


def free_memory() -> float:
    """GiB."""
    return _memory()["MemAvailable"]


def _memory() -> dict[str, float]:
    lines = re.findall(r"^(\w+):\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return {name: int(number) * 1024 / GIB for name, number in lines}


def version_of(program: str) -> str | None:
    """Such as `1.26.8`; empty if it does not say, None if it is not on PATH."""
    if shutil.which(program) is None:
        return None
    try:
        done = subprocess.run(
            [program, *PROGRAMS[program]], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout or done.stderr) if done.returncode == 0 else None
    return found[0] if found else ""


def docker_answers() -> bool:
    try:
        done = subprocess.run(["docker", "info", "--format", "{{.ServerVersion}}"], capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and bool(done.stdout.strip())


def _embedded(root: bool) -> tuple[bool, str | None]:
    """Whether the embedded node runs, and what is wrong with its addresses."""
    from tools.cluster.errors import ClusterError
    from tools.cluster.host import find_init
    from tools.cluster.ranges import check
    from tools.cluster.settings import ClusterSettings

    try:
        settings = ClusterSettings.load()
        if find_init(settings):
            return True, None
        if root and shutil.which("ip"):
            check(settings)
    except ClusterError as problem:
        return False, str(problem)
    return False, None


def _features(root: bool) -> dict[str, bool | None]:
    overlay = re.search(r"\boverlay$", Path("/proc/filesystems").read_text(), re.MULTILINE)
    names = ("namespaces", "veth", "bridge", "br_netfilter")
    if not root or not shutil.which("unshare") or not shutil.which("ip"):
        return {"overlay": bool(overlay) or None, **dict.fromkeys((*names, "nf_tables"))}
    argv = ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "sh", "-c", _PROBE]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    said = done.stdout.split()
    return {"overlay": bool(overlay), **{name: name in said for name in names}, "nf_tables": _nf_tables()}


def _nf_tables() -> bool:
    """Asks the kernel for nf_tables' generation: NFT_MSG_GETGEN (16) of NFNL_SUBSYS_NFTABLES (10); another kernel
    answers with an error (NLMSG_ERROR, 2)."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as kernel:  # NETLINK_NETFILTER
            kernel.settimeout(2)
            kernel.send(struct.pack("=IHHII", 20, 10 << 8 | 16, 1, 1, 0) + bytes(4))
            return bool(struct.unpack_from("=H", kernel.recv(4096), 4)[0] != 2)
    except OSError:
        return False


def _cgroup() -> int | None:
    mount = Path("/sys/fs/cgroup")
    if (mount / "cgroup.controllers").exists():
        return 2
    return 1 if (mount / "memory").is_dir() else None


def _busy(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  only to see whether it is free
        except OSError:
            return True
    return False


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
