"""Nodes with accelerators are tainted, so that nothing lands there which needs none; deleted nodes are gone."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from policies.rules.base import Rule, by_type, each, get, is_true

_ACCELERATOR_LABEL = "autoglm.io/accelerator"  # components/pools.py puts it on every node with accelerators
# Families of instance types with accelerators, as each cloud names them (components/instance_types_*.py has the types)
_FAMILIES = re.compile(
    r"(p\d|g\d|gr\d|inf\d|trn\d|dl\d|vt\d)[a-z]*(-[a-z0-9]+)?\."  # AWS
    r"|ecs\.(e?bm)?(gn|vgn|sgn|sccgn)"  # Alibaba Cloud
    r"|(GN|PNV|GT|GI|HCCPNV|HCCG|PTX)"  # Tencent Cloud
)
_REPELS = {"noschedule", "noexecute"}
_FIX = "pods without GPUs would fill its nodes: taint it with nvidia.com/gpu=present:NoSchedule"
Props = Mapping[str, Any]


def has_accelerators(types: Sequence[object]) -> bool:
    return any(isinstance(name, str) and _FAMILIES.match(name) for name in types)


def _labels(value: object) -> set[str]:
    """A map, or a list of `key` or `name` with `value`, as each cloud has it."""
    if isinstance(value, Mapping):
        return set(value)
    return {str(get(label, "key") or get(label, "name")) for label in each(value)}


def _untainted(props: Props, types: Sequence[object], taints: Sequence[object]) -> Iterator[str]:
    gpu = has_accelerators(types) or _ACCELERATOR_LABEL in _labels(get(props, "labels"))
    if gpu and not any(_repels(taint) for taint in taints):
        yield f"{', '.join(map(str, types)) or 'a pool of GPU nodes'} without a taint: {_FIX}"


def _repels(taint: object) -> bool:
    return str(get(taint, "effect")).replace("_", "").lower() in _REPELS


def _pool(*path: str) -> Callable[[Props], Iterator[str]]:
    """A pool's check; `path` leads to its instance types."""

    def check(props: Props) -> Iterator[str]:
        found = get(props, *path)
        types = [found] if isinstance(found, str) else each(found)
        yield from _untainted(props, types, each(props, "taints"))

    return check


def _node(props: Props) -> Iterator[str]:
    labels = get(props, "metadata", "labels")
    if isinstance(labels, Mapping) and _ACCELERATOR_LABEL in labels:
        yield from _untainted({"labels": labels}, [], each(props, "spec", "taints"))


UNTAINTED_POOLS = Rule(
    id="untainted-gpu-pools",
    description="Nodes with accelerators have a taint that keeps other pods away.",
    check=by_type(
        {
            "aws:eks/nodeGroup:NodeGroup": _pool("instanceTypes"),
            "alicloud:cs/nodePool:NodePool": _pool("instanceTypes"),
            "tencentcloud:Kubernetes/nodePool:NodePool": _pool("autoScalingConfig", "instanceType"),
            "tencentcloud:Kubernetes/nativeNodePool:NativeNodePool": _pool("native", "instanceTypes"),
            "kubernetes:core/v1:Node": _node,
            "kubernetes:core/v1:NodePatch": _node,
        }
    ),
)


def _tke_pool(props: Props) -> Iterator[str]:
    if get(props, "deleteKeepInstance") is not False:
        yield (
            "deleteKeepInstance is not false (the cloud's default is true): "
            "the pool's machines would stay, and cost, when it is gone; set it to false"
        )
    for disk in each(props, "autoScalingConfig", "dataDisks"):
        if get(disk, "deleteWithInstance") is False:
            yield "autoScalingConfig.dataDisks.deleteWithInstance is false: disks would stay, and cost; set it to true"


def _tke_cluster(props: Props) -> Iterator[str]:
    if get(props, "instanceDeleteMode") == "retain":
        yield "instanceDeleteMode is retain: machines would stay, and cost; set it to terminate"
    yield from _delete_options(props, "resourceDeleteOptions")


def _ack_cluster(props: Props) -> Iterator[str]:
    if kept := each(props, "retainResources"):
        yield f"retainResources keeps {', '.join(map(str, kept))} when the cluster is gone, and they cost: leave it out"
    yield from _delete_options(props, "deleteOptions")


def _delete_options(props: Props, key: str) -> Iterator[str]:
    for option in each(props, key):
        if get(option, "deleteMode") == "retain":
            yield f"{key} keeps {get(option, 'resourceType')}, which costs on: set deleteMode to delete or terminate"


def _aws_template(props: Props) -> Iterator[str]:
    for disk in each(props, "blockDeviceMappings"):
        kept = get(disk, "ebs", "deleteOnTermination")
        if kept is not None and not is_true(kept):
            yield f"blockDeviceMappings: {get(disk, 'deviceName')} stays, and costs: set ebs.deleteOnTermination"


KEPT_INSTANCES = Rule(
    id="kept-instances",
    description="Machines and disks of a node pool go when the pool goes, and are billed no longer.",
    check=by_type(
        {
            "tencentcloud:Kubernetes/nodePool:NodePool": _tke_pool,
            "tencentcloud:Kubernetes/cluster:Cluster": _tke_cluster,
            "alicloud:cs/managedKubernetes:ManagedKubernetes": _ack_cluster,
            "aws:ec2/launchTemplate:LaunchTemplate": _aws_template,
        }
    ),
)
