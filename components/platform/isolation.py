"""A namespace in which nothing is allowed that was not asked for."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core, networking

from components import naming, quantities

_PROFILE = "restricted"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What all pods of the namespace may ask for together, as Kubernetes quantities."""

    cpu: str
    memory: str
    storage: str
    pods: int

    def __post_init__(self) -> None:
        for quantity in (self.cpu, self.memory, self.storage):
            quantities.parse(quantity)


@dataclass(frozen=True, kw_only=True)
class IsolationArgs:
    namespace: str
    quota: Quota


class Isolation(pulumi.ComponentResource):
    """Namespace with the `restricted` pod-security profile, ResourceQuota, LimitRange, and default-deny both ways.

    No Role is made: no workload here talks to the Kubernetes API, and none is given a token.
    """

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: IsolationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Isolation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        common = naming.labels("isolation", name, "platform")

        namespace = core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": args.namespace,
                "labels": common
                | {f"pod-security.kubernetes.io/{mode}": _PROFILE for mode in ("enforce", "audit", "warn")},
            },
            opts=child,
        )
        self.namespace = namespace.metadata.name.apply(lambda made: made or args.namespace)
        core.v1.ResourceQuota(
            f"{name}-quota",
            metadata={"namespace": self.namespace, "labels": common},
            spec={
                "hard": {
                    "requests.cpu": args.quota.cpu,
                    "requests.memory": args.quota.memory,
                    "requests.storage": args.quota.storage,
                    "pods": str(args.quota.pods),
                    "services.loadbalancers": "1",
                }
            },
            opts=child,
        )
        core.v1.LimitRange(
            f"{name}-limits",
            metadata={"namespace": self.namespace, "labels": common},
            spec={
                "limits": [
                    {
                        "type": "Container",
                        "default_request": {"cpu": "50m", "memory": "64Mi"},
                        "default": {"cpu": "500m", "memory": "256Mi"},
                    }
                ]
            },
            opts=child,
        )
        networking.v1.NetworkPolicy(
            f"{name}-default-deny",
            metadata={
                "namespace": self.namespace,
                "labels": common,
                "annotations": {
                    "open-autoglm/description": "Nothing in, nothing out, unless another policy allows it."
                },
            },
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
