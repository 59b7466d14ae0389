"""As many model servers as the load needs: KEDA, which the cluster has, by one ScaledObject.

KEDA rather than the Prometheus adapter: a HorizontalPodAutoscaler alone neither goes to zero nor comes from there.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import connections, naming
from components.platform.scaling import scaled_object
from components.platform.scaling.scaled_object import Scaling, Sources
from components.types import Upstream

KEDA: Final = connections.Pods(name="keda", labels={"app": "keda-operator"}, namespace="keda")
"""As KEDA's own chart and manifests, and the add-ons of the clouds that have one, name it."""


@dataclass(frozen=True, kw_only=True)
class AutoscalingArgs:
    """`deployment`: the servers', whose number nobody else may set. `asked`: what KEDA asks, to be let in. Raises
    ValueError for a target whose figure nobody tells."""

    namespace: pulumi.Input[str]
    deployment: pulumi.Input[str]
    scaling: Scaling
    sources: Sources
    asked: tuple[Upstream, ...] = ()

    def __post_init__(self) -> None:
        self.sources.check(self.scaling)


class Autoscaling(pulumi.ComponentResource):
    """A ScaledObject, from which KEDA makes the HorizontalPodAutoscaler."""

    connections: tuple[connections.Connection, ...]

    def __init__(self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Autoscaling", name, None, opts)
        CustomResource(
            f"{name}-scaled-object",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata={"namespace": args.namespace, "labels": naming.labels("autoscaling", name, "platform")},
            spec=pulumi.Output.from_input(args.deployment).apply(
                lambda deployment: scaled_object.spec(deployment, args.scaling, args.sources)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.connections = tuple(
            connections.Connection(
                description=f"KEDA asks {service.name} how much there is to do.",
                source=KEDA,
                target=connections.Pods(name=service.name, labels=service.pods),
                ports=(connections.Port(number=service.port),),
            )
            for service in args.asked
        )
        self.register_outputs({})
