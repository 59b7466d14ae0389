"""Kubernetes labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/"""

PART_OF = "open-autoglm"


def selector(workload: str, instance: str) -> dict[str, str]:
    """What finds a workload's pods. A selector can't be changed later, so it holds nothing that could."""
    return {"app.kubernetes.io/name": workload, "app.kubernetes.io/instance": instance}


def labels(workload: str, instance: str, component: str) -> dict[str, str]:
    """`workload`: what it is (etcd); `instance`: which (dev-etcd); `component`: its part in the whole (database)."""
    return selector(workload, instance) | {
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": "pulumi",
    }
