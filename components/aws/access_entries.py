"""Who administers a cluster, through EKS's access entries: no ConfigMap that a mistake locks everybody out with."""

import pulumi
from pulumi_aws import eks

from components.aws import partition
from components.cloud_args import ClusterArgs
from components.tags import tags


def make(name: str, args: ClusterArgs, cluster: eks.Cluster, region: str, parent: pulumi.Resource) -> None:
    administrator = f"arn:{partition.of(region).name}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    for principal in args.admins:
        full = f"{name}-admin-{short(principal)}"
        child = pulumi.ResourceOptions(parent=parent)
        entry = eks.AccessEntry(
            full, cluster_name=cluster.name, principal_arn=principal, tags=tags(args.tags, full), opts=child
        )
        eks.AccessPolicyAssociation(
            f"{full}-policy",
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=administrator,
            access_scope={"type": "cluster"},
            opts=child,
        )


def short(principal: str) -> str:
    """`role-team-admin` of arn:aws:iam::1:role/team/admin: stays when others come and go."""
    return principal.rpartition(":")[2].replace("/", "-")
