"""Node pools, quorum, images and tags."""

from typing import Any

import pytest

from components import instance_types_alicloud, instance_types_aws, instance_types_tencentcloud
from policies import UNKNOWN, Resource
from policies.rules.pools import has_accelerators
from policies.rules.tagging import taggable
from tests.policies.planned import LABELS, TAGS, planned, pod, said

POOLS = {
    "aws": ("aws:eks/nodeGroup:NodeGroup", lambda name: {"instanceTypes": [name]}, "g5.xlarge", "m7i.large"),
    "alicloud": (
        "alicloud:cs/nodePool:NodePool",
        lambda name: {"instanceTypes": [name]},
        "ecs.gn7i-c8g1.2xlarge",
        "ecs.g7.xlarge",
    ),
    "tencentcloud": (
        "tencentcloud:Kubernetes/nodePool:NodePool",
        lambda name: {"autoScalingConfig": {"instanceType": name}},
        "PNV4.7XLARGE116",
        "S5.LARGE8",
    ),
    "native": (
        "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool",
        lambda name: {"native": {"instanceTypes": [name]}},
        "GN7.2XLARGE32",
        "SA5.LARGE8",
    ),
}
TAINTS = {"aws": "NO_SCHEDULE", "alicloud": "NoSchedule", "tencentcloud": "NoSchedule", "native": "NoSchedule"}


@pytest.mark.parametrize("where", POOLS)
def test_gpu_nodes_are_tainted(where: str) -> None:
    kind, shape, gpu, cpu = POOLS[where]
    taint = [{"key": "nvidia.com/gpu", "value": "present", "effect": TAINTS[where]}]
    prefer = [{**taint[0], "effect": "PreferNoSchedule"}]
    [text] = said("untainted-gpu-pools", planned(kind, **shape(gpu)))
    assert text.startswith(f"{gpu} without a taint: ")
    assert said("untainted-gpu-pools", planned(kind, **shape(gpu), taints=prefer))
    assert said("untainted-gpu-pools", planned(kind, **shape(gpu), taints=taint)) == []
    assert said("untainted-gpu-pools", planned(kind, **shape(cpu))) == []


@pytest.mark.parametrize(
    "labels",
    [{"autoglm.io/accelerator": "x"}, [{"key": "autoglm.io/accelerator"}], [{"name": "autoglm.io/accelerator"}]],
    ids=["map", "key", "name"],
)
def test_a_pool_with_accelerators_that_no_name_tells(labels: Any) -> None:
    kind = "alicloud:cs/nodePool:NodePool"
    assert said("untainted-gpu-pools", planned(kind, instanceTypes=["ecs.ppu-x"], labels=labels))


def test_nodes_of_a_rack() -> None:
    marked = {"metadata": {"labels": {"autoglm.io/accelerator": "x"}}}
    taint = {"key": "nvidia.com/gpu", "effect": "NoSchedule"}
    assert said("untainted-gpu-pools", planned("kubernetes:core/v1:NodePatch", **marked))
    assert (
        said("untainted-gpu-pools", planned("kubernetes:core/v1:NodePatch", **marked, spec={"taints": [taint]})) == []
    )


@pytest.mark.parametrize("table", [instance_types_aws, instance_types_alicloud, instance_types_tencentcloud])
def test_families_agree_with_the_table_of_instance_types(table: Any) -> None:
    types = [value for name in dir(table) if isinstance(value := getattr(table, name), tuple)]
    known = [entry for group in types for entry in group if hasattr(entry, "gpus")]
    assert known
    assert [entry.name for entry in known if bool(entry.gpus) != has_accelerators([entry.name])] == []


@pytest.mark.parametrize(
    "kept",
    [
        planned("tencentcloud:Kubernetes/nodePool:NodePool"),
        planned("tencentcloud:Kubernetes/nodePool:NodePool", deleteKeepInstance=True),
        planned("tencentcloud:Kubernetes/cluster:Cluster", instanceDeleteMode="retain"),
        planned("tencentcloud:Kubernetes/cluster:Cluster", resourceDeleteOptions=[{"deleteMode": "retain"}]),
        planned("alicloud:cs/managedKubernetes:ManagedKubernetes", retainResources=["nodes"]),
        planned("alicloud:cs/managedKubernetes:ManagedKubernetes", deleteOptions=[{"deleteMode": "retain"}]),
        planned(
            "aws:ec2/launchTemplate:LaunchTemplate", blockDeviceMappings=[{"ebs": {"deleteOnTermination": "false"}}]
        ),
    ],
    ids=lambda found: found.type,
)
def test_machines_that_would_stay_and_cost(kept: Resource) -> None:
    assert len(said("kept-instances", kept)) == 1


