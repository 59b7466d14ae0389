"""An EKS cluster: private, encrypted, audited, with its add-ons and nodes for everything but models."""

import dataclasses

import pulumi
from pulumi_aws import cloudwatch, eks, iam

from components.aws import access_entries, addons, images, nodes, partition, policy, retention, roles
from components.aws.kubeconfig import host, issuer_arn, kubeconfig
from components.aws.nodes import NodesArgs
from components.aws.parts import EksParts
from components.aws.security import HTTPS, Rule, make_rule
from components.cloud_args import ClusterArgs
from components.tags import tags

_KUBELET = 10250


class Cluster(pulumi.ComponentResource):
    """The principal that makes it administers it, and so do `admins`; nobody else has rights in it."""

    parts: EksParts

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Cluster", name, None, opts)
        region = partition.region_of(args.network.zones[0])
        role, rights = _role(name, args, region, self)
        cluster = self._cluster(name, args, role, rights)
        _control_plane_rules(name, args, cluster, self)
        access_entries.make(name, args, cluster, region, self)
        parts = EksParts(
            id=cluster.arn,
            name=cluster.name,
            kubeconfig=_kubeconfig(cluster),
            address=cluster.endpoint.apply(host),
            issuer=_issuer(cluster),
            issuer_id=_issuer_id(name, args, cluster, region, self),
            version=cluster.version,
        )
        first = addons.make(name, [item for item in addons.ADDONS if not item.nodes], args, parts, self)
        system = nodes.make(f"{name}-system", _system(args, parts, region), self, tuple(first))
        last = addons.make(name, [item for item in addons.ADDONS if item.nodes], args, parts, self, [system])
        self.parts = dataclasses.replace(parts, ready=(*first, system, *last))
        self.register_outputs({"name": cluster.name})

    def _cluster(
        self, name: str, args: ClusterArgs, role: iam.Role, rights: tuple[pulumi.Resource, ...]
    ) -> eks.Cluster:
        logs = cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/eks/{name}/cluster",  # where EKS writes; it would make the group itself, kept for ever
            retention_in_days=retention.days(args.audit_log_days),
            tags=tags(args.tags, f"{name}-logs"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return eks.Cluster(
            f"{name}-eks",
            name=name,
            role_arn=role.arn,
            version=args.version,
            vpc_config={
                "subnet_ids": list(args.network.node_subnets),
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args.public_access),
                "public_access_cidrs": [str(item) for item in args.public_access] or None,
            },
            kubernetes_network_config={"service_ipv4_cidr": str(args.service_cidr), "ip_family": "ipv4"},
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": True,  # who makes it makes what runs in it
            },
            encryption_config={"provider": {"key_arn": args.key}, "resources": ["secrets"]},
            enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
            bootstrap_self_managed_addons=False,  # they are add-ons here, which EKS keeps patched
            upgrade_policy={"support_type": "STANDARD"},
            deletion_protection=args.protect,
            tags=tags(args.tags, name),
            # Nothing in the cluster names its log group; and without its role's rights it could not be made, nor
            # clean up after itself when it is deleted.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs, *rights]),
        )


def _role(
    name: str, args: ClusterArgs, region: str, parent: pulumi.Resource
) -> tuple[iam.Role, tuple[pulumi.Resource, ...]]:
    child = pulumi.ResourceOptions(parent=parent)
    trust = policy.service_trust("eks.amazonaws.com")
    role = roles.make(f"{name}-role", "EKS makes network interfaces and load balancers", trust, args.tags, child)
    managed = iam.RolePolicyAttachment(
        f"{name}-policy",
        role=role.name,
        policy_arn=partition.managed_policy(region, "AmazonEKSClusterPolicy"),
        opts=child,
    )
    document = pulumi.Output.from_input(args.key).apply(secrets_key_policy)
    key = iam.RolePolicy(f"{name}-key", role=role.name, policy=document, opts=child)
    return role, (managed, key)


def secrets_key_policy(key: str) -> str:
    """What EKS does with the key that Secrets are encrypted with."""
    return policy.document(policy.allow(["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"], key))


def _control_plane_rules(name: str, args: ClusterArgs, cluster: eks.Cluster, parent: pulumi.Resource) -> None:
    """Between our nodes' group and the one that EKS gives the control plane."""
    control_plane = cluster.vpc_config.cluster_security_group_id.apply(str)
    rules = {
        "api-in": Rule(
            description="Nodes and pods call the Kubernetes API",
            group=control_plane,
            peer=args.security.nodes,
            port=HTTPS,
        ),
        "kubelet-in": Rule(
            description="The Kubernetes API asks kubelets for logs, exec and metrics",
            group=args.security.nodes,
            peer=control_plane,
            port=_KUBELET,
        ),
    }
    for key, rule in rules.items():
        make_rule(f"{name}-{key}", rule, args.tags, pulumi.ResourceOptions(parent=parent))


def _kubeconfig(cluster: eks.Cluster) -> pulumi.Output[str]:
    known = pulumi.Output.all(cluster.arn, cluster.endpoint, cluster.certificate_authority.data)
    return pulumi.Output.secret(known.apply(lambda found: kubeconfig(found[0], found[1], found[2])))


def _issuer(cluster: eks.Cluster) -> pulumi.Output[str]:
    return cluster.identities.apply(lambda found: str((found[0].oidcs or [])[0].issuer))


def _issuer_id(
    name: str, args: ClusterArgs, cluster: eks.Cluster, region: str, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Registered with IAM only where pods get their rights through it."""
    issuer = _issuer(cluster)
    if partition.of(region).pod_identity:
        return pulumi.Output.all(cluster.arn, issuer).apply(lambda found: issuer_arn(found[0], found[1]))
    made = iam.OpenIdConnectProvider(
        f"{name}-issuer",
        url=issuer,
        client_id_lists=["sts.amazonaws.com"],
        tags=tags(args.tags, f"{name}-issuer"),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return made.arn


def _system(args: ClusterArgs, cluster: EksParts, region: str) -> NodesArgs:
    return NodesArgs(
        cluster=cluster,
        region=region,
        subnets=args.network.node_subnets,
        security_group=args.security.nodes,
        tags=args.tags,
        key=args.key,
        instance_type=args.system.instance_type,
        image=images.for_cpu(args.system.instance_type),
        min_size=args.system.min_size,
        max_size=args.system.max_size,
        disk_gib=args.system.disk_gib,
    )
