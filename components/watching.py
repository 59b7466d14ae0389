"""What watches a region, as its file says: nothing, a Prometheus of its own, or an operator that the cluster has."""

from typing import TYPE_CHECKING

import pulumi

from components import monitoring_args
from components.connections import Connection
from components.monitoring_args import Seen
from components.platform.monitoring.operator import OperatorMonitoring
from components.platform.monitoring.own import OwnMonitoring

if TYPE_CHECKING:
    from stacks.schema import RegionSpec


def watch(
    name: str, spec: "RegionSpec", namespace: pulumi.Input[str], seen: Seen, opts: pulumi.ResourceOptions
) -> tuple[Connection, ...]:
    """Returns who may reach whom for it."""
    match spec.monitoring.type:
        case "own":
            args = monitoring_args.own(name, spec, spec.monitoring, namespace, seen)
            return OwnMonitoring(f"{name}-monitoring", args, opts).connections
        case "operator":
            told = monitoring_args.operator(name, spec, spec.monitoring, namespace, seen)
            return OperatorMonitoring(f"{name}-monitoring", told, opts).connections
        case "none":
            return ()
