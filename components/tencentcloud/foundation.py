"""A region on Tencent Cloud: what its cluster stands on, and the cluster."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components import foundation_args, refusal
from components import pools as marks
from components.cloud_args import ExistingClusterArgs, GpuPoolArgs, NetworkArgs, Tags
from components.tags import tags as tagged
from components.tencentcloud import balancer, checks, provider
from components.tencentcloud.cluster import Cluster
from components.tencentcloud.disks import DefaultDisks
from components.tencentcloud.dns import Dns
from components.tencentcloud.existing_cluster import ExistingCluster
from components.tencentcloud.existing_network import ExistingNetwork
from components.tencentcloud.gpu_pool import GpuPool
from components.tencentcloud.gpu_sharing import GpuSharing
from components.tencentcloud.identity import Identity
from components.tencentcloud.network import Network
from components.tencentcloud.pull_addon import PullAddon, PullAddonArgs
from components.tencentcloud.registry import Registry
from components.tencentcloud.security import Security
from components.tencentcloud.storage import Storage
from components.types import (
    ClusterAccess,
    ClusterParts,
    Foundation,
    NetworkParts,
    SecurityParts,
)

if TYPE_CHECKING:
    from stacks.schema import TencentcloudRegion


def build(name: str, spec: "TencentcloudRegion", parent: pulumi.ComponentResource) -> Foundation:
    """Raises RunError before anything is made for what Tencent Cloud can't do."""
    with refusal.ends_the_run():
        checks.refuse(spec)
    cloud = provider.make(f"{name}-tencentcloud", spec, parent)
    child = pulumi.ResourceOptions(parent=parent, providers=[cloud])
    tags = foundation_args.common_tags(name, spec)
    network = _network(name, spec, tags, child)
    security = Security(f"{name}-security", foundation_args.security(spec, network, tags), child).parts
    storage = Storage(f"{name}-storage", foundation_args.storage(spec, network, security, tags), child).parts
    asked = foundation_args.cluster(spec, network, security, storage.key, tags)
    made: Cluster | ExistingCluster
    if isinstance(asked, ExistingClusterArgs):
        made = ExistingCluster(f"{name}-cluster", asked, network.vpc, child)
    else:
        made = Cluster(f"{name}-cluster", asked, child)
    cluster = made.parts
    groups = foundation_args.gpu_pools(
        spec, cluster=cluster, network=network, security=security, key=storage.key, tags=tags
    )
    pools = [GpuPool(f"{name}-pool-{group}", args, child).pool for group, args in groups.items()]
    identity = Identity(f"{name}-identity", foundation_args.identity(name, spec, cluster, storage, tags), child)
    access = kubernetes.Provider(
        f"{name}-kubernetes", kubeconfig=cluster.kubeconfig, opts=pulumi.ResourceOptions(parent=parent)
    )
    registry_args = foundation_args.registry(spec, network, storage.key, tags)
    registry = Registry(f"{name}-registry", registry_args, child) if registry_args else None
    before: list[pulumi.Resource] = [made, *pools, identity]
    if isinstance(made, Cluster):
        # Add-ons run on the cluster's nodes, and name only the cluster.
        placed = pulumi.ResourceOptions(parent=parent, providers=[cloud, access], depends_on=[made])
        before += _fittings(name, spec, cluster, registry, groups.values(), placed)
    return Foundation(
        cluster=ClusterAccess(provider=access, address=cluster.address),
        identities=identity.identities,
        files=storage.files,
        balancer=_balancer(name, spec, network, security, tags),
        secrets=balancer.secrets(getattr(spec.gateway.exposure, "certificate", None)),
        member=foundation_args.member(spec, network, security, storage),
        publish=foundation_args.publisher(spec, tags, lambda asked: Dns(f"{name}-dns", asked, child).hostname),
        # A pod waits for what it can't name: nodes and add-ons, its rights, the class of its volumes.
        depends_on=tuple(before),
        without_plugin=marks.without_plugin(spec.gpu_pools),
    )


def _network(name: str, spec: "TencentcloudRegion", tags: Tags, child: pulumi.ResourceOptions) -> NetworkParts:
    args = foundation_args.network(spec, tags)
    if isinstance(args, NetworkArgs):
        return Network(f"{name}-network", args, child).parts
    return ExistingNetwork(f"{name}-network", args, child).parts


def _fittings(
    name: str,
    spec: "TencentcloudRegion",
    cluster: ClusterParts,
    registry: Registry | None,
    pools: Iterable[GpuPoolArgs],
    placed: pulumi.ResourceOptions,
) -> Iterator[pulumi.Resource]:
    """What a cluster of our own gets beside its nodes; the owner of an existing one has seen to it."""
    yield DefaultDisks(f"{name}-disks", placed)
    if registry:
        pull = PullAddonArgs(cluster=cluster.id, namespace=spec.namespace, puller=registry.puller)
        yield PullAddon(f"{name}-pull", pull, placed)
    if any(pool.sharing == "qgpu" for pool in pools):
        yield GpuSharing(f"{name}-gpu-sharing", cluster.id, placed)


def _balancer(
    name: str, spec: "TencentcloudRegion", network: NetworkParts, security: SecurityParts, tags: Tags
) -> dict[str, pulumi.Input[str]]:
    exposure = spec.gateway.exposure
    if exposure.type != "LoadBalancer":
        return {}
    return balancer.annotations(
        certificate=exposure.certificate,
        internal=exposure.internal,
        security_group=security.balancer,
        subnet=network.node_subnets[0],
        tags=tagged(tags, f"{name}-gateway"),
    )
