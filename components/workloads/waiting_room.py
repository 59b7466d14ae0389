"""Where requests wait while no model server is ready; see serving/autoglm_serving/waiting_room."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict

from components import connections
from components.platform.scaling import sizes
from components.types import Resources, Upstream
from components.workloads import pod, sets

_PORT = 8000
_SETTLE_SECONDS = 3  # from a server's being ready until the gateway knows: DNS each second, health every two


@dataclass(frozen=True, kw_only=True)
class WaitingRoomArgs:
    """`places`: requests that may wait in each pod; the gateway keeps the body of each. `patience`: seconds that one
    waits, less than the gateway's own patience with a stream that says nothing. `image`: the serving image."""

    namespace: pulumi.Input[str]
    image: str
    servers: Upstream
    places: int = 100
    patience: int = 240
    retry_after: int = 30
    replicas: int = sizes.ROOMS
    resources: Resources = sizes.ROOM

    def __post_init__(self) -> None:
        for name in ("places", "patience", "retry_after", "replicas"):
            if getattr(self, name) < 1:
                raise ValueError(f"WaitingRoomArgs.{name}: {getattr(self, name)} is not allowed: it must be at least 1")


class WaitingRoom(pulumi.ComponentResource):
    """Deployment, headless Service, PodDisruptionBudget."""

    service: Upstream
    connections: tuple[connections.Connection, ...]

    def __init__(self, name: str, args: WaitingRoomArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:WaitingRoom", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pods = sets.Pods(
            name=name, kind="waiting-room", part="gateway", namespace=args.namespace, port_name="http", port=_PORT
        )
        spec: PodSpecArgsDict = {
            "termination_grace_period_seconds": pod.grace_seconds(args.patience + _SETTLE_SECONDS),
            "containers": [_container(args)],
        }
        self.service = sets.equal(pods, spec, args.replicas, child)
        me = connections.workload("waiting-room", name)
        self.connections = (
            connections.Connection(
                description="The waiting room asks whether a model server is ready.",
                source=me,
                target=connections.Pods(name=args.servers.name, labels=args.servers.pods),
                ports=(connections.Port(number=args.servers.port),),
            ),
            connections.to_dns(me),
        )
        self.register_outputs({})


def _container(args: WaitingRoomArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "waiting-room",
            "image": args.image,
            "command": ["python3", "-m", "autoglm_serving"],
            "args": [
                "waiting-room",
                pulumi.Output.format("--upstream-host={0}", args.servers.host),
                f"--upstream-port={args.servers.port}",
                f"--port={_PORT}",
                f"--places={args.places}",
                f"--patience={args.patience}",
                f"--settle={_SETTLE_SECONDS}",
                f"--retry-after={args.retry_after}",
            ],
            "ports": [{"name": "http", "container_port": _PORT}],
            "startup_probe": pod.probe("/health", "http", period=1, failures=60),
            "readiness_probe": pod.probe("/health", "http", period=2, failures=2),
            "liveness_probe": pod.probe("/health", "http", period=10, failures=3),
            "lifecycle": {"pre_stop": {"sleep": {"seconds": pod.PRE_STOP_SECONDS}}},
            "resources": pod.resources(args.resources),
        }
    )
