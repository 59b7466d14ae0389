"""Nodes that are there before they are needed: pods that hold a server's place until a server wants it.

Node autoscalers add nodes for pods that wait, and only for those. A server that comes takes the place of one of these
at once; it then waits instead, and a node is added for it.
"""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps

from components import naming
from components.types import Placement, Resources
from components.workloads import pod

_WAIT = "import signal; signal.sigwait({signal.SIGTERM})"


@dataclass(frozen=True, kw_only=True)
class WarmNodesArgs:
    """`servers`: how many more the nodes are to have room for. `image`: the servers' own, so that a node that waits has
    it. `priority`: lower than the servers', yet not so low that node autoscalers overlook it (below -10)."""

    namespace: pulumi.Input[str]
    image: str
    servers: int
    placement: Placement | None
    resources: Resources
    priority: pulumi.Input[str]

    def __post_init__(self) -> None:
        if self.servers < 1:
            raise ValueError(f"WarmNodesArgs.servers: {self.servers} is not allowed: it must be at least 1")


class WarmNodes(pulumi.ComponentResource):
    """A Deployment that asks for what servers ask for, and does nothing."""

    def __init__(self, name: str, args: WarmNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:WarmNodes", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("warm-nodes", name, "platform"), naming.selector("warm-nodes", name)
        metadata = pod.metadata(args.namespace, labels)
        apps.v1.Deployment(
            f"{name}-deployment",
            # One that waits for a node is as it should be: nobody is to wait for it.
            metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={
                "replicas": args.servers,
                "selector": {"match_labels": selector},
                "template": pod.template(
                    labels,
                    pod.placed(
                        {
                            "priority_class_name": args.priority,
                            "service_account_name": pod.account(name, metadata, child),
                            "termination_grace_period_seconds": 0,
                            "containers": [
                                pod.container(
                                    {
                                        "name": "place",
                                        "image": args.image,
                                        "command": ["python3", "-c", _WAIT],
                                        "resources": pod.resources(args.resources, args.placement),
                                    }
                                )
                            ],
                        },
                        args.placement,
                    ),
                ),
            },
            opts=child,
        )
        self.register_outputs({})
