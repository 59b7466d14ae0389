"""Prometheus metrics under vLLM's names, so that its dashboards, alerts and autoscalers work unchanged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from autoglm_serving.engine.base import EngineDead, EngineStats, RequestFailed
from autoglm_serving.timeline import Arrival, Timeline

LABELS = ("model_name",)

# vLLM's buckets (vllm/v1/metrics/loggers.py), thinned to what a dashboard needs.
FIRST_TOKEN_SECONDS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160)
NEXT_TOKEN_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10, 20)
REQUEST_SECONDS = (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960)
TOKENS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)

_Told = Mapping[str, tuple[str, Callable[[EngineStats], float]]]

ENGINE_GAUGES: _Told = {
    "vllm:num_requests_running": ("Requests that generate now.", lambda stats: stats.running),
    "vllm:num_requests_waiting": ("Requests that wait for a place.", lambda stats: stats.waiting),
    "vllm:kv_cache_usage_perc": (
        "Share of the cache in use; 1 is all of it.",
        lambda stats: stats.cached_tokens / stats.capacity_tokens if stats.capacity_tokens else 0.0,
    ),
}
ENGINE_COUNTERS: _Told = {
    "vllm:prefix_cache_queries": ("Prompt tokens looked for in the cache.", lambda stats: stats.prefix_queries),
    "vllm:prefix_cache_hits": ("Prompt tokens found in the cache.", lambda stats: stats.prefix_hits),
    "vllm:num_preemptions": ("Requests that gave their place up, to be computed again.", lambda s: s.preemptions),
}


class ModelState(Protocol):
    """What is told of each version of each model."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def state(self) -> str: ...


class Watched(Protocol):
    """The models, as far as metrics see them."""

    def list(self) -> Sequence[ModelState]: ...

    def stats(self) -> Mapping[str, EngineStats]:
        """Of the loaded models, by name."""


class Metrics:
    """One registry a server, so that tests can run several in a process."""

    def __init__(self, models: Watched) -> None:
        self.registry = CollectorRegistry()
        self._models: dict[str, ModelMetrics] = {}
        ProcessCollector(registry=self.registry)
        self.registry.register(_Engines(models))
        self._families = _Families(self.registry)
        self._http = Counter(
            "http_requests", "HTTP requests by route.", ("method", "handler", "status"), registry=self.registry
        )

    def of(self, model_name: str) -> "ModelMetrics":
        """`model_name` is one that is served: clients must not be able to make new time series."""
        if model_name not in self._models:
            self._models[model_name] = ModelMetrics(self._families, model_name)
        return self._models[model_name]

    def count_http(self, method: str, handler: str, status: int) -> None:
        """`handler` is a route, not a path, for the same reason."""
        self._http.labels(method=method, handler=handler, status=str(status)).inc()

    def render(self) -> bytes:
        return generate_latest(self.registry)


class _Families:
    """What is counted of every model, before it has a model's name."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, text: str, buckets: tuple[float, ...] = REQUEST_SECONDS) -> Histogram:
            return Histogram(name, text, LABELS, buckets=buckets, registry=registry)

        self.prompt_tokens = Counter(
            "vllm:prompt_tokens", "Tokens of prompts that were answered.", LABELS, registry=registry
        )
        self.generation_tokens = Counter("vllm:generation_tokens", "Tokens generated.", LABELS, registry=registry)
        self.success = Counter(
            "vllm:request_success", "Answers that were complete.", (*LABELS, "finished_reason"), registry=registry
        )
        self.failed = Counter(
            "autoglm:request_failures", "Answers that the engine ended.", (*LABELS, "error"), registry=registry
        )
        self.first_token = histogram(
            "vllm:time_to_first_token_seconds", "From the request's arrival to its first token.", FIRST_TOKEN_SECONDS
        )
        self.next_token = histogram(
            "vllm:inter_token_latency_seconds", "Between two tokens of an answer.", NEXT_TOKEN_SECONDS
        )
        self.request = histogram(
            "vllm:e2e_request_latency_seconds", "From the request's arrival to the end of its answer."
        )
        self.phases = {
            "queue": histogram("vllm:request_queue_time_seconds", "In the engine's queue."),
            "prefill": histogram("vllm:request_prefill_time_seconds", "From the queue to the first token."),
            "decode": histogram("vllm:request_decode_time_seconds", "From the first token to the last."),
        }
        self.request_prompt_tokens = histogram("vllm:request_prompt_tokens", "Tokens of a prompt.", TOKENS)
        self.request_generation_tokens = histogram("vllm:request_generation_tokens", "Tokens of an answer.", TOKENS)


class ModelMetrics:
    """What answers of one model count."""

    def __init__(self, families: _Families, model_name: str) -> None:
        self._families = families
        self._name = model_name
        self._first_token = families.first_token.labels(model_name)
        self._next_token = families.next_token.labels(model_name)
        self._generation_tokens = families.generation_tokens.labels(model_name)
        for error in (EngineDead, RequestFailed):  # from 0: of a counter that begins at 1, no rate sees the first
            families.failed.labels(model_name, error.__name__)

    def token(self, arrival: Arrival) -> None:
        (self._first_token if arrival.first else self._next_token).observe(arrival.seconds)
        self._generation_tokens.inc()

    def complete(self, timeline: Timeline, *, prompt_tokens: int, completion_tokens: int, finish_reason: str) -> None:
        """An answer has come to its own end."""
        families, name = self._families, self._name
        families.success.labels(name, finish_reason).inc()
        families.prompt_tokens.labels(name).inc(prompt_tokens)
        families.request.labels(name).observe(timeline.seconds)
        families.request_prompt_tokens.labels(name).observe(prompt_tokens)
        families.request_generation_tokens.labels(name).observe(completion_tokens)
        for phase in timeline.phases():
            if phase.name in families.phases:
                families.phases[phase.name].labels(name).observe(phase.end - phase.start)

    def failed(self, error: Exception) -> None:
        """The engine has ended an answer before its own end."""
        self._families.failed.labels(self._name, type(error).__name__).inc()


class _Engines(Collector):
    """What the engines and the models' states are when Prometheus asks."""

    def __init__(self, models: Watched) -> None:
        self._models = models

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry would otherwise collect, to learn the names, before there are models."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        stats = self._models.stats()
        for name, (text, value) in ENGINE_GAUGES.items():
            gauge = GaugeMetricFamily(name, text, labels=LABELS)
            for model, one in stats.items():
                gauge.add_metric((model,), value(one))
            yield gauge
        for name, (text, value) in ENGINE_COUNTERS.items():
            counter = CounterMetricFamily(name, text, labels=LABELS)
            for model, one in stats.items():
                counter.add_metric((model,), value(one))
            yield counter
        states = GaugeMetricFamily(
            "autoglm:model_version_state", "1 for the state each version is in.", labels=(*LABELS, "version", "state")
        )
        for info in self._models.list():
            states.add_metric((info.name, info.version, info.state), 1)
        yield states