def test_machines_that_go() -> None:
    assert said("kept-instances", planned("tencentcloud:Kubernetes/nodePool:NodePool", deleteKeepInstance=False)) == []
    assert (
        said("kept-instances", planned("tencentcloud:Kubernetes/cluster:Cluster", instanceDeleteMode="terminate")) == []
    )
    assert said("kept-instances", planned("alicloud:cs/managedKubernetes:ManagedKubernetes")) == []


@pytest.mark.parametrize(("members", "odd"), [(1, True), (2, False), (3, True), (4, False), (5, True), (0, True)])
def test_quorum(members: int, odd: bool) -> None:
    labels = {"app.kubernetes.io/name": "etcd"}
    kind = "kubernetes:apps/v1:StatefulSet"
    etcd = planned(kind, metadata={"labels": labels}, spec={"replicas": members})
    assert bool(said("even-quorum", etcd)) is not odd
    other = planned(kind, metadata={"labels": {"app.kubernetes.io/name": "cache"}}, spec={"replicas": members})
    assert said("even-quorum", other) == []


def test_quorum_told_by_its_image() -> None:
    containers = [{"image": "registry.example:5000/mirror/etcd:v3.6.4"}]
    spec = {"replicas": 2, "template": {"spec": {"containers": containers}}}
    assert said("even-quorum", planned("kubernetes:apps/v1:StatefulSet", metadata={}, spec=spec)) == [
        "2 members survive as few losses as 1: take 1 or 3"
    ]


KINDS = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]


@pytest.mark.parametrize("kind", KINDS)
def test_images_in_every_kind_of_workload(kind: str) -> None:
    for image in ("nginx", "nginx:latest", "registry:5000/x/nginx"):
        [text] = said("mutable-images", pod(kind, image=image))
        assert f"{image} changes under the same name" in text
    for image in ("nginx:1.29.1", "registry:5000/x/nginx:1.29", "nginx@sha256:ab", "nginx:latest@sha256:ab"):
        assert said("mutable-images", pod(kind, image=image)) == []


def test_digests_are_advised_for_images_of_registries() -> None:
    assert len(said("image-digests", pod(image="nginx:1.29.1"))) == 1
    assert said("image-digests", pod(image="nginx:1.29.1@sha256:ab")) == []
    assert said("image-digests", pod(image="localhost/autoglm/serving:0.1.0")) == []


@pytest.mark.parametrize(
    ("mutable", "fixed"),
    [
        (planned("aws:ecr/repository:Repository"), {"imageTagMutability": "IMMUTABLE"}),
        (planned("alicloud:cs/registryEnterpriseRepo:RegistryEnterpriseRepo"), {"tagImmutability": True}),
    ],
    ids=["aws", "alicloud"],
)
def test_registries(mutable: Resource, fixed: dict[str, Any]) -> None:
    assert len(said("mutable-images", mutable)) == 1
    assert said("mutable-images", planned(mutable.type, **fixed)) == []


def test_a_namespace_of_tencents_registry_has_a_rule_beside_it() -> None:
    namespace = planned("tencentcloud:Tcr/namespace:Namespace", name_="x")
    rule = planned("tencentcloud:Tcr/immutableTagRule:ImmutableTagRule", namespaceName=UNKNOWN)
    assert len(said("mutable-images", [namespace])) == 1
    assert said("mutable-images", [namespace, rule]) == []


@pytest.mark.parametrize(
    "kind", ["aws:ec2/vpc:Vpc", "alicloud:vpc/network:Network", "tencentcloud:Vpc/instance:Instance"]
)
def test_tags(kind: str) -> None:
    assert kind in taggable()
    assert said("missing-tags", planned(kind, tags=TAGS)) == []
    assert len(said("missing-tags", planned(kind))) == 1
    some = {key: value for key, value in TAGS.items() if key != "owner"} | {"cost-center": ""}
    [text] = said("missing-tags", planned(kind, tags=some))
    assert text.startswith("tags lack owner, cost-center: ")


def test_tags_of_native_pools() -> None:
    kind = "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool"
    tags = [{"resourceType": "machine", "tags": [{"key": key, "value": value} for key, value in TAGS.items()]}]
    assert said("missing-tags", planned(kind, tags=tags)) == []
    assert len(said("missing-tags", planned(kind))) == 1


def test_what_can_have_no_tags_needs_none() -> None:
    assert said("missing-tags", planned("aws:ec2/route:Route")) == []
    assert said("missing-tags", planned("tencentcloud:Cam/policy:Policy")) == []


def test_labels_of_kubernetes_objects() -> None:
    kind = "kubernetes:core/v1:Service"
    assert said("missing-tags", planned(kind, metadata={"labels": LABELS})) == []
    assert len(said("missing-tags", planned(kind, metadata={}))) == 1
    assert said("missing-tags", planned("kubernetes:core/v1:NodePatch", metadata={})) == []
