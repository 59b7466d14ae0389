"""A region on Alibaba Cloud, from its VPC to what the platform and the workloads stand on."""

from typing import TYPE_CHECKING, cast

import pulumi
import pulumi_kubernetes as kubernetes

from components import foundation_args, refusal
from components import pools as marks
from components.alicloud import account, balancer, checks, provider
from components.alicloud.addons import GpuSharing
from components.alicloud.cluster import Cluster, ExistingCluster
from components.alicloud.disks import DefaultDisks
from components.alicloud.dns import Dns
from components.alicloud.gpu_pool import GpuPool
from components.alicloud.identity import Identity
from components.alicloud.network import ExistingNetwork, Network
from components.alicloud.registry import Registry
from components.alicloud.security import Security
from components.alicloud.storage import Storage
from components.cloud_args import ClusterArgs, ExistingClusterArgs, NetworkArgs, Tags
from components.tags import tags as tagged
from components.types import (
    ClusterAccess,
    ClusterParts,
    Foundation,
    NetworkParts,
    SecurityParts,
    StorageParts,
)

if TYPE_CHECKING:
    from stacks.schema import AlicloudRegion


def build(name: str, spec: "AlicloudRegion", parent: pulumi.ComponentResource) -> Foundation:
    """Raises RunError before anything is made for what Alibaba Cloud can't do."""
    with refusal.ends_the_run():
        checks.refuse(spec)
    cloud = provider.make(f"{name}-alicloud", spec, parent)
    account.own(pulumi.InvokeOptions(provider=cloud), expected=spec.account_id)
    child = pulumi.ResourceOptions(parent=parent, providers=[cloud])
    tags = foundation_args.common_tags(name, spec)

    network = _network(name, spec, tags, child)
    existing = _existing(name, spec, network, child)
    nodes = existing.nodes if existing else None
    security = Security(f"{name}-security", foundation_args.security(spec, network, tags), child, nodes=nodes).parts
    storage = Storage(f"{name}-storage", foundation_args.storage(spec, network, security, tags), child).parts
    made = existing or _cluster(name, spec, network, security, storage, tags, child)
    cluster = made.parts
    pools = _pools(name, spec, cluster, network, security, storage.key, tags, child)
    identity = Identity(f"{name}-identity", foundation_args.identity(name, spec, cluster, storage, tags), child)
    if registry := foundation_args.registry(spec, network, storage.key, tags):
        Registry(f"{name}-registry", registry, child)
    access = kubernetes.Provider(
        f"{name}-kubernetes", kubeconfig=cluster.kubeconfig, opts=pulumi.ResourceOptions(parent=parent)
    )
    return Foundation(
        cluster=ClusterAccess(provider=access, address=cluster.address),
        identities=identity.identities,
        files=storage.files,
        balancer=_balancer(name, spec, network, security, tags),
        proxies=0 if spec.gateway.tls else 1,
        member=foundation_args.member(spec, network, security, storage),
        publish=foundation_args.publisher(spec, tags, lambda asked: Dns(f"{name}-dns", asked, child).hostname),
        # A pod waits for what it can't name: nodes and add-ons, the class of its volumes.
        depends_on=(*made.ready, *pools, *_disks(name, made, storage, access, parent)),
        without_plugin=marks.without_plugin(spec.gpu_pools),
    )


def _network(name: str, spec: "AlicloudRegion", tags: Tags, child: pulumi.ResourceOptions) -> NetworkParts:
    asked = foundation_args.network(spec, tags)
    if isinstance(asked, NetworkArgs):
        return Network(f"{name}-network", asked, child).parts
    return ExistingNetwork(f"{name}-network", asked, child).parts


def _existing(
    name: str, spec: "AlicloudRegion", network: NetworkParts, child: pulumi.ResourceOptions
) -> ExistingCluster | None:
    found = getattr(spec.cluster, "existing", None)
    return (
        ExistingCluster(f"{name}-cluster", ExistingClusterArgs(id=found.id), child, vpc=network.vpc) if found else None
    )


def _cluster(
    name: str,
    spec: "AlicloudRegion",
    network: NetworkParts,
    security: SecurityParts,
    storage: StorageParts,
    tags: Tags,
    child: pulumi.ResourceOptions,
) -> Cluster:
    asked = foundation_args.cluster(spec, network, security, storage.key, tags)
    return Cluster(f"{name}-cluster", cast(ClusterArgs, asked), child)


def _pools(
    name: str,
    spec: "AlicloudRegion",
    cluster: ClusterParts,
    network: NetworkParts,
    security: SecurityParts,
    key: pulumi.Input[str],
    tags: Tags,
    child: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """What GPU pods need: the nodes, and for shared cards what shares them."""
    asked = foundation_args.gpu_pools(spec, cluster=cluster, network=network, security=security, key=key, tags=tags)
    made: list[pulumi.Resource] = [GpuPool(f"{name}-pool-{pool}", args, child).pool for pool, args in asked.items()]
    if any(args.sharing == "cgpu" for args in asked.values()):
        made.append(GpuSharing(f"{name}-gpu-sharing", cluster, child).addon)
    return made


def _disks(
    name: str,
    made: Cluster | ExistingCluster,
    storage: StorageParts,
    access: kubernetes.Provider,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """An existing cluster has its own classes."""
    if isinstance(made, ExistingCluster):
        return []
    return [DefaultDisks(f"{name}-disks", storage.key, pulumi.ResourceOptions(parent=parent, providers=[access]))]


def _balancer(
    name: str, spec: "AlicloudRegion", network: NetworkParts, security: SecurityParts, tags: Tags
) -> dict[str, pulumi.Input[str]]:
    exposure = spec.gateway.exposure
    if exposure.type != "LoadBalancer":
        return {}
    return balancer.annotations(
        certificate=exposure.certificate,
        passes_tls=spec.gateway.tls is not None,
        internal=exposure.internal,
        clients=exposure.clients,
        acl=security.balancer,
        subnet=network.node_subnets[0],
        tags=tagged(tags, f"{name}-gateway"),
    )
