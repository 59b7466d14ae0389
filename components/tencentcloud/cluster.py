"""A TKE cluster: managed, private, encrypted, audited, with its add-ons and nodes for everything but models."""

import json
from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
from tencentcloud_iac_pulumi import kubernetes

from components.cloud_args import ClusterArgs
from components.tags import tags
from components.tencentcloud import node_pool, policies, versions
from components.tencentcloud.cluster_logs import AUDIT, EVENTS, TOPICS, CollectorArgs, collect_system
from components.tencentcloud.logs import Logs, LogsArgs
from components.tencentcloud.names import NODE_POOL, fitted, region_of
from components.tencentcloud.security import Group, Rule, make_group
from components.types import ClusterParts

# Beside those that TKE puts into every cluster: the CNI (eniipamd), CoreDNS, kube-proxy, disks (CBS), the autoscaler.
_ADDONS = {"networkpolicy": "network policies are enforced", "cfs": "shared files can be mounted"}
_SMALLEST_LEVEL = "L20"  # up to 20 nodes; it grows by itself
_SERVICES = (32, 32_768)  # docstring of kubernetes.Cluster.cluster_max_service_num
_API_MBPS = 10
_SCALING = kubernetes.ClusterNodePoolGlobalConfigArgs(
    is_scale_in_enabled=True,
    expander="least-waste",
    scale_in_delay=10,  # minutes, as the next
    scale_in_unneeded_time=10,
    scale_in_utilization_threshold=50,  # percent
    ignore_daemon_sets_utilization=True,
    skip_nodes_with_local_storage=False,  # scratch space only: state is on volumes
    skip_nodes_with_system_pods=True,
)


