"""What a region file may say of its traces: who collects them, and where they go."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from stacks.fields import Part
from stacks.gateway import Host
from stacks.monitoring import HeldIn


class NoTelemetry(Part):
    type: Literal["none"]


class Collector(Part):
    """An OpenTelemetry collector in the region's namespace, for gateway and servers. `host`: who gets the spans, by
    OTLP over gRPC. `heldIn`: the Secret with the token that it asks for. `percent`: of the requests. `networks`: the
    ranges that the host is in, where it is neither on the internet nor a Service of the cluster. `content`: attributes
    go out that the program does not know, prompts among them, if the servers' image writes such."""

    type: Literal["collector"]
    host: Host
    port: int = Field(default=4317, ge=1, le=65535)
    tls: bool = True
    held_in: HeldIn | None = None
    percent: float = Field(default=1.0, gt=0, le=100)
    networks: tuple[IPv4Network, ...] = ()
    content: bool = False


Telemetry = Annotated[NoTelemetry | Collector, Field(discriminator="type")]
UNCOLLECTED = NoTelemetry(type="none")
