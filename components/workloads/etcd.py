"""etcd: what coordinates models and regions."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PersistentVolumeClaimArgsDict

from components import connections, naming, quantities
from components.types import Resources, Volume, WorkloadIdentity
from components.workloads import pod

_CLIENT, _PEER, _METRICS = 2379, 2380, 2381
_MAX_QUOTA = 8 * 1024**3  # etcd's advice: https://etcd.io/docs/v3.6/dev-guide/limit/
_DATA = "/var/lib/etcd"
_VOLUME = Volume(size="8Gi")
_RESOURCES = Resources(cpu_request="100m", cpu_limit="1", memory_request="256Mi", memory_limit="512Mi")


@dataclass(frozen=True, kw_only=True)
class EtcdArgs:
    """`members`: 3 or 5, or 1, which survives the loss of none."""

    namespace: pulumi.Input[str]
    image: str
    members: int = 3
    volume: Volume = _VOLUME
    resources: Resources = _RESOURCES
    identity: WorkloadIdentity | None = None

    def __post_init__(self) -> None:
        if self.members not in (1, 3, 5):
            raise ValueError(
                f"EtcdArgs.members: {self.members} is not allowed: use 1, 3 or 5; an even one adds no safety"
            )

    @property
    def quota_bytes(self) -> int:
        """Half of the volume, at most 8 GiB: the log, snapshots and a defragmentation's second copy need the rest."""
        return min(_MAX_QUOTA, int(quantities.parse(self.volume.size) / 2))


class Etcd(pulumi.ComponentResource):
    """StatefulSet with parallel start, headless Service, a volume for each member, PodDisruptionBudget."""

    endpoints: pulumi.Output[str]  # client URLs, separated by commas
    connections: tuple[connections.Connection, ...]

    def __init__(self, name: str, args: EtcdArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Etcd", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("etcd", name, "database"), naming.selector("etcd", name)
        metadata = pod.metadata(args.namespace, labels)

        service = core.v1.Service(
            f"{name}-service",
            metadata=pod.metadata(args.namespace, labels, name),
            spec={
                "cluster_ip": "None",
                # Members must find each other before they are ready: readiness needs a quorum.
                "publish_not_ready_addresses": True,
                "selector": selector,
                "ports": [{"name": "client", "port": _CLIENT}, {"name": "peer", "port": _PEER}],
            },
            opts=child,
        )
        domain = pulumi.Output.format("{0}.{1}.svc", service.metadata["name"], args.namespace)
        apps.v1.StatefulSet(
            f"{name}-members",
            metadata=pod.metadata(args.namespace, labels, name),  # a member's name and address come from it
            spec={
                "service_name": service.metadata["name"],
                "replicas": args.members,
                "pod_management_policy": "Parallel",
                "selector": {"match_labels": selector},
                "template": pod.template(
                    pod.labels(labels, args.identity),
                    {
                        "service_account_name": pod.account(name, metadata, child, args.identity),
                        "termination_grace_period_seconds": 30,
                        "topology_spread_constraints": pod.spread(selector),
                        "containers": [_container(name, args, domain)],
                    },
                ),
                "volume_claim_templates": [_claim(args.volume)],
            },
            opts=child,
        )
        pod.budget(name, metadata, selector, child)

        self.endpoints = domain.apply(
            lambda suffix: ",".join(f"http://{name}-{n}.{suffix}:{_CLIENT}" for n in range(args.members))
        )
        members = connections.workload("etcd", name)
        self.connections = (
            connections.Connection(
                description="The members of etcd replicate to each other and look up each other's state.",
                source=members,
                target=members,
                ports=(connections.Port(number=_CLIENT), connections.Port(number=_PEER)),
            ),
            connections.to_dns(members),
        )
        self.register_outputs({"endpoints": self.endpoints})


def _container(name: str, args: EtcdArgs, domain: pulumi.Output[str]) -> ContainerArgsDict:
    cluster = domain.apply(
        lambda suffix: ",".join(f"{name}-{n}=http://{name}-{n}.{suffix}:{_PEER}" for n in range(args.members))
    )
    return pod.container(
        {
            "name": "etcd",
            "image": args.image,
            "command": ["/usr/local/bin/etcd"],
            "args": [
                "--name=$(POD_NAME)",
                f"--data-dir={_DATA}/data",
                f"--listen-client-urls=http://0.0.0.0:{_CLIENT}",
                pulumi.Output.format("--advertise-client-urls=http://$(POD_NAME).{0}:{1}", domain, _CLIENT),
                f"--listen-peer-urls=http://0.0.0.0:{_PEER}",
                pulumi.Output.format("--initial-advertise-peer-urls=http://$(POD_NAME).{0}:{1}", domain, _PEER),
                pulumi.Output.format("--initial-cluster={0}", cluster),
                "--initial-cluster-state=new",
                pulumi.Output.format("--initial-cluster-token={0}", domain),
                f"--listen-metrics-urls=http://0.0.0.0:{_METRICS}",
                f"--quota-backend-bytes={args.quota_bytes}",
                "--auto-compaction-mode=periodic",
                "--auto-compaction-retention=1h",
            ],
            "env": [{"name": "POD_NAME", "value_from": {"field_ref": {"field_path": "metadata.name"}}}],
            "ports": [
                {"name": "client", "container_port": _CLIENT},
                {"name": "peer", "container_port": _PEER},
                {"name": "metrics", "container_port": _METRICS},
            ],
            "startup_probe": pod.probe("/readyz", "metrics", period=2, failures=60),
            "readiness_probe": pod.probe("/readyz", "metrics", period=5, failures=3),
            "liveness_probe": pod.probe("/livez", "metrics", period=10, failures=6),
            "resources": pod.resources(args.resources),
            "volume_mounts": [{"name": "data", "mount_path": _DATA}],
        }
    )


def _claim(volume: Volume) -> PersistentVolumeClaimArgsDict:
    return {
        "metadata": {"name": "data"},
        "spec": pod.claim(volume),
    }
