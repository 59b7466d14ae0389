"""Which kinds a cluster serves and whether they live in namespaces."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tools.providers.kubernetes.errors import ApiError


@dataclass(frozen=True)
class Kind:
    plural: str
    namespaced: bool


# Built-in kinds outside namespaces (Kubernetes 1.34), for a preview before the cluster answers.
_CLUSTER_SCOPED: Final = frozenset(
    (
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IngressClass",
        "IPAddress",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersionMigration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    )
)


def built_in(api_version: str) -> bool:
    """Whether the group is one of Kubernetes' own rather than a custom resource's."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def namespaced_by_name(api_version: str, kind: str) -> bool:
    """The best guess without a cluster: custom resources count as namespaced until the cluster says otherwise."""
    return not (built_in(api_version) and kind in _CLUSTER_SCOPED)


class Discovery:
    """The kinds by group and version, asked once; a kind that was not there is asked for again."""

    def __init__(self, get: Callable[[str], dict[str, Any]]) -> None:
        self._get = get
        self._known: dict[str, dict[str, Kind]] = {}

    def find(self, api_version: str, kind: str, *, fresh: bool = False) -> Kind | None:
        if api_version not in self._known or (fresh and kind not in self._known[api_version]):
            self._known[api_version] = self._read(api_version)
        return self._known[api_version].get(kind)

    def _read(self, api_version: str) -> dict[str, Kind]:
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            resources = self._get(base)["resources"]
        except ApiError as error:
            if error.code == 404:
                return {}
            raise
        return {
            entry["kind"]: Kind(entry["name"], entry["namespaced"]) for entry in resources if "/" not in entry["name"]
        }
