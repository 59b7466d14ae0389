"""Traces: somebody to collect them, once, and no token in the clear."""

from collections.abc import Iterator

from components.platform import collector
from stacks import amounts
from stacks.amounts import Resources
from stacks.problems import Problem
from stacks.schema import RegionSpec
from stacks.telemetry import NoTelemetry


def somebody_collects(region: RegionSpec) -> Iterator[Problem]:
    asked = region.telemetry
    if isinstance(asked, NoTelemetry):
        return
    if region.images.collector is None:
        reason = "it is missing, but telemetry.type is collector: name an image of OpenTelemetry's contrib distribution"
        yield Problem(path=("images", "collector"), reason=reason)
    if region.gateway.tracing:
        reason = "the gateway tells the region's own collector, and nobody else: leave it out, or leave out telemetry"
        yield Problem(path=("gateway", "tracing"), value=region.gateway.tracing.host, reason=reason)


def the_token_is_kept(region: RegionSpec) -> Iterator[Problem]:
    asked = region.telemetry
    if not isinstance(asked, NoTelemetry) and asked.held_in and not asked.tls:
        reason = "without TLS anyone on the way could read the token: set tls to true, or leave heldIn out"
        yield Problem(path=("telemetry", "tls"), value="false", reason=reason)


def pods(region: RegionSpec) -> list[tuple[int, Resources]]:
    """How many there are while they are rolled, and what each asks for."""
    if isinstance(region.telemetry, NoTelemetry):
        return []
    return [(2 * collector.REPLICAS, amounts.of(collector.RESOURCES))]
