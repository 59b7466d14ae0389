"""EKS's add-ons: which ones a cluster gets, with which rights."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import eks, iam

from components.aws import keys, partition, policy, roles
from components.aws.parts import EksParts
from components.cloud_args import ClusterArgs
from components.tags import tags

_NAMESPACE = "kube-system"


@dataclass(frozen=True, kw_only=True)
class Addon:
    """`account`: the service account that gets a role with the AWS-kept `policy`. `nodes`: whether it is ready only
    when nodes run its pods; the others are needed by nodes to become ready."""

    name: str
    account: str | None = None
    policy: str | None = None
    nodes: bool = False
    pod_identity: bool = False  # is of no use without EKS Pod Identity


ADDONS = (
    Addon(name="eks-pod-identity-agent", pod_identity=True),
    Addon(name="kube-proxy"),
    Addon(name="vpc-cni", account="aws-node", policy="AmazonEKS_CNI_Policy"),
    Addon(name="coredns", nodes=True),
    Addon(
        name="aws-ebs-csi-driver",
        account="ebs-csi-controller-sa",
        policy="service-role/AmazonEBSCSIDriverPolicy",
        nodes=True,
    ),
    # Without a role: the region's only volume is static, and mounting one needs no call to AWS.
    Addon(name="aws-efs-csi-driver", nodes=True),
    Addon(name="eks-node-monitoring-agent", nodes=True),  # tells node repair of broken GPUs, not just of dead kubelets
)


def make(
    name: str,
    wanted: Sequence[Addon],
    args: ClusterArgs,
    cluster: EksParts,
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource] = (),
) -> list[eks.Addon]:
    """`before`: the nodes, for add-ons that are ready only with some."""
    region = partition.region_of(args.network.zones[0])
    agent = partition.of(region).pod_identity
    made = []
    for addon in wanted:
        if addon.pod_identity and not agent:
            continue
        full = f"{name}-{addon.name}"
        role, rights = _role(full, addon, args, cluster, region, parent) if addon.account else (None, [])
        by_agent = role is not None and agent
        made.append(
            eks.Addon(
                full,
                cluster_name=cluster.name,
                addon_name=addon.name,
                configuration_values=_configuration(args) if addon.name == "vpc-cni" else None,
                pod_identity_associations=[{"role_arn": role.arn, "service_account": addon.account or ""}]
                if role is not None and by_agent
                else None,
                service_account_role_arn=role.arn if role is not None and not by_agent else None,
                resolve_conflicts_on_create="OVERWRITE",
                resolve_conflicts_on_update="OVERWRITE",
                tags=tags(args.tags, full),
                # The add-on names the role, not its rights, and waits until its pods have used them on the nodes.
                opts=pulumi.ResourceOptions(parent=parent, depends_on=[*rights, *before]),
            )
        )
    return made


def _role(
    name: str, addon: Addon, args: ClusterArgs, cluster: EksParts, region: str, parent: pulumi.Resource
) -> tuple[iam.Role, list[pulumi.Resource]]:
    child = pulumi.ResourceOptions(parent=parent)
    trusted = trust(cluster, region, _NAMESPACE, addon.account or "")
    role = roles.make(f"{name}-role", f"The add-on {addon.name}", trusted, args.tags, child)
    rights: list[pulumi.Resource] = [
        iam.RolePolicyAttachment(
            f"{name}-policy",
            role=role.name,
            policy_arn=partition.managed_policy(region, addon.policy or ""),
            opts=child,
        )
    ]
    if addon.name == "aws-ebs-csi-driver":
        key = pulumi.Output.from_input(args.key).apply(disk_key_policy)
        rights.append(iam.RolePolicy(f"{name}-key", role=role.name, policy=key, opts=child))
    return role, rights


def trust(cluster: EksParts, region: str, namespace: str, account: str) -> pulumi.Output[str]:
    """For one service account of the cluster, by the means that the partition has."""
    if partition.of(region).pod_identity:
        return pulumi.Output.from_input(cluster.id).apply(
            lambda arn: policy.pod_identity_trust(arn, namespace, account)
        )
    return pulumi.Output.all(cluster.issuer, cluster.issuer_id).apply(
        lambda issuer: policy.web_identity_trust(issuer[0], issuer[1], namespace, account)
    )


def disk_key_policy(key: str) -> str:
    """Volumes encrypted with our own key. https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html"""
    grant = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return policy.document(policy.allow(keys.USE, key), policy.allow(["kms:CreateGrant"], key, grant))


def _configuration(args: ClusterArgs) -> pulumi.Output[str]:
    subnets = list(args.network.pod_subnets)
    return pulumi.Output.all(args.security.nodes, *subnets).apply(
        lambda ids: cni_configuration(args.network.zones, [str(item) for item in ids[1:]], str(ids[0]))
    )


def cni_configuration(zones: Sequence[str], pod_subnets: Sequence[str], security_group: str) -> str:
    """Network policies on: the platform's isolation is made of them. Pods get addresses 16 at a time, from the pod
    subnet of their node's zone where there are such subnets."""
    settings = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    configuration: dict[str, Any] = {"enableNetworkPolicy": "true", "env": settings}
    if pod_subnets:
        settings |= {
            "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
            "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
        }
        configuration["eniConfig"] = {
            "create": True,
            "region": partition.region_of(zones[0]),
            "subnets": {
                zone: {"id": subnet, "securityGroups": [security_group]}
                for zone, subnet in zip(zones, pod_subnets, strict=True)
            },
        }
        configuration["env"] = settings
    return json.dumps(configuration)
