"""etcd: what coordinates models and regions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components import connections, naming, quantities
from components.connections import Connection, Pods, Port
from components.types import EtcdClient, Resources, Volume, WorkloadIdentity
from components.workloads import etcd_keeper, etcd_member, etcd_snapshots, pod
from components.workloads.etcd_certificates import EtcdCertificates, EtcdCertificatesArgs
from components.workloads.etcd_keeper import EtcdKeeper, EtcdKeeperArgs
from components.workloads.etcd_snapshots import Kept, Snapshots

_CLIENT, _PEER = etcd_member.CLIENT_PORT, etcd_member.PEER_PORT
_MAX_QUOTA: Final = 8 * 1024**3  # etcd's advice: https://etcd.io/docs/v3.6/dev-guide/limit/
_VOLUME: Final = Volume(size="8Gi")
_RESOURCES: Final = Resources(cpu_request="100m", cpu_limit="1", memory_request="256Mi", memory_limit="512Mi")
_ADMINISTRATOR: Final = "root"  # etcd's own name for who may do everything
_BEGAN: Final = "open-autoglm/began-from"  # a snapshot's name, or "tls"


@dataclass(frozen=True, kw_only=True)
class EtcdArgs:
    """`members`: 3 or 5, or 1, which survives the loss of none. `keeper_image`: of target `keeper` in
    serving/Containerfile. `users`: name -> prefixes of keys that it may read and write. `authorities`: numbers of those
    whose certificates are trusted, the first of which signs. `restore`: name of a snapshot to begin from. `apart`:
    keys of nodes' labels by which members must never be together (pod.SPREAD)."""

    namespace: pulumi.Input[str]
    image: str
    keeper_image: str
    members: int = 3
    volume: Volume = _VOLUME
    resources: Resources = _RESOURCES
    keeper_resources: Resources = etcd_keeper.RESOURCES
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    authorities: tuple[int, ...] = (1,)
    snapshots: Snapshots | None = None
    restore: str | None = None
    apart: tuple[str, ...] = ()
    identity: WorkloadIdentity | None = None
    priority: pulumi.Input[str] | None = None  # name of a PriorityClass

    def __post_init__(self) -> None:
        if self.members not in (1, 3, 5):
            raise ValueError(
                f"EtcdArgs.members: {self.members} is not allowed: use 1, 3 or 5; an even one adds no safety"
            )
        if self.restore and not self.snapshots:
            raise ValueError(f"EtcdArgs.restore: {self.restore} can't be found: say in snapshots where it is")
        if _ADMINISTRATOR in self.users:
            raise ValueError(f"EtcdArgs.users: {_ADMINISTRATOR} is etcd's administrator: name another")

    @property
    def quota_bytes(self) -> int:
        """Half of the volume, at most 8 GiB: the log, snapshots and a defragmentation's second copy need the rest."""
        return min(_MAX_QUOTA, int(quantities.parse(self.volume.size) / 2))


