"""GPU nodes that exist: labels and taints on them, and nothing else of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core


@dataclass(frozen=True, kw_only=True)
class GpuNodesArgs:
    """`taints`: key -> value, with the effect NoSchedule."""

    nodes: tuple[str, ...]
    labels: Mapping[str, str]
    taints: Mapping[str, str]


class GpuNodes(pulumi.ComponentResource):
    """A patch of each node by server-side apply: the marks go when the patch goes, the node stays.

    A node's taints are one value to Kubernetes, and its controllers own it since the node joined, so it has to be taken
    over by force; they put back theirs (not ready, cordoned) by themselves.
    """

    def __init__(self, name: str, args: GpuNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:private:GpuNodes", name, None, opts)
        for node in args.nodes:
            core.v1.NodePatch(
                f"{name}-{node}",
                metadata={
                    "name": node,
                    "labels": dict(args.labels),
                    "annotations": {"pulumi.com/patchForce": "true"},
                },
                spec={
                    "taints": [
                        {"key": key, "value": value, "effect": "NoSchedule"} for key, value in args.taints.items()
                    ]
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
