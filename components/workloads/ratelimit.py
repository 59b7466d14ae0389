"""What counts requests for all gateways: envoyproxy/ratelimit, over a Redis of its own."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core

from components import connections, ratelimit
from components.envoy_limits import Limits
from components.types import Resources, Upstream
from components.workloads import pod, sets
from components.workloads.redis import Redis, RedisArgs, reached_by

_PORT, _HTTP_PORT = 8081, 8080
_FOLDER = "/etc/ratelimit/limits"
_RESOURCES = Resources(cpu_request="50m", cpu_limit="1", memory_request="64Mi", memory_limit="128Mi")


@dataclass(frozen=True, kw_only=True)
class RateLimiterArgs:
    """`limits`: what is counted, per whole minute. `store_image`: Redis', or another that speaks its protocol."""

    namespace: pulumi.Input[str]
    image: str
    store_image: str
    limits: Limits
    replicas: int = 2

    def __post_init__(self) -> None:
        if not (self.limits.per_address or self.limits.per_client):
            raise ValueError("RateLimiterArgs.limits: none given, so there is nothing to count: give one or more")
        if self.replicas < 1:
            raise ValueError(f"RateLimiterArgs.replicas: {self.replicas} is not allowed: it must be at least 1")


class RateLimiter(pulumi.ComponentResource):
    """Deployment, headless Service and budget, beside the store. A pod that has lost the store is not ready, so that
    gateways at once do what they are declared to do without an answer."""

    service: Upstream
    connections: tuple[connections.Connection, ...]

    def __init__(self, name: str, args: RateLimiterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:RateLimiter", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pods = sets.Pods(
            name=name, kind="ratelimit", part="ratelimit", namespace=args.namespace, port_name="grpc", port=_PORT
        )
        store = Redis(f"{name}-store", RedisArgs(namespace=args.namespace, image=args.store_image), child)
        config = core.v1.ConfigMap(
            f"{name}-limits",
            metadata=pods.metadata,
            data={ratelimit.CONFIG: ratelimit.config(args.limits)},
            opts=child,
        )
        spec: core.v1.PodSpecArgsDict = {
            "containers": [pod.container(_container(args.image, store))],
            "volumes": [{"name": "limits", "config_map": {"name": config.metadata["name"]}}],
        }
        self.service = sets.equal(pods, spec, args.replicas, child)
        me = connections.workload("ratelimit", name)
        self.connections = (reached_by(me, store.service), connections.to_dns(me))
        self.register_outputs({})


def _container(image: str, store: Redis) -> core.v1.ContainerArgsDict:
    address = pulumi.Output.format("{0}:{1}", store.service.host, store.service.port)
    told: list[core.v1.EnvVarArgsDict] = [
        {"name": key, "value": value} for key, value in ratelimit.environment(folder=_FOLDER).items()
    ]
    password: core.v1.EnvVarSourceArgsDict = {"secret_key_ref": {"name": store.secret, "key": ratelimit.PASSWORD}}
    return {
        "name": "ratelimit",
        "image": image,
        "command": ["/bin/ratelimit"],
        "env": [
            *told,
            {"name": ratelimit.STORE, "value": address},
            {"name": ratelimit.PASSWORD, "value_from": password},
        ],
        "ports": [
            {"name": "grpc", "container_port": _PORT},
            {"name": "http", "container_port": _HTTP_PORT},
        ],
        "readiness_probe": pod.probe("/healthcheck", "http", period=5, failures=2),
        "liveness_probe": {"tcp_socket": {"port": "grpc"}, "period_seconds": 10, "failure_threshold": 3},
        "resources": pod.resources(_RESOURCES),
        "volume_mounts": [{"name": "limits", "mount_path": _FOLDER, "read_only": True}],
    }
