"""The way in: Envoy with API keys, in front of the model servers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict

from components import connections, envoy, envoy_probes, envoy_traffic, naming, quantities
from components.types import Exposure, Resources, Upstream
from components.workloads import gateway_service, pod

_PORT, _PROBE_PORT, METRICS_PORT = 8080, 8081, 8082
_CONFIG = "envoy.yaml"
_TRAFFIC = "/etc/autoglm/traffic"
_RESOURCES = Resources(cpu_request="100m", cpu_limit="1", memory_request="256Mi", memory_limit="512Mi")
_HEAP_SHARE = 0.8  # of the memory limit: the rest is stacks, statistics and the binary


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """`api_keys`: client's name -> key. `max_stream_seconds` bounds a stream, and so the gateway's own drain.

    `candidate`: the servers that host a version on trial, which may be `upstream`; they get the share of the requests
    that the ConfigMap `Gateway.traffic` says (components/envoy_traffic.py), at first none.
    """

    namespace: pulumi.Input[str]
    image: str
    upstream: Upstream
    api_keys: Mapping[str, pulumi.Input[str]]
    exposure: Exposure
    candidate: Upstream | None = None
    replicas: int = 2
    max_body_bytes: int = 16 * 1024 * 1024
    max_stream_seconds: int = 600
    resources: Resources = _RESOURCES

    def __post_init__(self) -> None:
        if not self.api_keys:
            raise ValueError("GatewayArgs.api_keys: none given, so nobody could use the gateway: give one or more")
        if self.replicas < 1:
            raise ValueError(f"GatewayArgs.replicas: {self.replicas} is not allowed: it must be at least 1")


class Gateway(pulumi.ComponentResource):
    """Envoy in a Deployment that is rolled without losing a stream; configuration in a Secret; Service and budget."""

    url: pulumi.Output[str]  # OpenAI's `base_url`, ending in /v1
    address: pulumi.Output[str]  # the host in it: a name or an IP
    connections: tuple[connections.Connection, ...]
    traffic: pulumi.Output[str] | None  # name of the ConfigMap with the shares of a canary; None without a candidate

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Gateway", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("gateway", name, "gateway"), naming.selector("gateway", name)
        metadata = pod.metadata(args.namespace, labels)

        # Named by the provider: changed contents are a new Secret, whose new name rolls the Deployment.
        secret = core.v1.Secret(f"{name}-config", metadata=metadata, string_data={_CONFIG: _config(args)}, opts=child)
        service = gateway_service.service(name, args.namespace, args.exposure, labels, selector, child)
        self.traffic = _traffic(name, args, labels, child)
        apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": args.replicas,
                "strategy": pod.strategy(),
                "min_ready_seconds": 2,  # the health check has found the model servers
                "selector": {"match_labels": selector},
                "template": pod.template(
                    labels,
                    {
                        "service_account_name": pod.account(name, metadata, child),
                        "termination_grace_period_seconds": pod.grace_seconds(args.max_stream_seconds),
                        "topology_spread_constraints": pod.spread(selector),
                        "containers": [_container(args)],
                        "volumes": [
                            {"name": "config", "secret": {"secret_name": secret.metadata["name"]}},
                            *([{"name": "traffic", "config_map": {"name": self.traffic}}] if self.traffic else []),
                        ],
                    },
                ),
            },
            opts=child,
        )
        pod.budget(name, metadata, selector, child)

        self.address = gateway_service.address(args.exposure, args.namespace, service)
        self.url = gateway_service.base_url(args.exposure, self.address)
        me = connections.workload("gateway", name)
        asked = [args.upstream, *([args.candidate] if args.candidate else [])]
        self.connections = (
            connections.Connection(
                description="Clients reach the gateway.",
                source=None,
                target=me,
                ports=(connections.Port(number=_PORT),),
            ),
            *(
                connections.Connection(
                    description="The gateway passes requests to the model servers.",
                    source=me,
                    target=connections.Pods(name=upstream.name, labels=upstream.pods),
                    ports=(connections.Port(number=upstream.port),),
                )
                for upstream in {one.name: one for one in asked}.values()
            ),
            connections.to_dns(me),
        )
        self.register_outputs({"url": self.url})


def _config(args: GatewayArgs) -> pulumi.Output[str]:
    """Secret, since the keys are in it."""

    def render(values: dict[str, object]) -> str:
        keys = values["keys"]
        assert isinstance(keys, dict)  # noqa: S101  tells the type checker what went in below
        settings = envoy.EnvoySettings(
            upstream_host=str(values["host"]),
            upstream_port=args.upstream.port,
            traffic_folder=_TRAFFIC,
            candidate_host=str(values["candidate"]),
            candidate_port=args.candidate.port if args.candidate else 8000,
            api_keys=tuple(sorted(keys.items())),
            port=_PORT,
            probe_port=_PROBE_PORT,
            metrics_port=METRICS_PORT,
            max_body_bytes=args.max_body_bytes,
            max_stream_seconds=args.max_stream_seconds,
            settle_seconds=pod.PRE_STOP_SECONDS,
            max_heap_bytes=int(quantities.whole(args.resources.memory_limit) * _HEAP_SHARE),
        )
        return json.dumps(envoy.config(settings))

    candidate = args.candidate.host if args.candidate else ""
    values = pulumi.Output.all(host=args.upstream.host, candidate=candidate, keys=dict(args.api_keys))
    return pulumi.Output.secret(values.apply(render))


def _traffic(
    name: str, args: GatewayArgs, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    if args.candidate is None:
        return None
    made = core.v1.ConfigMap(
        f"{name}-traffic",
        metadata=pod.metadata(args.namespace, labels, f"{name}-traffic"),
        data=envoy_traffic.shares(0),
        opts=pulumi.ResourceOptions(parent=opts.parent, ignore_changes=["data"]),  # the rollout's from then on
    )
    return made.metadata["name"]


def _container(args: GatewayArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "envoy",
            "image": args.image,
            "command": ["/usr/local/bin/envoy"],
            "args": envoy.arguments(f"/etc/envoy/{_CONFIG}", quantities.whole(args.resources.cpu_limit)),
            "ports": [
                {"name": "http", "container_port": _PORT},
                {"name": "probes", "container_port": _PROBE_PORT},
                {"name": "metrics", "container_port": METRICS_PORT},
            ],
            "startup_probe": pod.probe(envoy_probes.READY_PATH, "probes", period=1, failures=60),
            "readiness_probe": pod.probe(envoy_probes.READY_PATH, "probes", period=2, failures=2),
            "liveness_probe": pod.probe(envoy_probes.LIVE_PATH, "probes", period=10, failures=3),
            # Answers when the last stream has ended; Envoy itself exits at once on SIGTERM.
            "lifecycle": {"pre_stop": {"http_get": {"path": envoy_probes.DRAIN_PATH, "port": "probes"}}},
            "resources": pod.resources(args.resources),
            "volume_mounts": [
                {"name": "config", "mount_path": "/etc/envoy", "read_only": True},
                *([{"name": "traffic", "mount_path": _TRAFFIC, "read_only": True}] if args.candidate else []),
            ],
        }
    )
