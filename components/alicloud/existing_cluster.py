"""A cluster of ACK that exists: looked up, never changed."""

import re

import pulumi
import yaml
from pulumi_alicloud import cs

from components.alicloud.kubeconfig import CREDENTIAL_MINUTES, host
from components.cloud_args import ExistingClusterArgs
from components.types import ClusterParts

_ID = re.compile(r"c[0-9a-f]{32}")


class ExistingCluster(pulumi.ComponentResource):
    """Found by id or name. It must be in `vpc`, the region's, and RRSA be on: workloads get their roles through it."""

    parts: ClusterParts
    nodes: pulumi.Output[str]  # the security group of its nodes
    ready: tuple[pulumi.Resource, ...] = ()

    def __init__(
        self,
        name: str,
        args: ExistingClusterArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        vpc: pulumi.Input[str] | None = None,
    ) -> None:
        super().__init__("open-autoglm:alicloud:ExistingCluster", name, None, opts)
        asked = pulumi.InvokeOptions(parent=self)
        by_id = _ID.fullmatch(args.id) is not None
        clusters = cs.get_managed_kubernetes_clusters_output(
            ids=[args.id] if by_id else None,
            name_regex=None if by_id else args.id,
            enable_details=True,
            opts=asked,
        )
        found = pulumi.Output.all(clusters, vpc).apply(lambda known: one(args.id, list(known[0].clusters), known[1]))
        given = cs.get_cluster_credential_output(
            cluster_id=found.apply(lambda cluster: cluster.id),
            temporary_duration_minutes=CREDENTIAL_MINUTES,
            opts=asked,
        )
        config = given.apply(lambda credential: credential.kube_config)
        self.parts = ClusterParts(
            id=found.apply(lambda cluster: cluster.id),
            name=found.apply(lambda cluster: cluster.name),
            kubeconfig=pulumi.Output.secret(config),
            address=config.apply(address),
            issuer=found.apply(lambda cluster: cluster.rrsa_config.rrsa_oidc_issuer_url),
            issuer_id=found.apply(lambda cluster: cluster.rrsa_config.ram_oidc_provider_arn),
        )
        self.nodes = found.apply(lambda cluster: cluster.security_group_id)
        self.register_outputs({"id": self.parts.id})


def one(
    asked: str, clusters: list[cs.outputs.GetManagedKubernetesClustersClusterResult], vpc: str | None = None
) -> cs.outputs.GetManagedKubernetesClustersClusterResult:
    """The one of this id or name, for a name is looked up as a pattern. RunError where there is none, more than one, or
    one in another VPC or without RRSA.
    """
    at = f"cluster.existing.id: {asked}"
    clusters = [cluster for cluster in clusters if asked in (cluster.id, cluster.name)]
    if not clusters:
        raise pulumi.RunError(f"{at}: the account has no such managed cluster in this region: correct the id or region")
    if len(clusters) > 1:
        raise pulumi.RunError(f"{at}: {len(clusters)} clusters have this name: give the id of one")
    if vpc not in (None, clusters[0].vpc_id):
        raise pulumi.RunError(
            f"{at}: lies in {clusters[0].vpc_id}, not in {vpc}: name a cluster of network.existing.vpc, or that VPC"
        )
    if not clusters[0].rrsa_config.enabled:
        raise pulumi.RunError(f"{at}: RRSA is off, so workloads could get no role: switch it on in the console first")
    return clusters[0]


def address(config: str) -> str:
    """The API server's host, of ACK's kubeconfig, which has one cluster."""
    return host(yaml.safe_load(config)["clusters"][0]["cluster"]["server"])
