"""What a cluster could leave behind on the machine, to be compared before and after."""

import json
import os
import subprocess
from pathlib import Path

from tools.cluster import ClusterSettings
from tools.cluster.inside import TUNABLES
from tools.paths import TOOLS


def traces(s: ClusterSettings) -> dict[str, set[str]]:
    """Everything of the machine that a cluster could leave something in."""

    def lines(*argv: str) -> set[str]:
        tools = TOOLS / "host/usr"
        library = tools / "lib/x86_64-linux-gnu"
        environment = {
            "LD_LIBRARY_PATH": str(library),
            "XTABLES_LIBDIR": str(library / "xtables"),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment, timeout=30)
        return {line for line in done.stdout.splitlines() if not line.startswith("#")}

    links = json.loads(subprocess.run(["ip", "-json", "link"], check=True, capture_output=True).stdout)
    marked = (f"tools.cluster.init\0{s.folder}\0".encode(), f"{s.folder}/".encode())
    return {
        "links": {link["ifname"] for link in links},
        "routes": lines("ip", "route", "show", "table", "all"),
        "iptables": lines(str(TOOLS / "host/usr/sbin/iptables-save")),
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "cgroups": {str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{s.node}*")},
        "settings": {f"{name}={(Path('/proc/sys') / name).read_text()}" for name in TUNABLES},
        "folders": {
            str(path) for top in ("/var/lib", "/var/log", "/run", "/opt", "/etc") for path in Path(top).iterdir()
        },
        "processes": {
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and any(mark in command_line(entry) for mark in marked)
        },
    }


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
