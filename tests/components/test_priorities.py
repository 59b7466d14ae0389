"""Who goes first when nodes are full (G1)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import region_args
from components.platform.priorities import Priorities
from components.region import Region, RegionArgs
from components.types import Exposure, ExposureType, StoredModel, Upstream
from components.workloads.etcd import Etcd, EtcdArgs
from components.workloads.gateway import Gateway, GatewayArgs
from components.workloads.serving import Serving
from tests.components.test_placement import foundation
from tests.harness import mocks, programs
from tests.harness.mocks import plain

Part = Callable[[str | None, kubernetes.Provider], pulumi.ComponentResource]
NODE = Exposure(type=ExposureType.CLUSTER_IP)
SERVERS = Upstream(host="servers", port=8000, name="servers", pods={})


def etcd(priority: str | None, cluster: kubernetes.Provider) -> pulumi.ComponentResource:
    args = EtcdArgs(namespace="ns", image="etcd:1", keeper_image="keeper:1", priority=priority)
    return Etcd("x", args, pulumi.ResourceOptions(providers=[cluster]))


def gateway(priority: str | None, cluster: kubernetes.Provider) -> pulumi.ComponentResource:
    args = GatewayArgs(
        namespace="ns", image="envoy:1", upstream=SERVERS, api_keys={"me": ("k",)}, exposure=NODE, priority=priority
    )
    return Gateway("x", args, pulumi.ResourceOptions(providers=[cluster]))


def serving(priority: str | None, cluster: kubernetes.Provider) -> pulumi.ComponentResource:
    model = StoredModel(claim="models", mount_path="/m", path="/m/phone")
    args = region_args.serving(programs.dev(), "ns", model, foundation(cluster), priority)
    return Serving("x", args, pulumi.ResourceOptions(providers=[cluster]))


def test_serving_goes_before_batch_which_preempts_nobody() -> None:
    def program() -> Mapping[str, Any]:
        within = pulumi.ResourceOptions(providers=[kubernetes.Provider("cluster", kubeconfig="{}")])
        return {"batch": Priorities("here", within).batch}

    classes = {item.name: plain(item.inputs) for item in mocks.run(program).all("PriorityClass")}
    values = [classes[f"here-{level}"]["value"] for level in ("batch", "serving", "control")]
    assert values == sorted(values) and values[0] < 0 < values[1]
    assert classes["here-batch"]["preemptionPolicy"] == "Never"


@pytest.mark.parametrize(("part", "kind"), [(etcd, "StatefulSet"), (gateway, "Deployment"), (serving, "Deployment")])
def test_a_part_s_pods_have_the_class_that_it_is_given(part: Part, kind: str) -> None:
    for given in ("first", None):

        def program(name: str | None = given) -> Mapping[str, Any]:
            part(name, kubernetes.Provider("cluster", kubeconfig="{}"))
            return {}

        [made] = [item for item in mocks.run(program).all(kind) if "keeper" not in item.name]
        assert plain(made.inputs)["spec"]["template"]["spec"].get("priorityClassName") == given


def test_in_a_region_etcd_and_the_way_in_go_before_the_servers(kubeconfig: Path) -> None:
    def program() -> Mapping[str, Any]:
        overlay = {"cluster": {"kubeconfig": str(kubeconfig), "context": "here"}}
        return {"endpoint": Region("dev", RegionArgs(spec=programs.dev(overlay))).endpoint}

    made = mocks.run(program)
    parts = (
        ("StatefulSet", "etcd-members"),
        ("Deployment", "gateway-deployment"),
        ("Deployment", "serving-deployment"),
    )
    pods = [plain(made.one(kind, f"dev-{name}").inputs)["spec"]["template"]["spec"] for kind, name in parts]
    levels = [spec["priorityClassName"].split("-")[2] for spec in pods]
    assert levels == ["control", "control", "serving"]
