"""What a registry tells Prometheus beside the states: memory, requests on each version, rollbacks to alert on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from autoglm_serving.lifecycle.state import VersionStatus

LABELS = ("model_name", "version")


class Watched(Protocol):
    def statuses(self) -> Sequence[VersionStatus]: ...

    def counts(self) -> Mapping[str, int]: ...


class LifecycleMetrics(Collector):
    def __init__(self, registry: Watched) -> None:
        self._registry = registry

    def describe(self) -> Iterator[Metric]:
        """Nothing: there may be no model yet."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("autoglm:model_version_bytes", "Memory that is set aside for it.", labels=LABELS)
        leases = GaugeMetricFamily("autoglm:model_version_requests", "Requests that hold it.", labels=LABELS)
        for status in self._registry.statuses():
            size.add_metric((status.model, status.version), status.bytes)
            leases.add_metric((status.model, status.version), status.leases)
        rollbacks = CounterMetricFamily(
            "autoglm:model_rollbacks", "Times that an older version had to take over again.", labels=LABELS[:1]
        )
        for model, count in self._registry.counts().items():
            rollbacks.add_metric((model,), count)
        yield from (size, leases, rollbacks)
