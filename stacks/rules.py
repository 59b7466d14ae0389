"""What must hold between the fields of a region file."""

from collections.abc import Callable
from decimal import Decimal

from components import quantities
from stacks.problems import Problem
from stacks.schema import Quota, Region


def broken(region: Region) -> list[Problem]:
    """Every broken rule; empty when all hold."""
    return [problem for rule in _RULES for problem in rule(region)]


def _drain_covers_streams(region: Region) -> list[Problem]:
    drain, stream = region.serving.drain_seconds, region.gateway.max_stream_seconds
    if drain >= stream:
        return []
    fix = f"set it to {stream} or more, or allow shorter streams"
    reason = f"gateway.maxStreamSeconds is more, so a rolling update would cut streams: {fix}"
    return [Problem(path=("serving", "drainSeconds"), value=str(drain), reason=reason)]


def _quota_holds_everything(region: Region) -> list[Problem]:
    """In a rolling update an old pod counts until it has drained, so servers and gateways count twice."""
    job = (1, region.serving.resources)
    pods = (
        (region.etcd.members, region.etcd.resources),
        (2 * region.serving.replicas, region.serving.resources),
        (2 * region.gateway.replicas, region.gateway.resources),
        job,
    )
    volumes = ((region.etcd.members, region.etcd.volume.size), (1, region.model.volume.size))
    needs = {
        "cpu": sum(count * quantities.parse(asked.requests.cpu) for count, asked in pods),
        "memory": sum(count * quantities.parse(asked.requests.memory) for count, asked in pods),
        "storage": sum(count * quantities.parse(size) for count, size in volumes),
        "pods": sum(count for count, _ in pods),
    }
    return [
        _too_small(key, region.quota, Decimal(need))
        for key, need in needs.items()
        if need > _granted(region.quota, key)
    ]


def _granted(quota: Quota, key: str) -> Decimal:
    return quantities.parse(str(getattr(quota, key)))


def _too_small(key: str, quota: Quota, need: Decimal) -> Problem:
    enough = quantities.text(need, binary=key in ("memory", "storage"))
    reason = (
        f"the region's workloads ask for {enough} while they are rolled: set it to {enough} or more, or ask for less"
    )
    return Problem(path=("quota", key), value=str(getattr(quota, key)), reason=reason)


_RULES: tuple[Callable[[Region], list[Problem]], ...] = (_drain_covers_streams, _quota_holds_everything)
