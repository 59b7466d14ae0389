"""What a region on a cluster of one's own stands on: the cluster, and marks on its GPU nodes."""

from typing import TYPE_CHECKING

import pulumi

from components import pools, serving_pools
from components.private.cluster import Cluster
from components.private.gpu_nodes import GpuNodes, GpuNodesArgs
from components.types import Foundation

if TYPE_CHECKING:
    from stacks.schema import PrivateRegion


def build(name: str, spec: "PrivateRegion", parent: pulumi.ComponentResource) -> Foundation:
    cluster = Cluster(f"{name}-cluster", spec, pulumi.ResourceOptions(parent=parent)).access
    inside = pulumi.ResourceOptions(parent=parent, providers=[cluster.provider])
    marks = labels(spec)
    marked = [
        GpuNodes(
            f"{name}-pool-{pool}",
            GpuNodesArgs(nodes=asked.nodes, labels=marks[pool], taints=asked.taints | pools.taints()),
            inside,
        )
        for pool, asked in spec.gpu_pools.items()
    ]
    return Foundation(cluster=cluster, depends_on=tuple(marked), sets_nodes_up=False)


def labels(spec: "PrivateRegion") -> dict[str, dict[str, str]]:
    """Of each pool's nodes."""
    kinds = dict(serving_pools.kinds(spec))
    return {
        pool: asked.labels
        | pools.labels(pool, asked.facts.accelerator.lower(), spot=False, sharing=pools.sharing(asked.sharing))
        | pools.card_labels(kinds[pool])
        for pool, asked in spec.gpu_pools.items()
    }
