"""Start, stop and wipe. Each step of a start makes sure of something, so a start after a kill at any point repairs."""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tools.cluster import addons, cgroups, host, pki, ranges, render
from tools.cluster.errors import ClusterError
from tools.cluster.files import write
from tools.cluster.images import Image, containerd_answers, load_images
from tools.cluster.processes import processes, program
from tools.cluster.settings import RANGES, ClusterSettings
from tools.cluster.state import admin_api, node_ready, read_state
from tools.paths import ROOT

Progress = Callable[[str], None]
API_TIMEOUT = 120.0  # seconds; 4 on an idle machine
CONTAINERD_TIMEOUT = 60.0
NODE_TIMEOUT = 120.0
ADDONS_TIMEOUT = 180.0
USERS = ("controller-manager", "scheduler", "kubelet", "proxy", "node-agent")
CAP_SYS_RESOURCE = 24


def start(s: ClusterSettings, images: Sequence[Image], progress: Progress = print) -> None:
    """Brings the cluster up, or back up, and returns when its node is Ready and its add-ons serve. `images` must hold
    `pause`; `coredns` and `metrics-server` bring those. Every wait is bounded; ClusterError says which process is to
    blame, with the end of its log. Lines of progress begin with the seconds since the start."""
    began = time.monotonic()

    def step(line: str) -> None:
        progress(f"{time.monotonic() - began:6.1f} s  {line}")

    with _alone(s):
        refs = {image.name: image.ref for image in images}
        check(s, refs)
        plan = configure(s, refs["pause"])
        step("configuration and certificates")
        if host.find_init(s) and read_state(s).get("generation") != plan:
            host.end_init(s)
            step("ended the node: its configuration has changed, or it never came up")
        if host.find_init(s) is None:
            _clear(s)
            cgroups.create(s.node)
            _launch(s)
        host.connect(s, _init(s))
        _wait(s, "containerd", CONTAINERD_TIMEOUT, lambda: containerd_answers(s))
        step("containerd answers")
        load_images(s, images, step)
        _wait(s, "kube-apiserver", API_TIMEOUT, admin_api(s).ready)
        step("API server is ready")
        _apply(s, refs)
        _wait(s, "kubelet", NODE_TIMEOUT, lambda: node_ready(s))
        step("node is Ready")
        for name in addons.DEPLOYMENTS:
            if name in refs:
                _wait(s, name, ADDONS_TIMEOUT, lambda name=name: _available(s, name))  # type: ignore[misc]
                step(f"{name} serves")


def stop(s: ClusterSettings) -> None:
    """Ends the node and takes away all it made outside its folder: link, routes, cgroup. Data stays."""
    with _alone(s):
        host.end_init(s)
        _clear(s)


def wipe(s: ClusterSettings) -> None:
    """Stops, and removes the data: objects, volumes, images, certificates, logs."""
    with _alone(s):
        host.end_init(s)
        _clear(s)
        if s.folder.exists():
            shutil.rmtree(s.folder)


def check(s: ClusterSettings, refs: dict[str, str]) -> None:
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
        write(s.config(f"{user}.kubeconfig"), texts.setdefault(user, render.kubeconfig(s, user)), 0o600)
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


def _launch(s: ClusterSettings) -> None:
    (s.folder / "state.json").unlink(missing_ok=True)
    with s.log("init").open("a") as log:
        done = subprocess.run(
            [sys.executable, "-m", "tools.cluster.init", str(s.folder)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if done.returncode:
        raise ClusterError(f"the node's namespaces could not be made\n{tail(s.log('init'))}")


def _init(s: ClusterSettings) -> int:
    pid = host.find_init(s)
    if pid is None:
        raise ClusterError(read_state(s).get("problem") or f"the node ended at once\n{tail(s.log('init'))}")
    return pid


def _clear(s: ClusterSettings) -> None:
    host.disconnect(s)
    cgroups.remove(s.node)


def _wait(s: ClusterSettings, what: str, seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        _init(s)
        if time.monotonic() > deadline:
            ill = [row["name"] for row in read_state(s).get("processes", []) if row["state"] == "backoff"]
            guilty = ill[0] if ill else what
            raise ClusterError(f"{what}: not ready in {seconds:.0f} s; {guilty} {_blame(s, guilty)}")
        time.sleep(0.05)


def _blame(s: ClusterSettings, name: str) -> str:
    if s.log(name).exists():
        return f"is to blame; the end of {s.log(name)}:\n{tail(s.log(name))}"
    return f"is a pod: python -m tools.cluster kubectl --name {s.name} -- -n kube-system describe pods"


def tail(log: Path, lines: int = 15) -> str:
    if not log.exists():
        return f"({log} is not there)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def _apply(s: ClusterSettings, refs: dict[str, str]) -> None:
    def encoded(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    name = "metrics-server"
    pair = (encoded(s.certificate("ca")), encoded(s.certificate(name)), encoded(s.key(name)))
    manifest = {"apiVersion": "v1", "kind": "List", "items": addons.objects(s, refs, *pair)}
    done = subprocess.run(
        [*kubectl(s), "apply", "--server-side", "--force-conflicts", "--filename=-"],
        input=json.dumps(manifest),
        env=os.environ | {"NO_PROXY": str(s.node_address)},
        capture_output=True,
        text=True,
        timeout=API_TIMEOUT,
    )
    if done.returncode:
        raise ClusterError(f"add-ons: {done.stderr.strip()}")


def kubectl(s: ClusterSettings) -> list[str]:
    return [program(s, "kubectl"), f"--kubeconfig={s.kubeconfig}"]


def _available(s: ClusterSettings, name: str) -> bool:
    found = admin_api(s).get(f"/apis/apps/v1/namespaces/kube-system/deployments/{name}")
    if found is None:
        return False
    now = found.get("status", {})
    current = now.get("observedGeneration") == found["metadata"]["generation"]
    return bool(current and now.get("updatedReplicas") == now.get("availableReplicas") == found["spec"]["replicas"])


def _environment(s: ClusterSettings) -> dict[str, str]:
    """The whole environment of the node's processes: nothing of the caller's comes in."""
    tools = s.host_tools
    return {
        "PATH": f"{s.binaries}:{tools}/usr/sbin:{tools}/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LD_LIBRARY_PATH": str(tools / f"usr/lib/{os.uname().machine}-linux-gnu"),
        "XTABLES_LIBDIR": str(tools / f"usr/lib/{os.uname().machine}-linux-gnu/xtables"),
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


@contextlib.contextmanager
def _alone(s: ClusterSettings) -> Iterator[None]:
    """One command at a time on a cluster; the lock ends with its holder."""
    s.root.mkdir(parents=True, exist_ok=True)
    with (s.root / f".{s.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClusterError(f"cluster {s.name!r}: another start or stop of it is running; wait for its end") from None
        yield
