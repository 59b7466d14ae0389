"""Prometheus of the region's own: one, with a volume. It finds pods by DNS, so it has no rights in the cluster."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict

from components import connections, quantities
from components.platform.monitoring import scrape, secrets
from components.platform.monitoring.scrape import CONFIG_FOLDER, RULES, SECRETS_FOLDER, RemoteWrite, Target
from components.types import Resources, Volume
from components.workloads import pod, sets

PORT = 9090
_DATA = "/prometheus"
_CONFIG = "prometheus.json"  # JSON is YAML
_SHARE = 0.8  # of the volume that figures may fill: the log of the last hours and a compaction need the rest


@dataclass(frozen=True, kw_only=True)
class PrometheusArgs:
    """`rules`: a rule file. `alertmanager`: its host and port. `retention_days`: figures go then, or when the volume
    fills up."""

    namespace: pulumi.Input[str]
    image: str
    stack: str
    targets: tuple[Target, ...]
    rules: Mapping[str, Any]
    alertmanager: pulumi.Input[str]
    retention_days: int
    volume: Volume
    resources: Resources
    remote: RemoteWrite | None = None

    @property
    def retention_bytes(self) -> int:
        return int(quantities.parse(self.volume.size) * quantities.parse(str(_SHARE)))


class Prometheus(pulumi.ComponentResource):
    """StatefulSet, Service, configuration, and a headless Service for each job that it asks."""

    url: pulumi.Output[str]
    pods: connections.Pods

    def __init__(self, name: str, args: PrometheusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Prometheus", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pods = sets.Pods(
            name=name, kind="prometheus", part="monitoring", namespace=args.namespace, port_name="http", port=PORT
        )
        self.pods = connections.workload("prometheus", name)
        jobs = [_job(name, target, args.namespace, pods.labels, child) for target in args.targets]

        # Named by the provider: changed rules are a new ConfigMap, whose new name restarts Prometheus.
        settings = core.v1.ConfigMap(
            f"{name}-config",
            metadata=pods.metadata,
            data={
                _CONFIG: pulumi.Output.all(jobs=jobs, alertmanager=args.alertmanager).apply(
                    lambda told: json.dumps(_config(args, told["jobs"], str(told["alertmanager"])))
                ),
                RULES: json.dumps(args.rules),
            },
            opts=child,
        )
        tokens = [args.remote.token] if args.remote and args.remote.token else []
        spec: PodSpecArgsDict = {
            "termination_grace_period_seconds": 120,  # it writes what it has in memory
            "containers": [_container(args)],
            "volumes": [
                {"name": "config", "config_map": {"name": settings.metadata["name"]}},
                *secrets.volumes(tokens),
            ],
        }
        service = sets.alone(pods, spec, args.volume, child)
        self.url = pulumi.Output.format("http://{0}:{1}", service.metadata["name"], PORT)
        self.register_outputs({"url": self.url})


def _config(args: PrometheusArgs, jobs: list[scrape.Json], alertmanager: str) -> scrape.Json:
    return scrape.config(jobs, stack=args.stack, alertmanagers=[alertmanager], remote=args.remote)


def _job(
    name: str,
    target: Target,
    namespace: pulumi.Input[str],
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[scrape.Json]:
    """A Service of our own for each job: the workload's may leave out pods that are not ready, or drain."""
    if target.host:
        return pulumi.Output.from_input(scrape.by_name(target.job, target.host, target.port))
    service = core.v1.Service(
        f"{name}-{target.job}",
        metadata=pod.metadata(namespace, labels, f"{target.job}-figures"),
        spec={
            "cluster_ip": "None",
            "publish_not_ready_addresses": True,
            "selector": dict(target.pods.labels),
            "ports": [{"name": target.port_name, "port": target.port}],
        },
        opts=opts,
    )
    host = pulumi.Output.format("{0}.{1}.svc", service.metadata["name"], namespace)
    return host.apply(lambda told: scrape.by_name(target.job, told, target.port))


def _container(args: PrometheusArgs) -> ContainerArgsDict:
    tokens = [args.remote.token] if args.remote and args.remote.token else []
    return pod.container(
        {
            "name": "prometheus",
            "image": args.image,
            "args": [
                f"--config.file={CONFIG_FOLDER}/{_CONFIG}",
                f"--storage.tsdb.path={_DATA}/data",
                f"--storage.tsdb.retention.time={args.retention_days}d",
                f"--storage.tsdb.retention.size={args.retention_bytes}B",
                f"--web.listen-address=0.0.0.0:{PORT}",
            ],
            "ports": [{"name": "http", "container_port": PORT}],
            "startup_probe": pod.probe("/-/ready", "http", period=2, failures=300),  # it reads its log again
            "readiness_probe": pod.probe("/-/ready", "http", period=5, failures=3),
            "liveness_probe": pod.probe("/-/healthy", "http", period=15, failures=4),
            "resources": pod.resources(args.resources),
            "volume_mounts": [
                {"name": "config", "mount_path": CONFIG_FOLDER, "read_only": True},
                {"name": sets.DISK, "mount_path": _DATA},
                *secrets.mounts(tokens, SECRETS_FOLDER),
            ],
        }
    )
