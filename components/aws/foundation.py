"""A region on AWS: what its cluster stands on, and the cluster."""

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components import foundation_args, refusal
from components.aws import balancer, checks, provider
from components.aws.cluster import Cluster
from components.aws.disks import DefaultDisks
from components.aws.dns import Dns
from components.aws.existing_cluster import ExistingCluster
from components.aws.existing_network import ExistingNetwork
from components.aws.gpu_pool import GpuPool
from components.aws.identity import Identity
from components.aws.network import Network
from components.aws.parts import EksParts
from components.aws.registry import Registry
from components.aws.security import Security
from components.aws.storage import Storage
from components.cloud_args import ExistingClusterArgs, NetworkArgs, Tags
from components.types import (
    ClusterAccess,
    Foundation,
    NetworkParts,
    SecurityParts,
    StorageParts,
)

if TYPE_CHECKING:
    from stacks.schema import AwsRegion


def build(name: str, spec: "AwsRegion", parent: pulumi.ComponentResource) -> Foundation:
    """Raises RunError before anything is made for what AWS can't do."""
    with refusal.ends_the_run():
        checks.refuse(spec)
    inside = pulumi.ResourceOptions(parent=parent, providers=[provider.make(f"{name}-aws", spec, parent)])
    tags = foundation_args.common_tags(name, spec)
    network = _network(name, spec, tags, inside)
    security = Security(f"{name}-security", foundation_args.security(spec, network, tags), inside).parts
    storage = Storage(f"{name}-storage", foundation_args.storage(spec, network, security, tags), inside).parts
    cluster = _cluster(name, spec, network, security, storage, tags, inside)
    groups = foundation_args.gpu_pools(
        spec, cluster=cluster, network=network, security=security, key=storage.key, tags=tags
    )
    pools = [GpuPool(f"{name}-pool-{group}", args, inside) for group, args in groups.items()]
    identity = Identity(f"{name}-identity", foundation_args.identity(name, spec, cluster, storage, tags), inside)
    if registry := foundation_args.registry(spec, network, storage.key, tags):
        Registry(f"{name}-registry", registry, inside)
    access = _access(name, spec, cluster, parent)
    disks = _disks(name, spec, cluster, storage, access, parent)
    return Foundation(
        cluster=access,
        identities=identity.identities,
        files=storage.files,
        balancer=_balancer(name, spec, network, tags),
        member=foundation_args.member(spec, network, security, storage),
        publish=foundation_args.publisher(spec, tags, lambda asked: Dns(f"{name}-dns", asked, inside).hostname),
        # A pod waits for what it can't name: nodes and add-ons, its rights, the class of its volumes.
        depends_on=(*cluster.ready, *pools, identity, *disks),
        without_plugin=checks.without_plugin(spec),
    )


def _network(name: str, spec: "AwsRegion", tags: Tags, inside: pulumi.ResourceOptions) -> NetworkParts:
    args = foundation_args.network(spec, tags)
    if isinstance(args, NetworkArgs):
        return Network(f"{name}-network", args, inside).parts
    return ExistingNetwork(f"{name}-network", args, inside).parts


def _cluster(
    name: str,
    spec: "AwsRegion",
    network: NetworkParts,
    security: SecurityParts,
    storage: StorageParts,
    tags: Tags,
    inside: pulumi.ResourceOptions,
) -> EksParts:
    args = foundation_args.cluster(spec, network, security, storage.key, tags)
    if isinstance(args, ExistingClusterArgs):
        return ExistingCluster(f"{name}-cluster", args, inside).inside(network.vpc)
    return Cluster(f"{name}-cluster", args, inside).parts


def _access(name: str, spec: "AwsRegion", cluster: EksParts, parent: pulumi.Resource) -> ClusterAccess:
    made = kubernetes.Provider(
        f"{name}-kubernetes", kubeconfig=cluster.kubeconfig, opts=pulumi.ResourceOptions(parent=parent)
    )
    return ClusterAccess(provider=made, address=cluster.address)


def _disks(
    name: str,
    spec: "AwsRegion",
    cluster: EksParts,
    storage: StorageParts,
    access: ClusterAccess,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """An existing cluster has its own classes."""
    if not cluster.ready:
        return []
    inside = pulumi.ResourceOptions(parent=parent, providers=[access.provider])
    return [DefaultDisks(f"{name}-disks", storage.key, inside)]


def _balancer(name: str, spec: "AwsRegion", network: NetworkParts, tags: Tags) -> dict[str, pulumi.Input[str]]:
    exposure = spec.gateway.exposure
    if exposure.type != "LoadBalancer":
        return {}
    peers = foundation_args.security(spec, network, tags).peers
    return balancer.annotations(
        internal=exposure.internal,
        certificate=exposure.certificate,
        subnets=network.node_subnets if exposure.internal else network.public_subnets,
        sources=(*exposure.clients, *peers),
        tags={**tags, "Name": f"{name}-gateway"},
    )
