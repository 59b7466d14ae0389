"""One region's life through the real engine: plan, up, up again, a larger pool, destroy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness.regions import STACKS, Region, Step
from tools.paths import ROOT
from tools.providers.kubernetes.client import Client


@dataclass(frozen=True)
class Life:
    planned: list[Step]  # before anything is there
    made: dict[str, dict[str, Any]]  # the state after the first update
    outputs: dict[str, Any]
    again: list[Step]  # what a second update would do
    changed: list[str]  # what a changed size did: the engine's mark (`~` for an update in place) and a name, for each
    left: dict[str, dict[str, Any]]  # the state after destroy
    text: str  # everything that the engine printed


def live(folder: Path, stack: str, kubeconfig: Path, client: Client) -> Life:
    """Raises AssertionError with the engine's words when a command fails."""
    planned = Region(folder / "unreachable", stack).plan()
    region = Region(folder / "project", stack, kubeconfig)
    here = placed(stack, kubeconfig)
    prepare(stack, client)
    region.configure(here)
    text = region.up().ok()
    made, outputs = region.state(), region.outputs()
    again = region.plan()
    region.configure(_merged(here, larger(stack)))
    changed = region.up().ok()
    text += changed + region.run("destroy", "--yes", "--skip-preview").ok()
    return Life(planned, made, outputs, again, touched(changed), region.state(), text)


def touched(text: str) -> list[str]:
    """Of an update's words; the stack itself has no mark unless it is made or goes."""
    marked = re.findall(r"^ (\+\+|\+-|--|[-+~]) +\S+ (\S+) ", text, re.MULTILINE)
    return sorted({f"{mark} {name}" for mark, name in marked})


def file(stack: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "stacks" / f"{stack}.yaml").read_text())
    return content


def placed(stack: str, kubeconfig: Path) -> dict[str, Any]:
    """Regions share the test's API server: each has a namespace, and a node port, of its own."""
    content = file(stack)
    overlay: dict[str, Any] = {"namespace": f"autoglm-{stack}"}
    if content["provider"] == "private":
        overlay["cluster"] = {"kubeconfig": str(kubeconfig), "context": None}
    if content["gateway"]["exposure"]["type"] == "NodePort":
        overlay["gateway"] = {"exposure": {"port": 30100 + STACKS.index(stack)}}
    return overlay


def larger(stack: str) -> dict[str, Any]:
    """A pool with room for one node more; where no pool has a size, servers that take one request more."""
    content = file(stack)
    if content["provider"] == "private":
        return {"serving": {"maxNumSeqs": content["serving"]["maxNumSeqs"] + 1}}
    name, pool = next(iter(content["gpuPools"].items()))
    return {"gpuPools": {name: {"maxSize": pool["maxSize"] + 1}}}


def _merged(below: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {**below, **over}


def prepare(stack: str, client: Client) -> None:
    """What the stack finds in its cluster: the nodes it names, and the storage classes."""
    content = file(stack)
    names = [node for pool in content.get("gpuPools", {}).values() for node in pool.get("nodes", ())]
    for name in names:
        client.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}, "test", force=True)
    volumes = [content[part].get("volume", {}) for part in ("model", "etcd")]
    for name in {volume.get("storageClass") or "standard" for volume in volumes}:
        client.apply(_storage_class(name), "test", force=True)


def _storage_class(name: str) -> dict[str, Any]:
    """Binds when a pod comes: no volume is made here."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": _DEFAULT if name == "standard" else {}},
        "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


_DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}
