"""The region's OpenTelemetry collector, to which gateway and servers send their spans."""

import json
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict

from components import connections, quantities
from components.connections import Connection, Port
from components.platform import collector_config
from components.platform.collector_config import GRPC_PORT, HEALTH_PORT, HTTP_PORT, METRICS_PORT, SECRETS_FOLDER, Store
from components.platform.monitoring import secrets
from components.types import Resources, Upstream
from components.workloads import pod, sets

REPLICAS = 2  # one can go, with its node or in an update, and no span is lost; they share no state
RESOURCES = Resources(cpu_request="50m", cpu_limit="1", memory_request="128Mi", memory_limit="512Mi")
_CONFIG_FOLDER, _CONFIG = "/etc/otelcol/config", "config.json"  # JSON is YAML
_DRAIN_SECONDS = 30  # for what waits in the queue
_HEAP_SHARE = 0.8  # of the limit above which spans are refused: what the collector's documentation asks GOMEMLIMIT for


@dataclass(frozen=True, kw_only=True)
class CollectorArgs:
    """`image`: of the collector's contrib distribution. `stack`, `content`: see collector_config.config."""

    namespace: pulumi.Input[str]
    image: str
    stack: str
    store: Store
    content: bool = False
    replicas: int = REPLICAS
    resources: Resources = RESOURCES

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise ValueError(f"CollectorArgs.replicas: {self.replicas} is not allowed: it must be at least 1")


class Collector(pulumi.ComponentResource):
    """Deployment, headless Service, PodDisruptionBudget, configuration."""

    service: Upstream  # its port is that of OTLP over gRPC
    connections: tuple[Connection, ...]

    def __init__(self, name: str, args: CollectorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Collector", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pods = sets.Pods(
            name=name, kind="collector", part="monitoring", namespace=args.namespace, port_name="grpc", port=GRPC_PORT
        )
        # Named by the provider: a changed configuration is a new ConfigMap, whose new name rolls the pods.
        told = collector_config.config(args.store, stack=args.stack, content=args.content)
        settings = core.v1.ConfigMap(
            f"{name}-config", metadata=pods.metadata, data={_CONFIG: json.dumps(told)}, opts=child
        )
        spec: PodSpecArgsDict = {
            "termination_grace_period_seconds": pod.grace_seconds(_DRAIN_SECONDS),
            "containers": [_container(args)],
            "volumes": [
                {"name": "config", "config_map": {"name": settings.metadata["name"]}},
                *secrets.volumes([args.store.token] if args.store.token else []),
            ],
        }
        self.service = sets.equal(pods, spec, args.replicas, child)
        me = connections.workload("collector", name)
        self.connections = (
            Connection(
                description="The collector hands spans on.",
                source=me,
                target=connections.place("trace-store", args.store.host, args.store.networks),
                ports=(Port(number=args.store.port),),
            ),
            connections.to_dns(me),
        )
        self.register_outputs({})


def _container(args: CollectorArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "collector",
            "image": args.image,
            "args": [f"--config={_CONFIG_FOLDER}/{_CONFIG}"],
            "env": [{"name": "GOMEMLIMIT", "value": _heap(args.resources.memory_limit)}],
            "ports": [
                {"name": "grpc", "container_port": GRPC_PORT},
                {"name": "http", "container_port": HTTP_PORT},
                {"name": "metrics", "container_port": METRICS_PORT},
                {"name": "health", "container_port": HEALTH_PORT},
            ],
            "startup_probe": pod.probe("/", "health", period=1, failures=60),
            "readiness_probe": pod.probe("/", "health", period=5, failures=2),
            "liveness_probe": pod.probe("/", "health", period=10, failures=3),
            "lifecycle": {"pre_stop": {"sleep": {"seconds": pod.PRE_STOP_SECONDS}}},
            "resources": pod.resources(args.resources),
            "volume_mounts": [
                {"name": "config", "mount_path": _CONFIG_FOLDER, "read_only": True},
                *secrets.mounts([args.store.token] if args.store.token else [], SECRETS_FOLDER),
            ],
        }
    )


def _heap(limit: str) -> str:
    refused_from = quantities.parse(limit) * collector_config.MEMORY_PERCENT / 100
    return f"{int(float(refused_from) * _HEAP_SHARE) // 2**20}MiB"
