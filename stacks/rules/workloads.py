"""What runs in the region: streams, quota, images."""

from collections.abc import Iterator
from decimal import Decimal

from pydantic.alias_generators import to_camel

from components import pools, quantities
from stacks.amounts import Amount, Resources
from stacks.cloud import CloudParts, NewCluster
from stacks.etcd import VolumeStore
from stacks.fields import digest
from stacks.problems import Problem
from stacks.rules import monitoring, scaling, telemetry
from stacks.schema import Quota, RegionSpec, SharedSource

# Two of the rate limit service and its store, each with the one that takes its place (components/workloads).
_COUNTING = ((6, Resources(requests=Amount(cpu="50m", memory="64Mi"), limits=Amount(cpu="1", memory="128Mi"))),)
# The rollout's Job.
_ROLLING = ((1, Resources(requests=Amount(cpu="50m", memory="64Mi"), limits=Amount(cpu="500m", memory="128Mi"))),)


def drain_covers_streams(region: RegionSpec) -> Iterator[Problem]:
    drain, stream = region.serving.drain_seconds, region.gateway.max_stream_seconds
    if drain < stream:
        fix = f"set it to {stream} or more, or allow shorter streams"
        reason = f"gateway.maxStreamSeconds is more, so a rolling update would cut streams: {fix}"
        yield Problem(path=("serving", "drainSeconds"), value=str(drain), reason=reason)


def quota_holds_everything(region: RegionSpec) -> Iterator[Problem]:
    """In a rolling update an old pod counts until it has drained, so servers and gateways count twice; and so does a
    model's volume, made anew beside the one that pods still mount when `model.source` is another. A shared file
    system's stays."""
    moves = not isinstance(region.model.source, SharedSource)
    job, kept = (1, region.serving.resources), region.etcd.snapshots.store
    pods = (
        (region.etcd.members, region.etcd.resources),
        (1, region.etcd.keeper_resources),
        (2 * region.serving.most, region.serving.resources),
        (2 * region.gateway.replicas, region.gateway.resources),
        job,
        *(_COUNTING if region.gateway.limits.shared else ()),
        *(_ROLLING if region.model.version else ()),
        *monitoring.pods(region),
        *scaling.pods(region),
        *telemetry.pods(region),
    )
    volumes: list[tuple[int, str]] = [
        (region.etcd.members, region.etcd.volume.size),
        (2 if moves else 1, region.model.volume.size),
        *monitoring.volumes(region),
    ]
    if isinstance(kept, VolumeStore):
        volumes.append((1, kept.size))
    needs = {
        "cpu": sum(count * quantities.parse(asked.requests.cpu) for count, asked in pods),
        "memory": sum(count * quantities.parse(asked.requests.memory) for count, asked in pods),
        "storage": sum(count * quantities.parse(size) for count, size in volumes),
        "pods": sum(count for count, _ in pods),
    }
    for key, need in needs.items():
        if need > quantities.parse(str(getattr(region.quota, key))):
            yield _too_small(key, region.quota, Decimal(need))


def images_have_digests(region: RegionSpec) -> Iterator[Problem]:
    if not region.images.require_digest:
        return
    for name in _images(region):
        image = getattr(region.images, name)
        if image is not None and digest(image) is None:
            reason = (
                "images.requireDigest asks for a digest, since a registry may move a version: "
                "end it with @sha256: and the digest that your registry tells"
            )
            yield Problem(path=("images", to_camel(name)), value=image, reason=reason)


def _images(region: RegionSpec) -> Iterator[str]:
    """Those that the region runs, as far as its file says it."""
    yield from ("etcd", "keeper", "envoy", "serving", "dcgm_exporter", "ratelimit", "redis")
    if _brings_plugin(region):
        yield "device_plugin"
    if region.telemetry.type == "collector":
        yield "collector"
    if region.monitoring.type == "own":
        yield from ("prometheus", "alertmanager", "grafana")


def _brings_plugin(region: RegionSpec) -> bool:
    """On AWS to nodes of our own clusters, elsewhere where cards are shared by NVIDIA's means."""
    asked = region.gpu_runtime.device_plugin
    if asked != "auto" or not isinstance(region, CloudParts):
        return asked == "install"
    if not region.nodes_give_out_cards:
        return bool(region.gpu_pools) and isinstance(region.cluster, NewCluster)
    return bool(pools.without_plugin(region.gpu_pools))


def _too_small(key: str, quota: Quota, need: Decimal) -> Problem:
    enough = quantities.text(need, binary=key in ("memory", "storage"))
    reason = (
        f"the region's workloads ask for {enough} while they are rolled: set it to {enough} or more, or ask for less"
    )
    return Problem(path=("quota", key), value=str(getattr(quota, key)), reason=reason)
