"""Who collects a region's traces, as its file says: nobody, or a collector of the region's own."""

from typing import TYPE_CHECKING

import pulumi

from components import connections
from components.connections import Pods
from components.envoy_tracing import Tracing
from components.platform import collector_config
from components.platform.collector import Collector, CollectorArgs
from components.platform.monitoring.scrape import SecretKey, Target
from components.types import Upstream

if TYPE_CHECKING:
    from stacks.schema import RegionSpec


def collect(
    name: str, spec: "RegionSpec", namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Collector | None:
    args = collector(name, spec, namespace)
    return Collector(_name(name), args, opts) if args else None


def collector(name: str, spec: "RegionSpec", namespace: pulumi.Input[str]) -> CollectorArgs | None:
    asked, image = spec.telemetry, spec.images.collector
    if asked.type == "none":
        return None
    assert image  # noqa: S101  the loader has refused files without
    store = collector_config.Store(
        host=asked.host,
        port=asked.port,
        tls=asked.tls,
        token=SecretKey.of(asked.held_in) if asked.held_in else None,
        networks=tuple(map(str, asked.networks)),
    )
    return CollectorArgs(namespace=namespace, image=image, stack=name, store=store, content=asked.content)


def tracing(name: str, spec: "RegionSpec") -> Tracing | None:
    """What the gateway is told of it. Whether a request is traced is decided there, for the servers, too."""
    if spec.telemetry.type == "none":
        return None
    return Tracing(
        host=f"{_name(name)}.{spec.namespace}.svc",
        port=collector_config.GRPC_PORT,
        percent=spec.telemetry.percent,
        pods=connections.workload("collector", _name(name)),
    )


def target(collector: Upstream) -> Target:
    """Its own figures."""
    pods = Pods(name=collector.name, labels=collector.pods)
    return Target(job=collector.name, pods=pods, port=collector_config.METRICS_PORT)


def _name(region: str) -> str:
    return f"{region}-collector"
