"""Kinds of objects that clusters have by KEDA and by the Prometheus Operator: taken as they come, by nobody heeded."""

from typing import Any

from tests.harness.waiting import until
from tools.providers.kubernetes.client import Client

_KINDS = (
    ("keda.sh", "v1alpha1", "ScaledObject"),
    ("monitoring.coreos.com", "v1", "PodMonitor"),
    ("monitoring.coreos.com", "v1", "PrometheusRule"),
)
_ANYTHING = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


def install(client: Client) -> None:
    """Until the API server has them."""
    for group, version, kind in _KINDS:
        made = _definition(group, version, kind)
        client.apply(made, "test")
        until(lambda made=made: _is_there(client, made), f"the cluster has the kind {kind}")


def _is_there(client: Client, definition: dict[str, Any]) -> bool:
    conditions = ((client.get(definition) or {}).get("status") or {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def _definition(group: str, version: str, kind: str) -> dict[str, Any]:
    singular = kind.lower()
    names = {"kind": kind, "listKind": f"{kind}List", "singular": singular, "plural": f"{singular}s"}
    served = {"name": version, "served": True, "storage": True, "schema": _ANYTHING}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [served]},
    }
