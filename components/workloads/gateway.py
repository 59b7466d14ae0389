"""The way in: Envoy with API keys, in front of the model servers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, ServiceSpecArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components import connections, envoy, envoy_probes, naming, quantities
from components.types import Exposure, ExposureType, Resources, Upstream
from components.workloads import pod

_PORT, _PROBE_PORT = 8080, 8081
_CONFIG = "envoy.yaml"
_RESOURCES = Resources(cpu_request="100m", cpu_limit="1", memory_request="256Mi", memory_limit="512Mi")
_HEAP_SHARE = 0.8  # of the memory limit: the rest is stacks, statistics and the binary


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """`api_keys`: client's name -> key. `max_stream_seconds` bounds a stream, and so the gateway's own drain."""

    namespace: pulumi.Input[str]
    image: str
    upstream: Upstream
    api_keys: Mapping[str, pulumi.Input[str]]
    exposure: Exposure
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

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:Gateway", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels, selector = naming.labels("gateway", name, "gateway"), naming.selector("gateway", name)
        metadata = pod.metadata(args.namespace, labels)

        # Named by the provider: changed contents are a new Secret, whose new name rolls the Deployment.
        secret = core.v1.Secret(f"{name}-config", metadata=metadata, string_data={_CONFIG: _config(args)}, opts=child)
        service = core.v1.Service(
            f"{name}-service",
            metadata={**pod.metadata(args.namespace, labels, name), **_annotated(args.exposure)},
            spec=_service(args.exposure, selector),
            # The balancer is made from the Service, and looks for these by names that only annotations say.
            opts=pulumi.ResourceOptions(parent=self, depends_on=_secrets(name, args, labels, child)),
        )
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
                        "volumes": [{"name": "config", "secret": {"secret_name": secret.metadata["name"]}}],
                    },
                ),
            },
            opts=child,
        )
        pod.budget(name, metadata, selector, child)

        self.address = _address(args, service)
        self.url = base_url(args.exposure, self.address)
        me = connections.workload("gateway", name)
        servers = connections.Pods(name=args.upstream.name, labels=args.upstream.pods)
        self.connections = (
            connections.Connection(
                description="Clients reach the gateway.",
                source=None,
                target=me,
                ports=(connections.Port(number=_PORT),),
            ),
            connections.Connection(
                description="The gateway passes requests to the model servers.",
                source=me,
                target=servers,
                ports=(connections.Port(number=args.upstream.port),),
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
            api_keys=tuple(sorted(keys.items())),
            port=_PORT,
            probe_port=_PROBE_PORT,
            max_body_bytes=args.max_body_bytes,
            max_stream_seconds=args.max_stream_seconds,
            settle_seconds=pod.PRE_STOP_SECONDS,
            max_heap_bytes=int(quantities.whole(args.resources.memory_limit) * _HEAP_SHARE),
        )
        return json.dumps(envoy.config(settings))

    values = pulumi.Output.all(host=args.upstream.host, keys=dict(args.api_keys))
    return pulumi.Output.secret(values.apply(render))


def _service(exposure: Exposure, selector: Mapping[str, str]) -> ServiceSpecArgsDict:
    spec: ServiceSpecArgsDict = {
        "type": exposure.type,
        "selector": dict(selector),
        "ports": [{"name": "http", "port": 80, "target_port": "http"}],
    }
    if exposure.type is ExposureType.NODE_PORT and exposure.node_port is not None:
        spec["ports"] = [{"name": "http", "port": 80, "target_port": "http", "node_port": exposure.node_port}]
    if exposure.type is ExposureType.LOAD_BALANCER:
        spec["ports"] = [{"name": "http", "port": 443 if exposure.tls else 80, "target_port": "http"}]
        spec["external_traffic_policy"] = "Local"  # keeps the client's address; the balancer skips nodes without a pod
    return spec


def _secrets(
    name: str, args: GatewayArgs, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> list[core.v1.Secret]:
    return [
        core.v1.Secret(
            f"{name}-{called}",
            metadata=pod.metadata(args.namespace, labels, called),
            string_data=dict(content),
            opts=opts,
        )
        for called, content in args.exposure.secrets.items()
    ]


def _annotated(exposure: Exposure) -> ObjectMetaArgsDict:
    return {"annotations": dict(exposure.annotations)} if exposure.annotations else {}


def base_url(exposure: Exposure, host: pulumi.Output[str]) -> pulumi.Output[str]:
    """OpenAI's `base_url` of a gateway that clients find at `host`."""
    port = f":{exposure.node_port}" if exposure.type is ExposureType.NODE_PORT else ""
    return pulumi.Output.format("{0}://{1}{2}/v1", "https" if exposure.tls else "http", host, port)


def _address(args: GatewayArgs, service: core.v1.Service) -> pulumi.Output[str]:
    if args.exposure.address is not None:
        return pulumi.Output.from_input(args.exposure.address)
    if args.exposure.type is ExposureType.LOAD_BALANCER:
        return service.status.apply(_balancer)
    return pulumi.Output.format("{0}.{1}.svc", service.metadata["name"], args.namespace)


def _balancer(status: Any) -> str:  # noqa: ANN401  half of its fields are optional, and all are there by now
    """The address that the cloud gave: a host name on AWS, an IP on the others."""
    ingress = status.load_balancer.ingress[0]
    return str(ingress.hostname or ingress.ip)


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
            ],
            "startup_probe": pod.probe(envoy_probes.READY_PATH, "probes", period=1, failures=60),
            "readiness_probe": pod.probe(envoy_probes.READY_PATH, "probes", period=2, failures=2),
            "liveness_probe": pod.probe(envoy_probes.LIVE_PATH, "probes", period=10, failures=3),
            # Answers when the last stream has ended; Envoy itself exits at once on SIGTERM.
            "lifecycle": {"pre_stop": {"http_get": {"path": envoy_probes.DRAIN_PATH, "port": "probes"}}},
            "resources": pod.resources(args.resources),
            "volume_mounts": [{"name": "config", "mount_path": "/etc/envoy", "read_only": True}],
        }
    )
