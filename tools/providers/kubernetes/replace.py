"""Which fields cannot change in place, per kind.

The table holds what the official provider replaces on (provider/pkg/provider/diff.go of pulumi-kubernetes) and the
further fields that the API server itself calls immutable (pkg/apis/*/validation of Kubernetes 1.34), where an update
could only fail. A path matches all that lies below it.
"""

from collections.abc import Mapping
from typing import Any, Final

from tools.providers.values import Path, get

_METADATA: Final = ("metadata.name", "metadata.namespace")
_SELECTOR: Final = ("spec.selector",)
_JOB: Final = (
    "spec.backoffLimitPerIndex",
    "spec.completionMode",
    "spec.completions",
    "spec.managedBy",
    "spec.manualSelector",
    "spec.parallelism",
    "spec.podFailurePolicy",
    "spec.selector",
    "spec.successPolicy",
    "spec.template",
)
_STATEFUL_SET: Final = (
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
)
_CLAIM: Final = (
    "spec.accessModes",
    "spec.dataSource",
    "spec.dataSourceRef",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeMode",
    "spec.volumeName",
)
_VOLUME_SOURCES: Final = (
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker",
    "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk", "portworxVolume",
    "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
)  # fmt: skip
_VOLUME: Final = (*(f"spec.{source}" for source in _VOLUME_SOURCES), "spec.nodeAffinity", "spec.volumeMode")
_POD_MUTABLE: Final = frozenset(("activeDeadlineSeconds", "tolerations", "schedulingGates"))

# (group without version, kind) -> paths
_TABLE: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "ReplicaSet"): _SELECTOR,
    ("apps", "StatefulSet"): _STATEFUL_SET,
    ("batch", "Job"): _JOB,
    ("", "PersistentVolume"): _VOLUME,
    ("", "PersistentVolumeClaim"): _CLAIM,
    ("", "ResourceQuota"): ("spec.scopes", "spec.scopeSelector"),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    ("storage.k8s.io", "CSIDriver"): ("spec.attachRequired", "spec.fsGroupPolicy", "spec.volumeLifecycleModes"),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        "spec.group",
        "spec.names.kind",
        "spec.names.plural",
        "spec.scope",
    ),
}
_DATA: Final[Mapping[str, tuple[str, ...]]] = {"ConfigMap": ("binaryData", "data"), "Secret": ("data", "stringData")}


def replaces(
    inputs: Mapping[str, Any], old: Mapping[str, Any], path: Path, *, mutable: frozenset[str], patch: bool = False
) -> bool:
    """Whether a change at `path` needs a new object.

    `mutable` names the kinds of `_DATA` that the user lets change in place. The data of the others is replaced, so that
    a new automatic name rolls into the pods that use it. A Patch owns no object, so only another object replaces it.
    """
    if path and path[0] in ("apiVersion", "kind"):
        return path[0] == "kind" or _group(inputs) != _group(old)
    if patch:
        return _matches(_METADATA, path)
    kind, group = str(inputs.get("kind")), _group(inputs)
    rules = _METADATA + _TABLE.get((group, kind), ())
    if not group and kind in _DATA and (kind not in mutable or old.get("immutable") is True):
        rules += (*_DATA[kind], *(("immutable",) if old.get("immutable") is True else ()))
    if not group and kind == "Pod":
        return _pod_replaces(path) or _matches(rules, path)
    return _matches(rules, path)


def _group(inputs: Mapping[str, Any]) -> str:
    return str(get(inputs, ("apiVersion",), "")).rpartition("/")[0]


def _matches(rules: tuple[str, ...], path: Path) -> bool:
    return any(path[: len(rule)] == rule for rule in (tuple(text.split(".")) for text in rules))


def _pod_replaces(path: Path) -> bool:
    """Of a Pod only the deadline, tolerations and gates change in place; the official provider replaces on images."""
    return len(path) > 1 and path[0] == "spec" and path[1] not in _POD_MUTABLE
