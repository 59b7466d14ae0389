"""ACK Pro: Terway, a private API server, RRSA, Secrets under our key, every log kept."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
from pulumi_alicloud import cs

from components.alicloud import addons, logs, names, node_pool
from components.alicloud.existing_cluster import ExistingCluster
from components.alicloud.kubeconfig import CREDENTIAL_MINUTES, host, kubeconfig
from components.cloud_args import ClusterArgs, SystemPoolArgs
from components.tags import tags
from components.types import ClusterParts

__all__ = ["Cluster", "ExistingCluster"]

_LOGGED = ["apiserver", "kcm", "scheduler", "ccm", "controlplane-events"]


class Cluster(pulumi.ComponentResource):
    """`ready`: what pods need of it beside nodes: add-ons. The cloud's own roles for ACK must exist in the account: the
    console makes them when an account first opens ACK (AliyunCSManagedKubernetesRole and those beside it)."""

    parts: ClusterParts
    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Cluster", name, None, opts)
        public = internet(args.public_access)
        project = logs.project(f"{name}-logs", self, args.tags, "Audit and control plane logs of the cluster")
        network = args.network
        made = cs.ManagedKubernetes(
            f"{name}-ack",
            name=names.fitted(name, names.CLUSTER),
            cluster_spec="ack.pro.small",
            version=self._newest(args.version),
            vswitch_ids=list(network.node_subnets),
            pod_vswitch_ids=list(network.pod_subnets or network.node_subnets),
            service_cidr=str(args.service_cidr),
            proxy_mode="ipvs",
            security_group_id=args.security.nodes,
            new_nat_gateway=False,
            slb_internet_enabled=public,
            enable_rrsa=True,
            disable_encryption=False,
            encryption_provider_key=args.key,
            skip_set_certificate_authority=True,
            audit_log_config={"enabled": True, "sls_project_name": project.project_name},
            control_plane_log_components=_LOGGED,
            control_plane_log_project=project.project_name,
            control_plane_log_ttl=str(args.audit_log_days),
            addons=addons.AT_CREATION,
            deletion_protection=args.protect,
            tags=tags(args.tags, name),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["addons"],  # they count at creation only; later it's ACK that keeps them
                # The cloud takes it at creation only: without this, a plan would call a public cluster private.
                replace_on_changes=["slbInternetEnabled"],
            ),
        )
        system = _system_pool(f"{name}-system", made.id, args, self)
        autoscaling = _autoscaling(f"{name}-autoscaling", made.id, self)
        for admin in args.admins:
            _administrator(f"{name}-admin-{admin.replace('/', '-')}", admin, made.id, self)
        self.ready = (system, autoscaling, *addons.with_nodes(f"{name}-addon", made.id, system, self))
        self.parts = self._parts(name, made, public=public)
        self.register_outputs({"id": made.id})

    def _newest(self, minor: str) -> pulumi.Output[str]:
        offered = cs.get_kubernetes_version_output(
            cluster_type="ManagedKubernetes", profile="Default", opts=pulumi.InvokeOptions(parent=self)
        )
        return offered.apply(lambda found: newest(minor, [item.version for item in found.metadatas]))

    def _parts(self, name: str, made: cs.ManagedKubernetes, *, public: bool) -> ClusterParts:
        server = made.connections.apply(
            lambda them: str(them[0].api_server_internet if public else them[0].api_server_intranet)
        )
        credential = cs.get_cluster_credential_output(
            cluster_id=made.id,
            temporary_duration_minutes=CREDENTIAL_MINUTES,
            opts=pulumi.InvokeOptions(parent=self),
        )
        both = pulumi.Output.all(server, credential)
        return ClusterParts(
            id=made.id,
            name=made.name,
            kubeconfig=pulumi.Output.secret(both.apply(lambda known: _kubeconfig(name, known[0], known[1]))),
            address=server.apply(host),
            issuer=made.rrsa_metadata.apply(lambda rrsa: str(rrsa.rrsa_oidc_issuer_url)),
            issuer_id=made.rrsa_metadata.apply(lambda rrsa: str(rrsa.ram_oidc_provider_arn)),
        )


def internet(ranges: Sequence[IPv4Network]) -> bool:
    """Whether the API server gets a public address. The SDK can't give its balancer a list, so it's all or nobody."""
    closed = [place for place in ranges if place.prefixlen]
    if closed:
        raise ValueError(
            f"cluster.publicAccess: {closed[0]}: ACK's SDK can't limit a public API server to ranges, it would be "
            "open to everyone: leave publicAccess out and come through a VPN"
        )
    return bool(ranges)


def newest(minor: str, offered: Sequence[str]) -> str:
    """The newest of ACK's versions (`1.34.3-aliyun.1`) of a minor one. RunError where ACK makes none of it."""
    of_it = [version for version in offered if version.startswith(f"{minor}.")]
    if not of_it:
        known = ", ".join(sorted(set(".".join(version.split(".")[:2]) for version in offered)))
        raise pulumi.RunError(f"cluster.version: {minor}: ACK offers {known}: name one of these")
    return max(of_it, key=_order)