class Etcd(pulumi.ComponentResource):
    """StatefulSet with parallel start, headless Service, a volume for each member, PodDisruptionBudget, certificates
    for members and users, and the keeper."""

    endpoints: pulumi.Output[str]  # client URLs, separated by commas
    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: EtcdArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Etcd", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, self._pods = naming.labels("etcd", name, "database"), connections.workload("etcd", name)
        metadata = pod.metadata(args.namespace, labels)

        domain = _service(name, args.namespace, labels, self._pods.labels, child)
        members = tuple(f"{name}-{number}" for number in range(args.members))
        certificates = EtcdCertificates(
            f"{name}-certificates",
            EtcdCertificatesArgs(
                namespace=args.namespace,
                cluster=name,
                members={member: pulumi.Output.concat(member, ".", domain) for member in members},
                users=(_ADMINISTRATOR, *args.users),
                authorities=args.authorities,
            ),
            child,
        )
        self._name, self._users = name, certificates.users
        self.endpoints = domain.apply(
            lambda suffix: ",".join(f"https://{member}.{suffix}:{_CLIENT}" for member in members)
        )
        store = args.snapshots.store if args.snapshots else None
        claim = _claim(name, store.volume, metadata, child) if isinstance(store, Kept) else None
        shape = etcd_member.Shape(cluster=name, domain=domain, members=members, restore=args.restore, store=store)
        mounted = etcd_member.Mounted(
            certificates=certificates.members,
            administrator=certificates.users[_ADMINISTRATOR],
            founded=f"{name}-{etcd_member.FOUNDED}",
            snapshots=claim if args.restore else None,
        )
        account = pod.account(name, metadata, child, args.identity)
        template = pod.template(
            pod.labels(labels, args.identity),
            pod.prioritised(
                {
                    "service_account_name": account,
                    "termination_grace_period_seconds": 30,
                    "topology_spread_constraints": pod.spread(self._pods.labels, args.apart),
                    **etcd_member.spec(
                        shape,
                        mounted,
                        image=args.image,
                        keeper_image=args.keeper_image,
                        quota_bytes=args.quota_bytes,
                        resources=args.resources,
                    ),
                },
                args.priority,
            ),
        )
        _stateful_set(name, args, pod.metadata(args.namespace, labels, name), self._pods.labels, template, self)
        pod.budget(name, metadata, self._pods.labels, child)
        keeper = EtcdKeeper(
            f"{name}-keeper",
            EtcdKeeperArgs(
                namespace=args.namespace,
                image=args.keeper_image,
                shape=shape,
                client=self.client(_ADMINISTRATOR),
                users=args.users,
                snapshots=args.snapshots,
                claim=claim,
                founded=mounted.founded,
                account=account,
                identity=args.identity,
                resources=args.keeper_resources,
            ),
            child,
        )
        self.connections = (*_edges(self._pods, args), *keeper.connections)
        self.register_outputs({"endpoints": self.endpoints})

    def client(self, user: str) -> EtcdClient:
        """What a pod of this user mounts and calls. Raises ValueError for one that `EtcdArgs.users` does not have."""
        if user not in self._users:
            raise ValueError(f"etcd has no user {user}: there are {', '.join(sorted(self._users))}")
        return EtcdClient(
            user=user,
            endpoints=self.endpoints,
            secret=self._users[user],
            name=self._name,
            pods=self._pods.labels,
            port=_CLIENT,
        )


def _service(
    name: str,
    namespace: pulumi.Input[str],
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """The headless Service under which each member has a name. Returns its domain."""
    service = core.v1.Service(
        f"{name}-service",
        metadata=pod.metadata(namespace, labels, name),
        spec={
            "cluster_ip": "None",
            # Members must find each other before they are ready: readiness needs a quorum.
            "publish_not_ready_addresses": True,
            "selector": dict(selector),
            "ports": [{"name": "client", "port": _CLIENT}, {"name": "peer", "port": _PEER}],
        },
        opts=opts,
    )
    return pulumi.Output.concat(service.metadata["name"], ".", namespace, ".svc")


def _stateful_set(
    name: str,
    args: EtcdArgs,
    metadata: ObjectMetaArgsDict,
    selector: Mapping[str, str],
    template: PodTemplateSpecArgsDict,
    parent: pulumi.Resource,
) -> None:
    """Members start together; an update replaces one at a time, from the last to the first, each ready before the next.

    A restored cluster is another one, and so is one with TLS for one without: their members never meet. Then all end,
    and all begin: the StatefulSet is replaced, and the volumes stay.
    """
    apps.v1.StatefulSet(
        f"{name}-members",
        metadata={**metadata, "annotations": {_BEGAN: args.restore or "tls"}},  # a member's name and address are its
        spec={
            "service_name": name,
            "replicas": args.members,
            "pod_management_policy": "Parallel",
            "update_strategy": {"type": "RollingUpdate"},
            "selector": {"match_labels": dict(selector)},
            "template": template,
            "volume_claim_templates": [{"metadata": {"name": "data"}, "spec": pod.claim(args.volume)}],
        },
        opts=pulumi.ResourceOptions(
            parent=parent, replace_on_changes=["metadata.annotations"], delete_before_replace=True
        ),
    )


def _claim(name: str, volume: Volume, metadata: ObjectMetaArgsDict, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    made = core.v1.PersistentVolumeClaim(f"{name}-snapshots", metadata=metadata, spec=pod.claim(volume), opts=opts)
    return made.metadata["name"]


def _edges(members: Pods, args: EtcdArgs) -> list[Connection]:
    between = Connection(
        description="The members of etcd replicate to each other and look up each other's state.",
        source=members,
        target=members,
        ports=(Port(number=_CLIENT), Port(number=_PEER)),
    )
    # A member fetches the snapshot that it begins from.
    fetching = args.restore and args.snapshots
    way = etcd_snapshots.edges(members, fetching.store, identity=args.identity is not None) if fetching else []
    return [between, connections.to_dns(members), *way]
