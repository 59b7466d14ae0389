"""What checks nodes of one's own, and sets them up, as real pods (F5).

Of the settings those of the node's own network alone: the others would be the machine's that runs the test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import naming, pools
from components.platform import tuning
from components.platform.node_check import NodeCheck, NodeCheckArgs
from components.platform.tuning import Tuning
from tests.harness import mocks
from tests.harness.mocks import plain
from tests.harness.waiting import until
from tests.tools.cluster.conftest import Cluster
from tools import debian
from tools.cluster import load_images
from tools.images import Image, build
from tools.images.archive import Settings
from tools.images.layers import layer_of
from tools.images.nodes import link, program
from tools.images.recipe import Recipe
from tools.images.static import ACCOUNTS
from tools.paths import LOG

pytestmark = pytest.mark.integration
POOL, NAMESPACE = "cards", "nodes"
OWN = (
    "net/core/somaxconn",
    "net/ipv4/tcp_rmem",
    "net/ipv4/tcp_slow_start_after_idle",
    "net/ipv4/tcp_congestion_control",
)
ROWS = [row for row in tuning.rows(Tuning(), gpus=False) if row.target in OWN]
Object = dict[str, Any]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A shell and what its scripts call."""

    def recipe(log: Path) -> Recipe:
        folder = debian.prefix("shell", ("busybox-static",), log)
        nodes = [*ACCOUNTS, program("bin/busybox", folder / "bin" / "busybox")]
        applets = ("sh", "tr", "sed", "head", "sort", "grep", "cut", "sleep")
        layer = layer_of("shell", [*nodes, *(link(f"bin/{name}", "busybox") for name in applets)])
        settings = Settings(entrypoint=["/bin/sh"], environment={"PATH": "/bin"})
        return Recipe(name="shell", version="1", layers=(layer,), settings=settings)

    return build(("shell",), LOG / "images.log", {"shell": recipe}, tmp_path_factory.mktemp("shell"))["shell"]


@pytest.fixture
def node(cluster: Cluster, image: Image) -> Iterator[Cluster]:
    """One that is marked as of the pool, and a namespace where pods may be on its network."""
    load_images(cluster.settings, [image])
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
    cluster.kubectl("label", "nodes", "--all", "--overwrite", f"{pools.POOL}={POOL}")
    try:
        yield cluster
    finally:
        cluster.kubectl("label", "nodes", "--all", f"{pools.POOL}-")
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=true", "--timeout=120s")


def check(node: Cluster, name: str, image: str, *, sets_up: bool) -> None:
    """As the component makes it, but for the rows of its script, and for a probe that asks more often."""

    def component() -> Mapping[str, Any]:
        args = NodeCheckArgs(
            namespace=NAMESPACE, image=image, pools=(POOL,), tolerated=(), tuning=Tuning(), apply=sets_up, driver=False
        )
        within = pulumi.ResourceOptions(providers=[kubernetes.Provider("cluster", kubeconfig="{}")])
        NodeCheck(name, args, within)
        return {}

    made = mocks.run(component)
    script: Object = plain(made.one("ConfigMap").inputs) | {"data": {tuning.SCRIPT: tuning.script(ROWS)}}
    daemon: Object = plain(made.one("DaemonSet").inputs)
    pods: Object = daemon["spec"]["template"]["spec"]
    pods["containers"][0]["readinessProbe"]["periodSeconds"] = 1
    [volume] = [volume for volume in pods["volumes"] if "configMap" in volume]
    script["metadata"]["name"], daemon["metadata"]["name"] = volume["configMap"]["name"], name
    node.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", **script}, {"apiVersion": "apps/v1", "kind": "DaemonSet", **daemon}
    )


def logs(node: Cluster, name: str) -> str:
    """What the pod says; nothing before it runs."""
    selector = ",".join(f"{key}={value}" for key, value in naming.selector("node-check", name).items())
    phases = [pod["status"]["phase"] for pod in node.get("pods", "-n", NAMESPACE, "-l", selector)["items"]]
    return node.kubectl("logs", "-n", NAMESPACE, "-l", selector, "--tail=-1") if phases == ["Running"] else ""


def pods_of(node: Cluster) -> str:
    return node.kubectl("describe", "pods", "-n", NAMESPACE)


def ready(node: Cluster, name: str) -> bool:
    return node.get("daemonset", "-n", NAMESPACE, name)["status"].get("numberReady") == 1


def machine_s() -> list[str]:
    return [Path("/proc/sys", row.target).read_text() for row in ROWS]


def test_a_node_that_lacks_settings_is_told_of_then_set_up(node: Cluster, image: Image) -> None:
    machine = machine_s()
    check(node, "watching", image.ref, sets_up=False)
    lacking = "not in force: net/core/somaxconn is 4096, not 65535 or more"
    until(lambda: lacking in logs(node, "watching"), lambda: pods_of(node))
    assert not ready(node, "watching")

    check(node, "setting-up", image.ref, sets_up=True)
    until(lambda: ready(node, "setting-up"), lambda: pods_of(node))
    assert logs(node, "setting-up").splitlines()[0] == "all settings are in force"
    rights = node.kubectl("exec", "-n", NAMESPACE, "daemonset/setting-up", "--", "grep", "CapEff", "/proc/1/status")
    assert int(rights.split()[1], 16) == 1 << 12, "NET_ADMIN and no other right"
    until(lambda: ready(node, "watching"), lambda: pods_of(node))
    assert machine_s() == machine, "the machine's own network is as it was"
