"""Prometheus metrics under vLLM's names, so that its dashboards, alerts and autoscalers work unchanged."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from autoglm_serving.engine.base import EngineStats

LABELS = ("model_name",)

# vLLM's buckets (vllm/v1/metrics/loggers.py), thinned to what a dashboard needs.
FIRST_TOKEN_SECONDS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160)
NEXT_TOKEN_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10, 20)
REQUEST_SECONDS = (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960)
TOKENS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)


class Metrics:
    """One registry a server, so that tests can run several in a process."""

    def __init__(self, model_name: str, stats: Callable[[], EngineStats]) -> None:
        self.registry = CollectorRegistry()
        self._labels = {"model_name": model_name}
        ProcessCollector(registry=self.registry)
        self._gauge("vllm:num_requests_running", "Requests that generate now.", lambda: stats().running)
        self._gauge("vllm:num_requests_waiting", "Requests that wait for a place.", lambda: stats().waiting)
        self._gauge("vllm:kv_cache_usage_perc", "Share of the cache in use; 1 is all of it.", lambda: _usage(stats()))
        self.prompt_tokens = self._counter("vllm:prompt_tokens", "Tokens of prompts that were answered.")
        self.generation_tokens = self._counter("vllm:generation_tokens", "Tokens generated.")
        self.first_token = self._histogram(
            "vllm:time_to_first_token_seconds", "From the request's arrival to its first token.", FIRST_TOKEN_SECONDS
        )
        self.next_token = self._histogram(
            "vllm:inter_token_latency_seconds", "Between two tokens of an answer.", NEXT_TOKEN_SECONDS
        )
        self.request = self._histogram(
            "vllm:e2e_request_latency_seconds", "From the request's arrival to the end of its answer.", REQUEST_SECONDS
        )
        self.request_prompt_tokens = self._histogram("vllm:request_prompt_tokens", "Tokens of a prompt.", TOKENS)
        self.request_generation_tokens = self._histogram(
            "vllm:request_generation_tokens", "Tokens of an answer.", TOKENS
        )
        self._success = Counter(
            "vllm:request_success", "Answers that were complete.", (*LABELS, "finished_reason"), registry=self.registry
        )
        self._http = Counter(
            "http_requests", "HTTP requests by route.", ("method", "handler", "status"), registry=self.registry
        )

    def count_success(self, finish_reason: str) -> None:
        self._success.labels(**self._labels, finished_reason=finish_reason).inc()

    def count_http(self, method: str, handler: str, status: int) -> None:
        """`handler` is a route, not a path: clients must not be able to make new time series."""
        self._http.labels(method=method, handler=handler, status=str(status)).inc()

    def render(self) -> bytes:
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        Gauge(name, text, LABELS, registry=self.registry).labels(**self._labels).set_function(value)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(name, text, LABELS, registry=self.registry).labels(**self._labels)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, LABELS, buckets=buckets, registry=self.registry).labels(**self._labels)


def _usage(stats: EngineStats) -> float:
    return stats.cached_tokens / stats.capacity_tokens
