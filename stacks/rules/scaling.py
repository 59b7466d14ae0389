"""The number of servers: targets that can be met, and figures that somebody shows."""

import re
from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from components import scaling_settings
from components.envoy import EnvoySettings
from components.platform.scaling import demand, sizes
from components.platform.scaling.refused import Refused
from stacks import amounts
from stacks.amounts import Resources
from stacks.cloud import CloudParts
from stacks.problems import Path, Problem
from stacks.scaling import Autoscaling
from stacks.schema import RegionSpec

_PATH: Path = ("serving", "autoscaling")
_NAME = re.compile(r"\b[a-z]+(_[a-z]+)+\b")  # of a setting, which the file writes otherwise
_FIRST_TOKEN_SECONDS = 60  # what a server that has just come may need for a long prompt


def numbers_agree(region: RegionSpec) -> Iterator[Problem]:
    for asked in _asked(region):
        try:
            scaling_settings.scaling_of(asked)
        except Refused as refused:
            reason = _NAME.sub(lambda name: to_camel(name[0]), refused.reason)
            yield Problem(path=(*_PATH, to_camel(refused.field)), value=str(refused.value), reason=reason)
            continue
        if not max(1, asked.min_replicas) <= region.serving.replicas <= asked.max_replicas:
            reason = f"it is what the servers begin with: use {max(1, asked.min_replicas)} to {asked.max_replicas}"
            yield Problem(path=("serving", "replicas"), value=str(region.serving.replicas), reason=reason)


def somebody_shows_the_figures(region: RegionSpec) -> Iterator[Problem]:
    own = region.monitoring if region.monitoring.type == "own" else None
    for asked in _asked(region):
        if own is None and asked.prometheus is None:
            reason = "nobody counts requests: set monitoring.type to own, or name a Prometheus that exists"
            yield Problem(path=(*_PATH, "prometheus"), reason=reason)
        if asked.gpu_percent and region.images.dcgm_exporter is None:
            reason = "nobody tells how busy the cards are: set images.dcgmExporter"
            yield Problem(path=(*_PATH, "gpuPercent"), value=str(asked.gpu_percent), reason=reason)
        if own and asked.forecast and own.retention_days < demand.RETENTION_DAYS:
            reason = (
                f"it looks {demand.WEEKS} weeks back: set monitoring.retentionDays to {demand.RETENTION_DAYS} or more"
            )
            yield Problem(path=(*_PATH, "forecast"), value="true", reason=reason)


def nodes_can_be_added(region: RegionSpec) -> Iterator[Problem]:
    for asked in _asked(region):
        if asked.warm_nodes and not (isinstance(region, CloudParts) and region.serving.gpu):
            reason = "only a cloud's GPU pools grow: leave it out"
            yield Problem(path=(*_PATH, "warmNodes"), value=str(asked.warm_nodes), reason=reason)


def the_check_is_answered(region: RegionSpec) -> Iterator[Problem]:
    for asked in _asked(region):
        if region.isolation.check and not asked.min_replicas:
            reason = "serving.autoscaling.minReplicas is 0, and a server that is not there answers no check: raise it"
            yield Problem(path=("isolation", "check"), value="true", reason=reason)


def who_waits_is_heard(region: RegionSpec) -> Iterator[Problem]:
    """The gateway ends a stream that says nothing for that long."""
    for asked in _asked(region):
        most = EnvoySettings.idle_seconds - _FIRST_TOKEN_SECONDS
        if not asked.min_replicas and asked.waiting.patience_seconds > most:
            reason = (
                f"the gateway ends a stream that says nothing for {EnvoySettings.idle_seconds} s, and the first token "
                f"needs some of them: use {most} or less"
            )
            value = str(asked.waiting.patience_seconds)
            yield Problem(path=(*_PATH, "waiting", "patienceSeconds"), value=value, reason=reason)


def pods(region: RegionSpec) -> Iterator[tuple[int, Resources]]:
    """Beside the servers: how many there are while they are rolled, and what each asks for."""
    for asked in _asked(region):
        if asked.warm_nodes:
            yield asked.warm_nodes, region.serving.resources
        if not asked.min_replicas:
            yield 2 * sizes.ROOMS, amounts.of(sizes.ROOM)


def _asked(region: RegionSpec) -> Iterator[Autoscaling]:
    if region.serving.autoscaling:
        yield region.serving.autoscaling