def _order(version: str) -> list[int]:
    return [int(part) for part in version.replace("-aliyun", "").split(".")]


def _kubeconfig(name: str, server: str, credential: cs.GetClusterCredentialResult) -> str:
    given = credential.certificate_authorities[0]
    return kubeconfig(name, server, authority=given.cluster_cert, certificate=given.client_cert, key=given.client_key)


def _system_pool(name: str, cluster: pulumi.Input[str], args: ClusterArgs, parent: pulumi.Resource) -> cs.NodePool:
    asked: SystemPoolArgs = args.system
    scaling = node_pool.scaling("cpu", asked.min_size, asked.max_size)
    return cs.NodePool(
        name,
        cluster_id=cluster,
        node_pool_name=names.fitted(name, names.CLUSTER),
        vswitch_ids=list(args.network.node_subnets),
        instance_types=[asked.instance_type],
        multi_az_policy="BALANCE",
        scaling_config=scaling,
        desired_size=node_pool.size(asked.min_size, asked.max_size),
        image_type=node_pool.IMAGE,
        **node_pool.machine(asked.disk_gib, args.key, args.security),
        tags=tags(args.tags, name),
        opts=pulumi.ResourceOptions(
            parent=parent,
            ignore_changes=["desiredSize"] if scaling else None,  # the autoscaler's
        ),
    )


def _autoscaling(name: str, cluster: pulumi.Input[str], parent: pulumi.Resource) -> cs.AutoscalingConfig:
    """A GPU costs as much idle as busy: a node goes after ten minutes below half use, and pools start from no node."""
    return cs.AutoscalingConfig(
        name,
        cluster_id=cluster,
        scaler_type="cluster-autoscaler",
        expander="least-waste",
        scale_up_from_zero=True,
        scale_down_enabled=True,
        unneeded_duration="10m",
        cool_down_duration="10m",
        utilization_threshold="0.5",
        gpu_utilization_threshold="0.5",
        skip_nodes_with_system_pods=True,
        skip_nodes_with_local_storage=False,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def permission(principal: str) -> tuple[str, bool]:
    """The number of a RAM user or, as `role/<number>`, of a role; whether it's a role. ValueError for anything else."""
    kind, _, number = principal.rpartition("/")
    if kind not in ("", "role") or not number.isdigit():
        raise ValueError(
            f"cluster.admins: {principal}: ACK knows administrators by number: write a RAM user's, or role/ and a "
            "role's"
        )
    return number, kind == "role"


def _administrator(name: str, principal: str, cluster: pulumi.Input[str], parent: pulumi.Resource) -> None:
    number, role = permission(principal)
    cs.KubernetesPermission(
        name,
        uid=number,
        permissions=[{"cluster": cluster, "role_type": "cluster", "role_name": "admin", "is_ram_role": role}],
        opts=pulumi.ResourceOptions(parent=parent),
    )
