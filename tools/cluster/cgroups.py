"""The node's cgroup, in both versions of the kernel's interface; every function takes the mount point, so that tests
bring a folder. Version 2 was only ever tried that way.

Below the node's cgroup lie `node` (init and its processes) and `kubepods` (kubelet's). Version 2 allows processes only
in leaves, so the same layout serves both.
"""

import time
from pathlib import Path

from tools.cluster.errors import ClusterError

MOUNT = Path("/sys/fs/cgroup")
NEEDED_V1 = ("cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids")
NEEDED_V2 = ("cpu", "cpuset", "memory", "pids")
LEAF = "node"


def version(mount: Path = MOUNT) -> int:
    return 2 if (mount / "cgroup.controllers").exists() else 1


def create(name: str, mount: Path = MOUNT) -> None:
    """ClusterError names the controllers that the kernel does not give, or the file that it refused."""
    try:
        if version(mount) == 2:
            _create_v2(name, mount)
        else:
            _create_v1(name, mount)
    except OSError as problem:
        raise ClusterError(
            f"cgroup version {version(mount)}: {problem.filename}: {problem.strerror}; the node writes below {mount}, "
            f"which in a container takes --privileged and the host's cgroup namespace"
        ) from problem


def join(name: str, pid: int, mount: Path = MOUNT) -> None:
    """Moves a process, and with it what it starts, into the node's leaf."""
    for hierarchy in _hierarchies(mount):
        (hierarchy / name / LEAF / "cgroup.procs").write_text(str(pid))


def remove(name: str, mount: Path = MOUNT, patience: float = 10) -> None:
    """Removes the cgroup and all below it. The kernel lets go of dead processes late: `patience` is in seconds."""
    deadline = time.monotonic() + patience
    while left := [top for h in _hierarchies(mount) if (top := h / name).is_dir() and not _remove(top)]:
        if time.monotonic() > deadline:
            raise ClusterError(
                f"cgroup {left[0]}: still in use {patience:.0f} s after the node ended; "
                f"see which processes are in its cgroup.procs files"
            )
        time.sleep(0.05)


def exists(name: str, mount: Path = MOUNT) -> bool:
    return any((hierarchy / name).is_dir() for hierarchy in _hierarchies(mount))


def _create_v1(name: str, mount: Path) -> None:
    if missing := [controller for controller in NEEDED_V1 if not (mount / controller).is_dir()]:
        raise ClusterError(f"cgroup version 1: {', '.join(missing)} not mounted under {mount}; kubelet needs them")
    for hierarchy in _hierarchies(mount):
        for folder in (hierarchy / name, hierarchy / name / LEAF):
            folder.mkdir(exist_ok=True)
            # a new cpuset is empty, and no process may join it then
            for file in ("cpuset.cpus", "cpuset.mems"):
                if (folder.parent / file).exists():
                    (folder / file).write_text((folder.parent / file).read_text().strip())


def _create_v2(name: str, mount: Path) -> None:
    given = (mount / "cgroup.controllers").read_text().split()
    if missing := [controller for controller in NEEDED_V2 if controller not in given]:
        raise ClusterError(
            f"cgroup version 2: controllers {', '.join(missing)} are not in {mount}/cgroup.controllers; "
            f"in a container, run it with the host's cgroup namespace; on a host, check the kernel's command line"
        )
    top = mount / name
    _enable(mount)
    top.mkdir(exist_ok=True)
    _enable(top)
    (top / LEAF).mkdir(exist_ok=True)


def _enable(folder: Path) -> None:
    """Hands the controllers down to the children; those that are there already are not touched."""
    control = folder / "cgroup.subtree_control"
    enabled = control.read_text().split()
    if not (missing := [f"+{controller}" for controller in NEEDED_V2 if controller not in enabled]):
        return
    try:
        control.write_text(" ".join(missing))
    except OSError as problem:
        raise ClusterError(
            f"cgroup version 2: {' '.join(missing)} in {control}: {problem.strerror}; "
            f"processes in that cgroup itself prevent it, as in a container with a cgroup namespace of its own"
        ) from problem


def _hierarchies(mount: Path) -> list[Path]:
    """Version 1 has one per controller, some of them links to a shared one, and often a `unified` one besides."""
    if version(mount) == 2:
        return [mount]
    return sorted({entry.resolve() for entry in mount.iterdir() if (entry / "cgroup.procs").exists()})


def _remove(top: Path) -> bool:
    """Children first; False if something in it is still alive."""
    folders = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
    for folder in [*folders, top]:
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True
