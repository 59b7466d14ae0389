"""Where Kubernetes objects keep their pods' specifications."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.rules.base import Resource, each, get

_TEMPLATE = ("spec", "template", "spec")
_PATHS = {  # kind -> the path of the pod's specification
    "Pod": ("spec",),
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
}
_LISTS = ("initContainers", "containers", "ephemeralContainers")


def kind(resource: Resource) -> str | None:
    """The kind of a Kubernetes object, None for anything else; a patch counts as what it patches."""
    return resource.type.rpartition(":")[2].removesuffix("Patch") if resource.package == "kubernetes" else None


def containers(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """The containers of the pods that an object makes."""
    if path := _PATHS.get(kind(resource) or ""):
        for name in _LISTS:
            yield from each(resource.props, *path, name)


def replicas(resource: Resource) -> int:
    """Of a workload; Kubernetes makes one where nothing is said."""
    found = get(resource.props, "spec", "replicas")
    return 1 if found is None else int(found)
