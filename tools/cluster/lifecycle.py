"""Start, stop and wipe. Each step of a start makes sure of something, so a start after a kill at any point repairs."""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.cluster import addons, cgroups, host
from tools.cluster.configure import check, configure
from tools.cluster.errors import ClusterError
from tools.cluster.images import Image, containerd_answers, load_images
from tools.cluster.processes import program
from tools.cluster.settings import ClusterSettings
from tools.cluster.state import admin_api, dns_serves, node_ready, read_state
from tools.paths import ROOT
from tools.process import tail

Progress = Callable[[str], None]
API_TIMEOUT = 120.0  # seconds; 4 on an idle machine
CONTAINERD_TIMEOUT = 60.0
NODE_TIMEOUT = 120.0
DNS_TIMEOUT = 120.0


def start(s: ClusterSettings, images: Sequence[Image], progress: Progress = print) -> None:
    """Brings the cluster up, or back up, and returns when its node is Ready and DNS serves. `images` must hold
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
        since = datetime.fromtimestamp(int(read_state(s)["started"]), UTC)
        _wait(s, "kubelet", NODE_TIMEOUT, lambda: node_ready(s, since))
        _wait(s, "the node", NODE_TIMEOUT, lambda: all(row["state"] == "running" for row in read_state(s)["processes"]))
        step("node is Ready")
        if "coredns" in refs:
            _wait(s, "coredns", DNS_TIMEOUT, lambda: dns_serves(s, since))
            step("DNS serves")


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
        raise ClusterError(f"the node's namespaces could not be made{tail(s.log('init'))}")


def _init(s: ClusterSettings) -> int:
    pid = host.find_init(s)
    if pid is None:
        raise ClusterError(read_state(s).get("problem") or f"the node ended at once{tail(s.log('init'))}")
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
        return f"is to blame; the end of its log:{tail(s.log(name))}"
    return f"is a pod: python -m tools.cluster kubectl --name {s.name} -- -n kube-system describe pods"


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


@contextlib.contextmanager
def _alone(s: ClusterSettings) -> Iterator[None]:
    """One command at a time on a cluster; the lock ends with its holder."""
    s.root.mkdir(parents=True, exist_ok=True)
    with (s.root / f".{s.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClusterError(f"cluster {s.name!r}: another start or stop of it runs; wait for its end") from None
        yield
