"""What keeps etcd: users, snapshots, defragmentation, members that lost their disk. One pod beside the members."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes import apps, core, rbac
from pulumi_kubernetes.core.v1 import ContainerArgsDict

from components import connections, naming
from components.connections import Connection, Outside, Pods, Port
from components.types import EtcdClient, Resources, WorkloadIdentity
from components.workloads import etcd_client, etcd_snapshots, pod
from components.workloads.etcd_member import Shape
from components.workloads.etcd_snapshots import Snapshots

METRICS_PORT: Final = 2382
RESOURCES: Final = Resources(cpu_request="50m", cpu_limit="500m", memory_request="96Mi", memory_limit="256Mi")
_API_PORTS: Final = (443, 6443)  # policies see ports after the Service's DNAT
_ANYWHERE: Final = ("0.0.0.0/0",)  # the API server's addresses are the cluster's, and change


@dataclass(frozen=True, kw_only=True)
class EtcdKeeperArgs:
    """`account`: the members' service account, which the cloud knows by its name. `founded`: name of the ConfigMap that
    the keeper writes. `claim`: of the volume with the snapshots."""

    namespace: pulumi.Input[str]
    image: str
    shape: Shape
    client: EtcdClient
    users: Mapping[str, tuple[str, ...]]
    snapshots: Snapshots | None
    claim: pulumi.Input[str] | None
    founded: str
    account: pulumi.Input[str]
    identity: WorkloadIdentity | None
    resources: Resources = RESOURCES


class EtcdKeeper(pulumi.ComponentResource):
    """Deployment of one, never two at a time; a ConfigMap, and the right to patch that one alone."""

    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: EtcdKeeperArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:EtcdKeeper", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("etcd-keeper", name, "keeper"), naming.selector("etcd-keeper", name)
        metadata = pod.metadata(args.namespace, labels)

        founded = core.v1.ConfigMap(
            f"{name}-founded",
            metadata=pod.metadata(args.namespace, labels, args.founded),
            # The keeper owns what is in it.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["data"]),
        )
        role = rbac.v1.Role(
            f"{name}-role",
            metadata=metadata,
            rules=[
                {"api_groups": [""], "resources": ["configmaps"], "resource_names": [args.founded], "verbs": ["patch"]}
            ],
            opts=child,
        )
        allowed = rbac.v1.RoleBinding(
            f"{name}-allowed",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"]},
            subjects=[{"kind": "ServiceAccount", "name": args.account, "namespace": args.namespace}],
            opts=child,
        )
        apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": 1,
                "strategy": {"type": "Recreate"},  # two would take snapshots and defragment at the same time
                "selector": {"match_labels": selector},
                "template": pod.template(
                    pod.labels(labels, args.identity),
                    {
                        "service_account_name": args.account,
                        # For the ConfigMap; the members run under the same account without a token.
                        "automount_service_account_token": True,
                        "termination_grace_period_seconds": 30,
                        "containers": [_container(args)],
                        "volumes": [
                            etcd_client.volume(args.client),
                            *(etcd_snapshots.volumes(args.snapshots.store, args.claim) if args.snapshots else []),
                        ],
                    },
                ),
            },
            # It does not name what it may patch, nor its right to.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[founded, allowed]),
        )
        me = connections.workload("etcd-keeper", name)
        self.connections = (
            etcd_client.connection(me, args.client),
            Connection(
                description="etcd's keeper writes down, in a ConfigMap, that the cluster is whole.",
                source=me,
                target=Outside(name="kubernetes-api", cidrs=_ANYWHERE),
                ports=tuple(Port(number=port) for port in _API_PORTS),
            ),
            connections.to_dns(me),
            *_edges(me, args),
        )
        self.register_outputs({})


def _edges(me: Pods, args: EtcdKeeperArgs) -> list[Connection]:
    if args.snapshots is None:
        return []
    return etcd_snapshots.edges(me, args.snapshots.store, identity=args.identity is not None)


def _container(args: EtcdKeeperArgs) -> ContainerArgsDict:
    kept = args.snapshots
    due = [f"--snapshot-minutes={kept.interval_minutes}", f"--keep-days={kept.keep_days}"] if kept else []
    return pod.container(
        {
            "name": "keeper",
            "image": args.image,
            "command": ["python3", "-m", "autoglm_etcd.keeper"],
            "args": [
                "keep",
                f"--founded-in={args.founded}",
                f"--users={json.dumps({user: list(prefixes) for user, prefixes in args.users.items()})}",
                f"--metrics-port={METRICS_PORT}",
                *due,
                *args.shape.flags,
            ],
            "env_from": etcd_snapshots.environment(kept.store) if kept else [],
            "ports": [{"name": "metrics", "container_port": METRICS_PORT}],
            "startup_probe": pod.probe("/metrics", "metrics", period=1, failures=60),
            "liveness_probe": pod.probe("/metrics", "metrics", period=20, failures=3),
            "resources": pod.resources(args.resources),
            "volume_mounts": [etcd_client.mount(), *(etcd_snapshots.mounts(kept.store) if kept else [])],
        }
    )
