"""What a foundation gives a workload: GPUs, a cloud identity, a shared file system, a balancer."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import gateway_args, region_args
from components.types import (
    ClusterAccess,
    Exposure,
    ExposureType,
    Foundation,
    SharedFiles,
    Upstream,
    WorkloadIdentity,
)
from components.workloads.gateway import Gateway
from components.workloads.gateway_service import base_url
from components.workloads.model_store import ModelStore
from components.workloads.serving import Serving
from stacks.loader import merge
from stacks.schema import RegionSpec
from tests.harness import mocks, programs
from tests.harness.mocks import Recorder, plain

CARD = {"accelerator": "L20", "gpus": 8, "gpuMemoryGib": 48, "vcpus": 64, "memoryGib": 512}
POOL = {"nodes": ["rack-1", "rack-2"], "facts": CARD, "taints": {"team": "phones"}}
GPU = {"gpuPools": {"cards": POOL}, "serving": {"gpu": {"pool": "cards", "tensorParallelSize": 2}}}
UPSTREAM = Upstream(host="servers", port=8000, name="servers", pods={})
SHARED = {"model": {"source": {"type": "shared", "path": "/AutoGLM-Phone-9B"}}}


def foundation(provider: kubernetes.Provider) -> Foundation:
    identity = WorkloadIdentity(annotations={"cloud/role": "reader"}, pod_labels={"cloud/injection": "on"})
    return Foundation(
        cluster=ClusterAccess(provider=provider, address=pulumi.Output.from_input("10.0.0.1")),
        identities={"serving": identity, "model-store": identity},
        files=SharedFiles(driver="nas.csi", handle="nas-1", attributes={"server": "nas"}, mount_options=("vers=4",)),
    )


def run(spec: RegionSpec) -> Recorder:
    """Store and servers on a foundation as a cloud would give it."""

    def program() -> Mapping[str, Any]:
        provider = kubernetes.Provider("cluster", kubeconfig="{}")
        given, within = foundation(provider), pulumi.ResourceOptions(providers=[provider])
        store = ModelStore("dev-model-store", region_args.model_store(spec, "autoglm", given), within)
        Serving("dev-serving", region_args.serving(spec, "autoglm", store.model, given), within)
        return {}

    return mocks.run(program)


def pod_of(made: Recorder, kind: str) -> dict[str, Any]:
    template: dict[str, Any] = plain(made.one(kind).inputs)["spec"]["template"]
    return template


def test_servers_go_to_their_pool_past_its_taints_and_take_whole_cards() -> None:
    spec = pod_of(run(programs.dev(GPU)), "Deployment")["spec"]
    assert spec["nodeSelector"] == {"autoglm.io/pool": "cards"}
    assert [(entry["key"], entry["operator"], entry["effect"]) for entry in spec["tolerations"]] == [
        ("team", "Exists", "NoSchedule"),
        ("nvidia.com/gpu", "Exists", "NoSchedule"),
    ]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert "nvidia.com/gpu" not in spec["containers"][0]["resources"]["requests"]


def test_servers_on_gpus_run_vllm_with_shared_memory_and_a_place_for_its_kernels() -> None:
    over = {"serving": {"gpu": {"vllm": {"weightQuantization": "fp8_per_tensor", "kvCacheDtype": "fp8"}}}}
    spec = pod_of(run(programs.dev(merge(GPU, over))), "Deployment")["spec"]
    server = spec["containers"][0]
    for flag in ("--engine=vllm", "--tensor-parallel-size=2", "--gpu-memory-utilization=0.9"):
        assert flag in server["args"]
    for flag in ("--weight-quantization=fp8_per_tensor", "--kv-cache-dtype=fp8"):
        assert flag in server["args"]
    mounts = {mount["mountPath"]: mount["name"] for mount in server["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes[mounts["/dev/shm"]]["emptyDir"]["medium"] == "Memory"  # noqa: S108  the container's own
    cache = next(entry["value"] for entry in server["env"] if entry["name"] == "HOME")
    assert any(cache.startswith(path) for path in mounts if path != "/tmp")  # noqa: S108


@pytest.mark.parametrize("cards", [1, 2])
def test_servers_on_several_cards_are_told_how_these_talk(cards: int) -> None:
    over = {
        "serving": {"gpu": {"tensorParallelSize": cards}},
        "tuning": {"nccl": {"p2pLevel": "NVL", "infiniband": False}},
    }
    server = pod_of(run(programs.dev(merge(GPU, over))), "Deployment")["spec"]["containers"][0]
    told = {entry["name"]: entry["value"] for entry in server["env"] if entry["name"].startswith("NCCL_")}
    several = {"NCCL_DEBUG": "WARN", "NCCL_P2P_LEVEL": "NVL", "NCCL_IB_DISABLE": "1"}
    assert told == (several if cards > 1 else {})


@pytest.mark.parametrize(("replicas", "surge", "seconds"), [(7, 1, 1260), (8, 0, 1875)])
def test_an_update_starts_a_server_first_only_where_there_is_room(replicas: int, surge: int, seconds: int) -> None:
    """Two nodes hold eight servers of two cards. A successor then waits for its predecessor's drain, and for a node."""
    over = {"serving": {"replicas": replicas, "drainSeconds": 600}, "quota": {"cpu": 99, "memory": "99Gi", "pods": 99}}
    made = run(programs.dev(merge(GPU, over)))
    spec = plain(made.one("Deployment").inputs)["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 1 - surge, "maxSurge": surge}
    assert spec["progressDeadlineSeconds"] == seconds
    rolled = f"{replicas * seconds}s"
    assert made.timeouts["dev-serving-deployment"] == {"create": rolled, "update": rolled, "delete": "675s"}


def test_what_verifies_the_weights_needs_no_card_and_no_gpu_node() -> None:
    spec = pod_of(run(programs.dev(GPU)), "Job")["spec"]
    assert "nodeSelector" not in spec
    assert "tolerations" not in spec
    assert spec["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "2Gi"}


def test_without_a_pool_servers_run_anywhere() -> None:
    spec = pod_of(run(programs.dev()), "Deployment")["spec"]
    assert "nodeSelector" not in spec
    assert not [flag for flag in spec["containers"][0]["args"] if "vllm" in flag]
    assert set(spec["containers"][0]["resources"]["limits"]) == {"cpu", "memory"}


def test_an_identity_names_the_service_account_and_marks_the_pods() -> None:
    made = run(programs.dev())
    account = plain(made.one("ServiceAccount", "dev-serving-account").inputs)
    assert account["metadata"]["name"] == "dev-serving"
    assert account["metadata"]["annotations"] == {"cloud/role": "reader"}
    assert account["automountServiceAccountToken"] is False
    assert pod_of(made, "Deployment")["metadata"]["labels"]["cloud/injection"] == "on"
    assert "cloud/injection" not in plain(made.one("Deployment").inputs)["spec"]["selector"]["matchLabels"]


def test_a_shared_folder_is_mounted_read_only_and_outlives_the_claim() -> None:
    made = run(programs.dev(SHARED))
    volume = plain(made.one("PersistentVolume").inputs)["spec"]
    assert volume["csi"] == {
        "driver": "nas.csi",
        "volumeHandle": "nas-1",
        "volumeAttributes": {"server": "nas"},
        "readOnly": True,
    }
    assert volume["mountOptions"] == ["vers=4"]
    assert volume["persistentVolumeReclaimPolicy"] == "Retain"
    job = pod_of(made, "Job")["spec"]["containers"][0]
    assert job["args"] == ["verify", "/models/AutoGLM-Phone-9B"]
    annotations = plain(made.one("Job").inputs)["metadata"]["annotations"]
    assert annotations == {"pulumi.com/replaceUnready": "true"}, "weights that come later would never be looked for"
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in job["volumeMounts"]


def test_a_shared_folder_without_a_shared_file_system_is_refused(kubeconfig: Path) -> None:
    with pytest.raises(Exception, match=r"shared"):
        mocks.run(programs.region(kubeconfig, SHARED))


def test_tls_at_the_balancer_is_https_on_its_own_port() -> None:
    exposure = Exposure(type=ExposureType.LOAD_BALANCER, tls=True)

    def program() -> Mapping[str, Any]:
        return {"url": base_url(exposure, pulumi.Output.from_input("phone.example.com"))}

    assert mocks.run(program).exports["url"].value == "https://phone.example.com/v1"


def test_gpu_nodes_get_the_pool_s_marks_and_nothing_else(kubeconfig: Path) -> None:
    made = mocks.run(programs.region(kubeconfig, GPU))
    patches = {item.name: plain(item.inputs) for item in made.all("NodePatch")}
    assert set(patches) == {"dev-pool-cards-rack-1", "dev-pool-cards-rack-2"}
    patch = patches["dev-pool-cards-rack-1"]
    assert patch["metadata"] == {
        "name": "rack-1",
        "annotations": {"pulumi.com/patchForce": "true"},
        "labels": {
            "autoglm.io/pool": "cards",
            "autoglm.io/accelerator": "l20",
            "autoglm.io/capacity": "on-demand",
            "autoglm.io/sharing": "none",
            "autoglm.io/cards": "8",
            "autoglm.io/card-memory-gib": "48",
            "autoglm.io/interconnect": "pcie",
        },
    }
    assert patch["spec"] == {
        "taints": [
            {"key": "team", "value": "phones", "effect": "NoSchedule"},
            {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        ]
    }
    assert "dev-pool-cards" in made.waits_for("dev-serving-deployment"), "pods would wait for nodes without marks"


def test_what_the_balancer_looks_for_is_there_before_its_service(kubeconfig: Path) -> None:
    def program() -> Mapping[str, Any]:
        provider = kubernetes.Provider("cluster", kubeconfig="{}")
        exposure = Exposure(
            type=ExposureType.LOAD_BALANCER,
            address="phone.example.com",
            annotations={"cloud/certificate": "gateway-certificate"},
            secrets={"gateway-certificate": {"id": "crt-1"}},
            tls=True,
        )
        args = gateway_args.gateway(programs.dev(), "autoglm", UPSTREAM, {"me": ("key",)}, foundation(provider), None)
        Gateway(
            "dev-gateway", dataclasses.replace(args, exposure=exposure), pulumi.ResourceOptions(providers=[provider])
        )
        return {}

    made = mocks.run(program)
    secret = plain(made.one("Secret", "dev-gateway-gateway-certificate").inputs)
    assert secret["metadata"]["name"] == "gateway-certificate"
    assert secret["stringData"] == {"id": "crt-1"}
    service = plain(made.one("Service").inputs)
    assert service["metadata"]["annotations"] == {"cloud/certificate": "gateway-certificate"}
    assert service["spec"]["ports"] == [{"name": "http", "port": 443, "targetPort": "http"}]
    assert "dev-gateway-gateway-certificate" in made.waits_for("dev-gateway-service")
