"""All that must be right, and written, before a node can start."""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from tools.cluster import host, pki, ranges, render
from tools.cluster.errors import ClusterError
from tools.cluster.files import write
from tools.cluster.processes import processes, program
from tools.cluster.settings import RANGES, ClusterSettings

USERS = ("controller-manager", "scheduler", "kubelet", "proxy", "node-agent")
CAP_SYS_RESOURCE = 24  # include/uapi/linux/capability.h


def check(s: ClusterSettings, refs: Mapping[str, str]) -> None:
    """Before anything is made. ClusterError on what is missing or in the way."""
    if os.geteuid():
        raise ClusterError("the embedded cluster needs root, for namespaces, mounts and cgroups; run it with sudo")
    if "pause" not in refs:
        raise ClusterError("images: none is named 'pause'; the sandbox of every pod is made from it")
    if missing := [p.argv[0] for p in processes(s) if not os.access(p.argv[0], os.X_OK)]:
        raise ClusterError(f"program {missing[0]}: not there; `python3 -m tools build` makes it")
    for tool in ("ip", "mount", "nsenter"):
        if shutil.which(tool) is None:
            raise ClusterError(f"program {tool}: not on PATH; install iproute2 and util-linux")
    for hidden in (Path("/run"), Path("/var/log")):
        if hidden in s.folder.parents:
            raise ClusterError(f"{s.folder}: the node has a {hidden} of its own; set TOOLS_DIR to a folder elsewhere")
    if host.find_init(s) is None:
        ranges.check(s)


def configure(s: ClusterSettings, pause: str) -> str:
    """Writes every file; returns the generation, a digest of all that a running node was started with."""
    s.folder.mkdir(parents=True, exist_ok=True)
    s.folder.chmod(0o700)
    for name in ("log", "etc", "volumes"):
        (s.folder / name).mkdir(exist_ok=True)
    write(s.kept_ranges, json.dumps({f: str(getattr(s, f)) for f in RANGES}, indent=2) + "\n")
    pki.ensure(s)
    rlimits = _capable(CAP_SYS_RESOURCE)
    texts = render.files(s, pause=pause, rlimits=rlimits)
    if not rlimits:
        texts["runtime-spec.json"] = _spec_without_rlimits(s)
    for name, text in texts.items():
        write(s.config(name), text)
    for user in USERS:
        write(s.config(f"{user}.kubeconfig"), render.kubeconfig(s, user), 0o600)
    write(s.kubeconfig, render.kubeconfig(s, "admin"), 0o600)
    encryption = s.config("encryption.yaml")
    if not encryption.exists():  # another key could not read the secrets that are there
        write(encryption, render.encryption(secrets.token_bytes(32)), 0o600)
    plan = {
        "node": s.node,
        "folder": str(s.folder),
        "api_server": s.api_server,
        "authority": str(s.certificate("ca")),
        "closed_door": str(s.config("mangle.rules")),
        "environment": _environment(s),
        "processes": [asdict(p) for p in processes(s)],
    }
    certificates = [s.certificate(leaf.name).read_text() for leaf in pki.leaves(s)]
    digest = hashlib.sha256(json.dumps([plan, texts, certificates], sort_keys=True).encode()).hexdigest()[:16]
    write(s.folder / "node.json", json.dumps({"generation": digest, **plan}, indent=1), 0o600)
    return digest


def _environment(s: ClusterSettings) -> dict[str, str]:
    """The whole environment of the node's processes: nothing of the caller's comes in."""
    libraries = s.host_tools / f"usr/lib/{os.uname().machine}-linux-gnu"
    own = [s.binaries, s.host_tools / "usr/sbin", s.host_tools / "usr/bin"]
    return {
        "PATH": ":".join([*map(str, own), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]),
        "LD_LIBRARY_PATH": str(libraries),
        "XTABLES_LIBDIR": str(libraries / "xtables"),
        "HOME": str(s.folder),
    }


def _spec_without_rlimits(s: ClusterSettings) -> str:
    """runc may not raise limits without CAP_SYS_RESOURCE, and would refuse containers that ask for it."""
    shown = subprocess.run([program(s, "ctr"), "oci", "spec"], check=True, capture_output=True, text=True)
    spec = json.loads(shown.stdout)
    spec["process"].pop("rlimits", None)
    return json.dumps(spec, indent=1)


def _capable(capability: int) -> bool:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return bool(int(status["CapEff"], 16) >> capability & 1)
