"""The way in: Envoy with API keys and tokens, in front of the model servers."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import apps, core
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict, VolumeMountArgsDict

from components import connections, envoy, envoy_probes, envoy_traffic, naming, quantities
from components.workloads import gateway_edges, gateway_service, gateway_tls, pod
from components.workloads.gateway_config import (
    CONFIG_PATH,
    FOLDER,
    METRICS_PORT,
    PORT,
    PROBE_PORT,
    TLS,
    TRAFFIC,
    GatewayArgs,
    files,
)

__all__ = ["Gateway", "GatewayArgs"]


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
        secret = core.v1.Secret(f"{name}-config", metadata=metadata, string_data=files(args), opts=child)
        service = gateway_service.service(name, args.namespace, args.exposure, labels, selector, child)
        self.traffic = _traffic(name, args, labels, child)
        # Its Secret is mounted by name: pods wait for it.
        certificate = gateway_tls.certificate(name, args.namespace, args.tls, child)
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
                    pod.prioritised(
                        {
                            "service_account_name": pod.account(name, metadata, child),
                            "termination_grace_period_seconds": pod.grace_seconds(args.max_stream_seconds),
                            "topology_spread_constraints": pod.spread(selector),
                            "containers": [_container(args)],
                            "volumes": _volumes(args, secret.metadata["name"], self.traffic),
                        },
                        args.priority,
                    ),
                ),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=certificate),
        )
        pod.budget(name, metadata, selector, child)

        self.address = gateway_service.address(args.exposure, args.namespace, service)
        self.url = gateway_service.base_url(args.exposure, self.address)
        self.connections = _edges(name, args)
        self.register_outputs({"url": self.url})


def _edges(name: str, args: GatewayArgs) -> tuple[connections.Connection, ...]:
    me = connections.workload("gateway", name)
    return (
        gateway_edges.clients(me, PORT),
        *gateway_edges.servers(me, [args.upstream, *([args.candidate] if args.candidate else [])]),
        *gateway_edges.issuers(me, args.issuers),
        *gateway_edges.counter(me, args.counter),
        *gateway_edges.waiting_room(me, args.waiting_room),
        *gateway_edges.traces(me, args.tracing),
        gateway_edges.names(me),
    )


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


def _volumes(args: GatewayArgs, secret: pulumi.Output[str], traffic: pulumi.Output[str] | None) -> list[VolumeArgsDict]:
    volumes: list[VolumeArgsDict] = [{"name": "config", "secret": {"secret_name": secret}}]
    if traffic:
        volumes.append({"name": "traffic", "config_map": {"name": traffic}})
    if args.tls:
        volumes.append({"name": "tls", "secret": {"secret_name": args.tls.secret, "default_mode": 0o440}})
    return volumes


def _mounts(args: GatewayArgs) -> list[VolumeMountArgsDict]:
    paths = {"config": FOLDER}
    if args.candidate:
        paths["traffic"] = TRAFFIC
    if args.tls:
        paths["tls"] = TLS
    return [{"name": name, "mount_path": path, "read_only": True} for name, path in paths.items()]


def _container(args: GatewayArgs) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "envoy",
            "image": args.image,
            "command": ["/usr/local/bin/envoy"],
            "args": envoy.arguments(CONFIG_PATH, quantities.whole(args.resources.cpu_limit)),
            "ports": [
                {"name": "http", "container_port": PORT},
                {"name": "probes", "container_port": PROBE_PORT},
                {"name": "metrics", "container_port": METRICS_PORT},
            ],
            "startup_probe": pod.probe(envoy_probes.READY_PATH, "probes", period=1, failures=60),
            "readiness_probe": pod.probe(envoy_probes.READY_PATH, "probes", period=2, failures=2),
            "liveness_probe": pod.probe(envoy_probes.LIVE_PATH, "probes", period=10, failures=3),
            # Answers when the last stream has ended; Envoy itself exits at once on SIGTERM.
            "lifecycle": {"pre_stop": {"http_get": {"path": envoy_probes.DRAIN_PATH, "port": "probes"}}},
            "resources": pod.resources(args.resources),
            "volume_mounts": _mounts(args),
        }
    )
