"""What a model server is told of the region's OpenTelemetry collector, by OpenTelemetry's own environment variables."""

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgsDict

from components.connections import Connection, Pods, Port
from components.types import Upstream

PORT = 4318  # OTLP over HTTP


def environment(collector: Upstream) -> list[EnvVarArgsDict]:
    """Whether a request is traced says its caller, which is the gateway: what comes without a trace is not."""
    return [
        {
            "name": "OTEL_EXPORTER_OTLP_ENDPOINT",
            "value": pulumi.Output.format("http://{0}:{1}", collector.host, PORT),
        },
        {"name": "OTEL_TRACES_SAMPLER", "value": "parentbased_always_off"},
    ]


def connection(servers: Pods, collector: Upstream) -> Connection:
    return Connection(
        description="The model servers tell the collector where a request's time went.",
        source=servers,
        target=Pods(name=collector.name, labels=collector.pods),
        ports=(Port(number=PORT),),
    )
