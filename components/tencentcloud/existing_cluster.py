"""A TKE cluster that exists: looked up, never changed."""

from typing import Any

import pulumi
from tencentcloud_iac_pulumi import kubernetes

from components.cloud_args import ExistingClusterArgs
from components.types import ClusterParts


class ExistingCluster(pulumi.ComponentResource):
    """Its owner keeps its add-ons: network policies, CFS, qGPU where pools share cards, and the pod identity webhook
    with its provider in CAM. `vpc`: where it must be."""

    parts: ClusterParts

    def __init__(
        self,
        name: str,
        args: ExistingClusterArgs,
        vpc: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("open-autoglm:tencentcloud:ExistingCluster", name, None, opts)
        invoke = pulumi.InvokeOutputOptions(parent=self)
        asked = kubernetes.get_clusters_output(cluster_id=args.id, opts=invoke)
        found = pulumi.Output.all(asked, vpc).apply(lambda known: _one(args.id, known[0], known[1]))
        options = kubernetes.get_cluster_authentication_options_output(cluster_id=args.id, opts=invoke)
        self.parts = ClusterParts(
            id=found.apply(lambda _: args.id),
            name=found.apply(lambda cluster: str(cluster.cluster_name)),
            kubeconfig=pulumi.Output.secret(found.apply(lambda cluster: _kubeconfig(args.id, cluster))),
            address=found.apply(lambda cluster: str(cluster.pgw_endpoint or cluster.cluster_external_endpoint)),
            issuer=options.apply(lambda answer: _issuer(args.id, answer)),
            issuer_id=args.id,  # CAM's provider for a cluster has the cluster's id as its name
        )
        self.register_outputs({"id": args.id})


def _one(id: str, answer: Any, vpc: str) -> Any:  # noqa: ANN401  the SDK's result classes have untyped lists
    if not answer.lists:
        raise pulumi.RunError(f"cluster.existing.id: {id} is not in this account and region: correct the id")
    cluster = answer.lists[0]
    if cluster.vpc_id != vpc:
        raise pulumi.RunError(f"cluster.existing.id: {id} is in {cluster.vpc_id}, not in {vpc}: name one of the VPC")
    return cluster


def _kubeconfig(id: str, cluster: Any) -> str:  # noqa: ANN401  as above
    """The private end's, where there is one."""
    found = cluster.kube_config_intranet or cluster.kube_config
    if not found:
        raise pulumi.RunError(f"cluster.existing.id: {id} has no endpoint open: open its intranet access")
    return str(found)


def _issuer(id: str, answer: Any) -> str:  # noqa: ANN401  as above
    tokens, providers = answer.service_accounts or [], answer.oidc_configs or []
    if not tokens or not tokens[0].issuer or not providers or not providers[0].auto_create_oidc_config:
        raise pulumi.RunError(
            f"cluster.existing.id: {id} gives pods no identity in CAM: turn on its OIDC resource access control, with "
            "the identity provider and the webhook"
        )
    return str(tokens[0].issuer)
