"""Makes the new namespaces a node: what its init does before the first process. Standard library only.

The machine's own files stay as they are: /run is fresh, /var/log is the cluster's, /var/lib is seen through an overlay
whose changes vanish with the node. kubelet demands kernel settings that hold for the whole machine (reboot ten seconds
after a panic, panic at an oops, overcommit all memory): it finds them, as files over those of /proc/sys, but nothing is
set, as a developer's machine shall not reboot for a cluster's sake. Kernel modules that are missing are loaded by the
kernel on demand, and stay.
"""

import re
import socket
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

TUNABLES = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What kubelet's setupKernelTunables wants (pkg/kubelet/cm/container_manager_linux.go, 1.34)."""

NETWORK = {"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1"}
"""Settings of the node's own network namespace."""

NETFILTER = {
    "CONFIG_NETFILTER_XT_MATCH_COMMENT": "-m comment --comment probe",
    "CONFIG_NETFILTER_XT_MATCH_CONNTRACK": "-m conntrack --ctstate RELATED,ESTABLISHED",
    "CONFIG_NETFILTER_XT_MATCH_ADDRTYPE": "-m addrtype --dst-type LOCAL",
    "CONFIG_NETFILTER_XT_MATCH_STATISTIC": "-m statistic --mode random --probability 0.5",
    "CONFIG_NETFILTER_XT_MARK": "-m mark --mark 0x4000/0x4000",
    "CONFIG_NETFILTER_XT_NAT": "-p tcp -j DNAT --to-destination 192.0.2.1:80",
    "CONFIG_NETFILTER_XT_TARGET_MASQUERADE": "-j MASQUERADE",
}
"""Kernel features that kube-proxy's rules need, each with a rule that needs it."""

SCRATCH = Path("/run/node")


class SetupError(RuntimeError):
    """The node cannot be made; the message names the kernel's feature or the command that failed."""


def prepare(plan: Mapping[str, Any]) -> None:
    """`plan` is what lifecycle.py writes to node.json. SetupError if the kernel lacks something."""
    socket.sethostname(plan["node"])
    _mounts(Path(plan["folder"]))
    run(["ip", "link", "set", "lo", "up"])
    probe_bridge()
    for name, value in NETWORK.items():
        (Path("/proc/sys") / name).write_text(value)
    probe_netfilter(plan["environment"])
    run(["iptables-restore", "--noflush"], plan["environment"], Path(plan["closed_door"]).read_text())


def _mounts(folder: Path) -> None:
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "-t", "proc", "proc", "/proc"])
    run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"])
    for path in ("/run/lock", "/run/netns", "/run/containerd"):
        Path(path).mkdir()
    _overlay_var_lib(folder)
    logs = folder / "log" / "node"
    for name in ("pods", "containers"):
        (logs / name).mkdir(parents=True, exist_ok=True)
    run(["mount", "--bind", str(logs), "/var/log"])
    for name, value in TUNABLES.items():
        shown = SCRATCH / name.replace("/", ".")
        shown.write_text(value + "\n")
        run(["mount", "--bind", str(shown), f"/proc/sys/{name}"])
    run(["mount", "--make-rshared", "/"])


def _overlay_var_lib(folder: Path) -> None:
    """CNI and kubelet's device plugins have fixed paths in /var/lib. What is mounted in it, or is ours, stays real."""
    below, upper, work = (SCRATCH / name for name in ("below", "upper", "work"))
    for path in (below, upper, work):
        path.mkdir(parents=True)
    top = Path("/var/lib")
    points = [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    kept = {path for path in (*points, folder) if top in path.parents}
    run(["mount", "--rbind", str(top), str(below)])
    try:
        options = f"lowerdir={top},upperdir={upper},workdir={work}"
        run(["mount", "-t", "overlay", "-o", options, "overlay", str(top)])
    except SetupError as problem:
        raise SetupError(f"kernel feature overlay file systems (CONFIG_OVERLAY_FS): {problem}") from None
    for path in sorted(kept):
        if not any(parent in kept for parent in path.parents):
            run(["mount", "--rbind", str(below / path.relative_to(top)), str(path)])
    run(["umount", "--lazy", "--recursive", str(below)])


def probe_bridge() -> None:
    try:
        run(["ip", "link", "add", "probe0", "type", "bridge"])
        run(["ip", "link", "delete", "probe0"])
    except SetupError as problem:
        raise SetupError(f"kernel feature bridges (CONFIG_BRIDGE): {problem}") from None
    if not Path("/proc/sys/net/bridge").exists():
        raise SetupError(
            "kernel feature netfilter on bridges (CONFIG_BRIDGE_NETFILTER): not there; try: modprobe br_netfilter"
        )


def probe_netfilter(environment: Mapping[str, str]) -> None:
    """All features at once; only if that fails one by one, to name the missing."""
    try:
        _restore_probe(NETFILTER.values(), environment)
    except SetupError as first:
        for feature, rule in NETFILTER.items():
            try:
                _restore_probe([rule], environment)
            except SetupError as problem:
                raise SetupError(f"kernel feature {feature}: {problem}") from None
        raise first


def _restore_probe(rules: Iterable[str], environment: Mapping[str, str]) -> None:
    table = ["*nat", ":PROBE - [0:0]", *(f"-A PROBE {rule}" for rule in rules), "-F PROBE", "-X PROBE", "COMMIT", ""]
    run(["iptables-restore", "--noflush"], environment, "\n".join(table))


def run(argv: Sequence[str], environment: Mapping[str, str] | None = None, text: str | None = None) -> None:
    done = subprocess.run(argv, env=environment, input=text, capture_output=True, text=True)
    if done.returncode:
        said = re.sub(r"\s+", " ", done.stderr).strip()
        raise SetupError(f"{' '.join(argv)}: {said or f'exit code {done.returncode}'}")
