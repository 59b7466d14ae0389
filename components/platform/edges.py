"""The allowed connections, as NetworkPolicies: an exception each from the namespace's default deny."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import networking

from components import naming
from components.connections import Connection, policies


@dataclass(frozen=True, kw_only=True)
class EdgesArgs:
    namespace: pulumi.Input[str]
    connections: tuple[Connection, ...]


class Edges(pulumi.ComponentResource):
    """One NetworkPolicy for each side of a connection, described in plain English."""

    def __init__(self, name: str, args: EdgesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Edges", name, None, opts)
        for edge, policy in policies(args.connections).items():
            networking.v1.NetworkPolicy(
                f"{name}-{edge}",
                metadata={
                    "namespace": args.namespace,
                    "labels": naming.labels("edges", name, "platform"),
                    "annotations": {"open-autoglm/description": policy["description"]},
                },
                spec=policy["spec"],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