class Cluster(pulumi.ComponentResource):
    """The principal that makes it administers it; TKE's interface can name no others."""

    parts: ClusterParts

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Cluster", name, None, opts)
        refuse(args.version, args.admins)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        region = region_of(args.network.zones[0])
        logs = Logs(f"{name}-logs", LogsArgs(topics=TOPICS, days=args.audit_log_days, tags=args.tags), child)
        cluster = self._cluster(logs)
        encrypted = kubernetes.EncryptionProtection(
            f"{name}-secrets",
            cluster_id=cluster.id,
            kms_configuration=kubernetes.EncryptionProtectionKmsConfigurationArgs(key_id=args.key, kms_region=region),
            opts=child,
        )
        auth = self._pod_identity(cluster, encrypted)
        system = self._system_pool(cluster)
        endpoint = self._endpoint(cluster, system, auth)
        # An add-on is there once its pods run, and they need a node: nothing in its inputs says so.
        placed = pulumi.ResourceOptions(parent=self, depends_on=[system])
        for addon in _ADDONS:
            kubernetes.Addon(f"{name}-addon-{addon}", cluster_id=cluster.id, addon_name=addon, opts=placed)
        # The agent that reads this is a pod on a node, too.
        collect_system(f"{name}-system-logs", CollectorArgs(cluster=cluster.id, region=region, logs=logs), placed)
        public = bool(args.public_access)
        self.parts = ClusterParts(
            id=cluster.id,
            name=name,
            kubeconfig=pulumi.Output.secret(endpoint.kube_config if public else endpoint.kube_config_intranet),
            address=endpoint.cluster_external_endpoint if public else endpoint.pgw_endpoint,
            issuer=auth.tke_default_issuer,
            issuer_id=cluster.id,  # CAM's provider for a cluster has the cluster's id as its name
        )
        self.register_outputs({"id": cluster.id})

    def _cluster(self, logs: Logs) -> kubernetes.Cluster:
        args = self._args
        return kubernetes.Cluster(
            f"{self._name}-tke",
            cluster_name=self._name,
            cluster_desc=f"Open-AutoGLM, {self._name}",
            cluster_deploy_type="MANAGED_CLUSTER",
            cluster_version=versions.full(args.version),
            cluster_os=node_pool.IMAGE,
            container_runtime="containerd",
            cluster_level=_SMALLEST_LEVEL,
            auto_upgrade_cluster_level=True,
            vpc_id=args.network.vpc,
            network_type="VPC-CNI",
            vpc_cni_type="tke-route-eni",  # many pods share a node's interface
            eni_subnet_ids=list(args.network.pod_subnets),
            is_non_static_ip_mode=True,  # a pod's address is free again at once, not after hours
            service_cidr=str(args.service_cidr),
            cluster_max_service_num=services(args.service_cidr),
            cluster_ipvs=True,
            cluster_audit=kubernetes.ClusterClusterAuditArgs(
                enabled=True, log_set_id=logs.logset, topic_id=logs.topics[AUDIT]
            ),
            event_persistence=kubernetes.ClusterEventPersistenceArgs(
                enabled=True, log_set_id=logs.logset, topic_id=logs.topics[EVENTS]
            ),
            log_agent=kubernetes.ClusterLogAgentArgs(enabled=True),
            node_pool_global_configs=[_SCALING],
            acquire_cluster_admin_role=True,
            instance_delete_mode="terminate",
            deletion_protection=args.protect,
            tags=tags(args.tags, self._name),
            # TKE raises the level as nodes come.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["clusterLevel"]),
        )

    def _pod_identity(
        self, cluster: kubernetes.Cluster, encrypted: kubernetes.EncryptionProtection
    ) -> kubernetes.AuthAttachment:
        return kubernetes.AuthAttachment(
            f"{self._name}-identity",
            cluster_id=cluster.id,
            use_tke_default=True,
            auto_create_discovery_anonymous_auth=True,  # only the two documents of the issuer, which hold public keys
            auto_create_oidc_config=True,
            auto_create_client_ids=[policies.AUDIENCE],
            auto_install_pod_identity_webhook_addon=True,
            # Both change the API server's flags, and TKE refuses the second while the first is at work.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[encrypted]),
        )

    def _system_pool(self, cluster: kubernetes.Cluster) -> kubernetes.NodePool:
        args, name = self._args, f"{self._name}-system"
        return kubernetes.NodePool(
            name,
            name=fitted(name, NODE_POOL),
            cluster_id=cluster.id,
            vpc_id=args.network.vpc,
            subnet_ids=list(args.network.node_subnets),
            multi_zone_subnet_policy="EQUALITY",
            min_size=args.system.min_size,
            max_size=args.system.max_size,
            enable_auto_scale=True,
            delete_keep_instance=False,  # the cloud's default keeps the machines, and their bill
            deletion_protection=args.protect,
            node_os=node_pool.IMAGE,
            auto_scaling_config=node_pool.scaling_config(
                args.system.instance_type, args.system.disk_gib, args.security.nodes
            ),
            node_config=node_pool.node_config(args.system.disk_gib),
            tags=tags(args.tags, name),
            # The cluster's autoscaler owns the number of nodes.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["desiredCapacity"]),
        )

    def _endpoint(
        self, cluster: kubernetes.Cluster, system: kubernetes.NodePool, auth: kubernetes.AuthAttachment
    ) -> kubernetes.ClusterEndpoint:
        args = self._args
        # TKE opens an endpoint only in a cluster that has a node, and not while the API server's flags change.
        after = pulumi.ResourceOptions(parent=self, depends_on=[system, auth])
        if not args.public_access:
            return kubernetes.ClusterEndpoint(
                f"{self._name}-endpoint",
                cluster_id=cluster.id,
                cluster_intranet=True,
                cluster_intranet_subnet_id=args.network.node_subnets[0],
                cluster_internet=False,
                opts=after,
            )
        guard = Group(what="The public end of the Kubernetes API", into=tuple(_administrators(args.public_access)))
        return kubernetes.ClusterEndpoint(
            f"{self._name}-endpoint",
            cluster_id=cluster.id,
            cluster_intranet=True,
            cluster_intranet_subnet_id=args.network.node_subnets[0],
            cluster_internet=True,
            cluster_internet_security_group=make_group(
                f"{self._name}-api", guard, args.tags, pulumi.ResourceOptions(parent=self)
            ),
            extensive_parameters=json.dumps(
                {
                    "AddressIPVersion": "IPV4",
                    "InternetAccessible": {
                        "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
                        "InternetMaxBandwidthOut": _API_MBPS,
                    },
                }
            ),
            opts=after,
        )


def services(cidr: IPv4Network) -> int:
    """How many addresses of services TKE is told of: all of the range, within what it takes."""
    least, most = _SERVICES
    return min(most, max(least, cidr.num_addresses))


def _administrators(ranges: tuple[IPv4Network, ...]) -> list[Rule]:
    why = "Administrators and pipelines that the region's file names"
    return [Rule(protocol="TCP", port="443", range=str(place), why=why) for place in ranges]


def refuse(version: str, admins: Sequence[str]) -> None:
    """Raises ValueError for what TKE can't do."""
    versions.full(version)
    if admins:
        raise ValueError(
            f"cluster.admins: {', '.join(admins)}: TKE binds administrators in the cluster only, not by its "
            "interface: leave it out, and grant tke:admin to them in the console's authorization page"
        )
