"""What runs on GPU nodes: a device plugin that shares cards as the file says, metrics, a check (G1, F5)."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import node_args, serving_pools
from components.platform.device_plugin import DevicePluginArgs
from components.platform.gpu import GpuRuntime
from components.types import ClusterAccess, Foundation
from stacks.cloud import Mig, Whole
from stacks.schema import RegionSpec
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain
from tests.stacks.regions import pool, region

BARE = frozenset({"cards"})
H100 = {"instanceType": "p5.48xlarge"}
MIG = {"type": "mig", "profile": "3g.40gb"}
EXPORTER = {"images": {"dcgmExporter": "dcgm-exporter:4.5.3"}}


def foundation(without_plugin: frozenset[str] = BARE, *, sets_up: bool = True) -> Foundation:
    access = ClusterAccess(
        provider=kubernetes.Provider("cluster", kubeconfig="{}"), address=pulumi.Output.from_input("x")
    )
    return Foundation(cluster=access, without_plugin=without_plugin, sets_nodes_up=sets_up)


def made(spec: RegionSpec, without_plugin: frozenset[str] = BARE, *, sets_up: bool = True) -> Recorder:
    def program() -> Mapping[str, Any]:
        given = foundation(without_plugin, sets_up=sets_up)
        if args := node_args.gpu_runtime(spec, given):
            GpuRuntime("here-gpu", args, pulumi.ResourceOptions(providers=[given.cluster.provider]))
        return {}

    return mocks.run(program)


def daemon(recorder: Recorder, name: str) -> dict[str, Any]:
    found: dict[str, Any] = plain(recorder.one("DaemonSet", f"here-gpu-{name}").inputs)
    return found["spec"]["template"]["spec"]


def test_whole_cards_are_given_out_without_any_right() -> None:
    recorder = made(region("aws"))
    spec = daemon(recorder, "cards-plugin")
    [container] = spec["containers"]
    assert container["image"] == "nvcr.io/nvidia/k8s-device-plugin:v0.17.4"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": []}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert [entry["key"] for entry in spec["tolerations"]] == ["nvidia.com/gpu"]
    [term] = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "autoglm.io/pool", "operator": "In", "values": ["cards"]}]
    assert "sharing" not in config(recorder)


def config(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        plain(recorder.one("ConfigMap", "here-gpu-cards-config").inputs)["data"]["config.json"]
    )
    return found


def test_time_slices_have_a_name_of_their_own() -> None:
    recorder = made(region("aws", pool(sharing={"type": "timeSlicing", "replicas": 2})))
    [shared] = config(recorder)["sharing"]["timeSlicing"]["resources"]
    assert shared == {"name": "nvidia.com/gpu", "replicas": 2}
    assert config(recorder)["sharing"]["timeSlicing"]["renameByDefault"] is True


def test_with_slices_the_plugin_waits_for_all_of_a_node() -> None:
    spec = region("aws", pool(**H100, sharing=MIG))
    recorder = made(spec)
    [waiting] = daemon(recorder, "cards-plugin")["initContainers"]
    assert "' MIG 3g.40gb ')\" -ge 16 ]" in waiting["command"][-1]
    assert config(recorder)["flags"]["migStrategy"] == "mixed"
    rows = [str(row) for row in node_args.setup(spec, "cards", dict(serving_pools.kinds(spec))["cards"])]
    assert rows[-1] == "mig 3g.40gb 2", "the node cuts each card in two when it starts"


def test_a_cloud_s_own_plugin_is_left_alone() -> None:
    assert not [item for item in made(region("alicloud"), frozenset()).all("DaemonSet") if "plugin" in item.name]


@pytest.mark.parametrize(("asked", "plugins"), [("auto", 1), ("install", 1), ("existing", 0)])
def test_the_file_may_say_who_brings_the_plugin(asked: str, plugins: int) -> None:
    recorder = made(region("aws", {"gpuRuntime": {"devicePlugin": asked}}))
    assert len([item for item in recorder.all("DaemonSet") if "plugin" in item.name]) == plugins


def test_metrics_are_told_where_an_image_is_given() -> None:
    recorder = made(region("aws", EXPORTER))
    [container] = daemon(recorder, "metrics-exporter")["containers"]
    assert container["image"] == "dcgm-exporter:4.5.3"
    service = plain(recorder.one("Service").inputs)
    assert service["spec"]["ports"] == [{"name": "metrics", "port": 9400}]
    assert not [item for item in made(region("aws")).all("DaemonSet") if "exporter" in item.name]


def test_its_namespace_is_apart_and_shut() -> None:
    recorder = made(region("aws", EXPORTER))
    namespace = plain(recorder.one("Namespace").inputs)["metadata"]
    assert namespace["name"] == "autoglm-gpu"
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    policies = {item.name: plain(item.inputs)["spec"] for item in recorder.all("NetworkPolicy")}
    assert policies["here-gpu-default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policies["here-gpu-outside-to-metrics"]["ingress"][0]["ports"] == [{"port": 9400, "protocol": "TCP"}]


def test_a_check_of_a_cloud_s_nodes_has_no_right_and_mounts_nothing_of_theirs() -> None:
    spec = daemon(made(region("aws")), "nodes-check")
    [container] = spec["containers"]
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert [next(iter(set(volume) - {"name"})) for volume in spec["volumes"]] == ["configMap"]
    assert container["readinessProbe"]["exec"]["command"] == ["sh", "/etc/autoglm/node_setup.sh", "check"]
    assert container["env"] == [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}], "the cards are the servers'"


def test_nodes_of_ones_own_are_set_up_by_root_without_privilege() -> None:
    own = region("private", {"tuning": {"bbr": True, "somaxconn": 4096}})
    recorder = made(own, frozenset(), sets_up=False)
    spec = daemon(recorder, "nodes-check")
    [container] = spec["containers"]
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["NET_ADMIN"]}
    assert "privileged" not in security and "hostPID" not in spec
    assert [volume["hostPath"]["path"] for volume in spec["volumes"] if "hostPath" in volume] == ["/proc/sys", "/sys"]
    script = plain(recorder.one("ConfigMap", "here-gpu-nodes-script").inputs)["data"]["node_setup.sh"]
    assert "least net/core/somaxconn 4096" in script
    assert made(region("private"), frozenset(), sets_up=False).all("DaemonSet") == [], "only who asks is touched"


def test_an_update_does_not_wait_for_a_node_that_lacks_a_setting() -> None:
    check = plain(made(region("aws")).one("DaemonSet", "here-gpu-nodes-check").inputs)
    assert check["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


@pytest.mark.parametrize(("sharing", "slices"), [(Whole(), 7), (Mig(type="mig", profile="3g.40gb"), 0)])
def test_slices_go_with_mig(sharing: Any, slices: int) -> None:
    with pytest.raises(ValueError, match=r"DevicePluginArgs.slices"):
        DevicePluginArgs(namespace="n", image="i:1", pool="p", sharing=sharing, tolerated=(), slices=slices)
