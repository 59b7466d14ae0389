"""What the gateway's pods read: Envoy's configuration, and the files that it reads anew while it runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components import envoy, envoy_tls, quantities
from components.envoy_affinity import Affinity
from components.envoy_balancing import Balancing
from components.envoy_denied import Denied
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits
from components.envoy_shared_limits import SharedLimits, WhenDown
from components.envoy_tracing import Tracing
from components.envoy_waiting import WaitingRoom
from components.types import Exposure, Resources, Upstream
from components.workloads import pod
from components.workloads.gateway_tls import EdgeTls

PORT, PROBE_PORT, METRICS_PORT = 8080, 8081, 8082
FOLDER, TRAFFIC, TLS = "/etc/envoy", "/etc/autoglm/traffic", "/etc/autoglm/tls"
_CONFIG, _TLS_SECRET = "envoy.yaml", "tls.json"
CONFIG_PATH = f"{FOLDER}/{_CONFIG}"
_RESOURCES = Resources(cpu_request="100m", cpu_limit="1", memory_request="256Mi", memory_limit="512Mi")
_HEAP_SHARE = 0.8  # of the memory limit: the rest is stacks, statistics and the binary


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """`api_keys`: client's name -> its keys, any of which is right.

    `max_stream_seconds` bounds a stream, and so the gateway's own drain.

    `candidate`: the servers that host a version on trial, which may be `upstream`; they get the share of the requests
    that the ConfigMap `Gateway.traffic` says (components/envoy_traffic.py), at first none.
    `counter`: the service that counts `limits` for all gateways (components/workloads/ratelimit.py); without it each
    counts for itself. `max_batch_requests`: open ones in each gateway that say that they can wait.
    `waiting_room`: where requests wait while no server of `upstream` is ready (components/workloads/waiting_room.py);
    without, they fail.
    """

    namespace: pulumi.Input[str]
    image: str
    upstream: Upstream
    api_keys: Mapping[str, tuple[pulumi.Input[str], ...]]
    exposure: Exposure
    candidate: Upstream | None = None
    issuers: tuple[JwtIssuer, ...] = ()
    denied: Denied = field(default_factory=Denied)
    limits: Limits = field(default_factory=Limits)
    counter: Upstream | None = None
    waiting_room: Upstream | None = None
    when_down: WhenDown = WhenDown.OPEN
    affinity: Affinity = Affinity.NONE
    balancing: Balancing = Balancing.LEAST_REQUESTS
    tracing: Tracing | None = None
    tls: EdgeTls | None = None
    replicas: int = 2
    max_body_bytes: int = 16 * 1024 * 1024
    max_stream_seconds: int = 600
    max_batch_requests: int = 256
    resources: Resources = _RESOURCES
    priority: pulumi.Input[str] | None = None  # name of a PriorityClass

    def __post_init__(self) -> None:
        if not self.api_keys:
            raise ValueError("GatewayArgs.api_keys: none given, so nobody could use the gateway: give one or more")
        for client, keys in self.api_keys.items():
            if not (keys and isinstance(keys, tuple)):  # a text would be a key for each of its letters
                raise ValueError(f"GatewayArgs.api_keys[{client}]: it is no tuple of keys: give (key,)")
        if self.replicas < 1:
            raise ValueError(f"GatewayArgs.replicas: {self.replicas} is not allowed: it must be at least 1")
        if self.tls and not self.exposure.tls:
            raise ValueError("GatewayArgs.exposure.tls: false, but the gateway speaks TLS: set it to true")


def files(args: GatewayArgs) -> pulumi.Output[Mapping[str, str]]:
    """By name, for a Secret, since the keys are in them."""
    inputs = {
        "host": args.upstream.host,
        "candidate": args.candidate.host if args.candidate else "",
        "counter": args.counter.host if args.counter else "",
        "room": args.waiting_room.host if args.waiting_room else "",
        "keys": {client: list(keys) for client, keys in args.api_keys.items()},
    }
    rendered = pulumi.Output.all(**inputs).apply(lambda values: json.dumps(envoy.config(_settings(args, values))))
    tls = {_TLS_SECRET: json.dumps(envoy_tls.secret_file(TLS))} if args.tls else {}
    return pulumi.Output.secret(rendered.apply(lambda text: {_CONFIG: text, **tls}))


def _settings(args: GatewayArgs, values: Mapping[str, Any]) -> envoy.EnvoySettings:
    counter, room = args.counter, args.waiting_room
    shared = SharedLimits(host=values["counter"], port=counter.port, when_down=args.when_down) if counter else None
    return envoy.EnvoySettings(
        upstream_host=values["host"],
        upstream_port=args.upstream.port,
        candidate_host=values["candidate"],
        candidate_port=args.candidate.port if args.candidate else args.upstream.port,
        traffic_folder=TRAFFIC,
        api_keys=tuple((client, key) for client, keys in sorted(values["keys"].items()) for key in keys),
        issuers=args.issuers,
        denied=args.denied,
        limits=args.limits,
        shared_limits=shared,
        waiting_room=WaitingRoom(host=values["room"], port=room.port) if room else None,
        affinity=args.affinity,
        balancing=args.balancing,
        tracing=args.tracing,
        tls_secret=f"{FOLDER}/{_TLS_SECRET}" if args.tls else "",
        proxies=args.exposure.proxies,
        port=PORT,
        probe_port=PROBE_PORT,
        metrics_port=METRICS_PORT,
        max_body_bytes=args.max_body_bytes,
        max_stream_seconds=args.max_stream_seconds,
        max_batch_requests=args.max_batch_requests,
        settle_seconds=pod.PRE_STOP_SECONDS,
        max_heap_bytes=int(quantities.whole(args.resources.memory_limit) * _HEAP_SHARE),
    )
