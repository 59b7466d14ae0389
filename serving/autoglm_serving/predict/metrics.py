"""Metrics of predict models, under MLServer's names where they mean the same."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from autoglm_serving.lifecycle.state import VersionStatus
from autoglm_serving.predict.model import PredictModel
from autoglm_serving.predict.worker import BatchReport

LABELS = ("model", "version")
BATCH_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class PredictMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._succeeded = Counter("model_infer_request_success", "Requests answered.", LABELS, registry=registry)
        self._failed = Counter("model_infer_request_failure", "Requests that failed.", LABELS, registry=registry)
        self._rows = Histogram(
            "model_infer_batch_rows", "Rows of a batch.", LABELS, buckets=BATCH_ROWS, registry=registry
        )
        self._waited = Histogram(
            "model_infer_queue_seconds",
            "From a request's arrival to its batch.",
            LABELS,
            buckets=SECONDS,
            registry=registry,
        )
        self._computed = Histogram(
            "model_infer_compute_seconds", "A batch in the model.", LABELS, buckets=SECONDS, registry=registry
        )

    def watch(
        self,
        loaded: Callable[[], Mapping[tuple[str, str], PredictModel]],
        statuses: Callable[[], Sequence[VersionStatus]],
    ) -> None:
        """Tell what is in memory and what state each version is in whenever Prometheus asks."""
        self._registry.register(_Watcher(loaded, statuses))

    def batch(self, model: str, version: str, report: BatchReport) -> None:
        """Any thread."""
        self._succeeded.labels(model, version).inc(len(report.waited) - report.failed)
        self._failed.labels(model, version).inc(report.failed)
        self._rows.labels(model, version).observe(report.rows)
        self._computed.labels(model, version).observe(report.computed)
        for waited in report.waited:
            self._waited.labels(model, version).observe(waited)


class _Watcher(Collector):
    def __init__(
        self,
        loaded: Callable[[], Mapping[tuple[str, str], PredictModel]],
        statuses: Callable[[], Sequence[VersionStatus]],
    ) -> None:
        self._loaded = loaded
        self._statuses = statuses

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry would otherwise collect, to learn the names, before there are models."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        queue = GaugeMetricFamily("batch_request_queue", "Requests that wait for a batch.", labels=LABELS)
        load = GaugeMetricFamily("model_infer_load", "Share of the last second that the model worked.", labels=LABELS)
        for labels, model in self._loaded().items():
            queue.add_metric(labels, model.worker.waiting)
            load.add_metric(labels, model.worker.load)
        states = GaugeMetricFamily(
            "model_version_state", "1 for the state each version is in.", labels=(*LABELS, "state")
        )
        for status in self._statuses():
            states.add_metric((status.model, status.version, status.state), 1)
        yield from (queue, load, states)
