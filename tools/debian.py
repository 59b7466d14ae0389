"""Debian and Ubuntu packages unpacked into a folder: nothing is installed and nothing on the host changes.

apt works with lists, cache and state of its own, so any user may run it, but with the host's sources, keys, pins and
proxies: signatures are checked as on the host. Package tables name alternatives as Debian's control files do
(`libssl3t64 | libssl3`); the first one that the host's release has is taken. Dependencies are not followed: a table is
the whole truth about what it brings in.
"""

import fcntl
import hashlib
import inspect
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path

from tools.paths import BUILD, TOOLS
from tools.process import ToolError, run

HOST = TOOLS / "host"
HOST_TOOLS = (
    "containerd",
    "runc",
    "libseccomp2",  # of runc
    "containernetworking-plugins",
    "conntrack",  # of kube-proxy
    "libnetfilter-conntrack3",
    "libnfnetlink0",
    "iptables",
    "libip4tc2",
    "libip6tc2",
    "libxtables12",
    "libnftnl11",
    "libmnl0",
)
IPTABLES = tuple(f"{family}{action}" for family in ("iptables", "ip6tables") for action in ("", "-save", "-restore"))

Finish = Callable[[Path, Path], None]  # of the unpacked folder and the log

MERGED = ("bin", "sbin", "lib", "lib64")  # links into usr/, as on every Debian since 12 and Ubuntu since 20.04
RECORDS = Path("var/lib/dpkg/status.d")  # where image scanners look for the packages of an image without dpkg
TIMEOUT = 600.0  # seconds for one command of apt or dpkg
KEPT_SETTINGS = ("APT::Architecture", "Acquire::")  # of the host's apt.conf: no hooks, which would act on the host


def host_tools(log: Path) -> Path:
    """The folder that `.tools/host` names: containerd, runc, CNI plugins and iptables below `usr/`."""
    folder = prefix("host-tools", HOST_TOOLS, log, finish=_choose_iptables)
    link = HOST.with_suffix(".part")
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(folder, HOST.parent))
    link.rename(HOST)
    return folder


def _choose_iptables(folder: Path, _log: Path) -> None:
    """The links that Debian's `update-alternatives` makes on installation, to its default, nf_tables."""
    for name in IPTABLES:
        family, dash, action = name.partition("-")
        (folder / "usr/sbin" / name).symlink_to(f"{family}-nft{dash}{action}")


def prefix(name: str, packages: Sequence[str], log: Path, finish: Finish | None = None) -> Path:
    """`.tools/build/<name>-<table>-<versions>` with the packages unpacked and `finish(folder, log)` applied.

    A folder made from the same table is taken as it is, without asking for later versions. The keys are 8 digits of
    SHA-256, that of the table covers the module of `finish` too. The folder appears when it is whole.
    """
    table = _key([*packages, Path(inspect.getfile(finish or prefix)).read_text()])
    with one_at_a_time(BUILD / "debian.lock"):
        made = sorted(BUILD.glob(f"{name}-{table}-????????"), key=lambda path: path.stat().st_mtime)
        return made[-1] if made else _make(name, table, packages, log, finish)


def _make(name: str, table: str, packages: Sequence[str], log: Path, finish: Finish | None) -> Path:
    part = BUILD / f"{name}-{table}.part"
    shutil.rmtree(part, ignore_errors=True)
    versions = extract(packages, part, log)
    if finish:
        finish(part, log)
    return part.rename(BUILD / f"{name}-{table}-{_key([f'{name}={version}' for name, version in versions.items()])}")


def extract(packages: Sequence[str], dest: Path, log: Path) -> Mapping[str, str]:
    """Unpack the packages into the new folder `dest` and return their versions, which `RECORDS` below it keeps.

    Raises ToolError where there is no apt, a package is in no source, or a download or its signature fails.
    """
    environment = _update(log)
    versions = _candidates(packages, environment, log)
    downloads = dest.with_suffix(".debs")
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    exact = [f"{name}={version}" for name, version in versions.items()]
    run(["apt-get", "download", *exact], log=log, env=environment, cwd=downloads, timeout=TIMEOUT)
    records = dest / RECORDS
    records.mkdir(parents=True)
    for archive in sorted(downloads.iterdir()):
        run(["dpkg-deb", "--extract", str(archive), str(dest)], log=log, timeout=TIMEOUT)
        control = run(["dpkg-deb", "--field", str(archive)], log=log, timeout=TIMEOUT)
        (records / archive.name.split("_")[0]).write_text(control)
    shutil.rmtree(downloads)
    _merge(dest)
    return versions


def _merge(dest: Path) -> None:
    """dpkg-deb would replace a link by the folder of the archive, so the links come afterwards."""
    for name in MERGED:
        folder = dest / name
        if folder.is_dir():
            shutil.copytree(folder, dest / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(folder)
        folder.symlink_to(f"usr/{name}")


def _candidates(packages: Sequence[str], environment: Mapping[str, str], log: Path) -> Mapping[str, str]:
    """The version that apt would install of each package, by name."""
    choices = [[name.strip() for name in package.split("|")] for package in packages]
    policy = run(["apt-cache", "policy", *chain(*choices)], log=log, env=environment, timeout=TIMEOUT)
    known = dict(re.findall(r"^(\S+):\n.*\n  Candidate: (?!\(none\))(\S+)$", policy, re.MULTILINE))
    if missing := [" | ".join(names) for names in choices if not known.keys() & names]:
        raise ToolError(
            f"{', '.join(missing)}: in none of apt's sources; enable `main` (Debian) or `universe` (Ubuntu) in "
            "/etc/apt, or see whether `apt-get update` can reach them"
        )
    return {name: known[name] for name in (next(name for name in names if name in known) for names in choices)}


@cache
def _update(log: Path) -> Mapping[str, str]:
    """Fetch the package lists, once in a run; the environment in which apt uses them."""
    if absent := [command for command in ("apt-get", "dpkg-deb") if not shutil.which(command)]:
        raise ToolError(
            f"{', '.join(absent)}: not found, so this is neither Debian nor Ubuntu, whose packages the node needs; "
            "give a cluster of your own with `--context`, or install `kind` and Docker"
        )
    home = BUILD / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "log", "none"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "status").touch()
    settings = {
        "Dir::State": home,
        "Dir::State::lists": home / "lists",
        "Dir::State::status": home / "status",
        "Dir::Cache": home / "cache",
        "Dir::Log": home / "log",
        "Dir::Etc::parts": home / "none",
        "Dir::Etc::main": home / "none/apt.conf",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": 3,
        "Acquire::http::Timeout": 30,
        "Acquire::https::Timeout": 30,
    }
    # Not through `run`, which logs: a proxy's address may hold a password. For the same reason the file is private.
    host = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout.splitlines()
    lines = [line for line in host if line.startswith(KEPT_SETTINGS)]
    lines += [f'{name} "{value}";' for name, value in settings.items()]
    (home / "apt.conf").touch(mode=0o600)
    (home / "apt.conf").write_text("\n".join(lines) + "\n")
    environment = {**os.environ, "APT_CONFIG": str(home / "apt.conf"), "LC_ALL": "C"}
    try:
        run(["apt-get", "update"], log=log, env=environment, timeout=TIMEOUT)
    except ToolError:  # a source of the host that has nothing to do with the packages may be broken
        if not any((home / "lists").glob("*Packages*")):
            raise
    return environment


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Holds the lock file, against other processes and threads; the kernel frees it when its holder ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:8]
