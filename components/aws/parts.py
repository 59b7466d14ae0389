"""What crosses seams between components of AWS only."""

from dataclasses import dataclass

import pulumi

from components.types import ClusterParts


@dataclass(frozen=True, kw_only=True)
class EksParts(ClusterParts):
    """`id` is the cluster's ARN. `version`: Kubernetes' of nodes, too. `node_groups`: security groups that its nodes
    need beside the region's own; `ready`: what pods need and refer to by nothing."""

    version: pulumi.Input[str]
    node_groups: tuple[pulumi.Input[str], ...] = ()
    ready: tuple[pulumi.Resource, ...] = ()


def eks(parts: ClusterParts) -> EksParts:
    if not isinstance(parts, EksParts):
        raise TypeError(f"{type(parts).__name__} is no cluster of components/aws: pass Cluster's or ExistingCluster's")
    return parts
