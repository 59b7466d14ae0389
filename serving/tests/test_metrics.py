"""What Prometheus reads."""

from collections.abc import Mapping

from harness import Server, chat, endless
from prometheus_client.parser import text_string_to_metric_families

from autoglm_serving.api.models import ModelInfo
from autoglm_serving.engine.base import EngineStats
from autoglm_serving.metrics import Metrics
from autoglm_serving.timeline import Timeline


class TwoModels:
    def list(self) -> list[ModelInfo]:
        return [
            ModelInfo(name=name, version="2", created=0, state=state, max_model_len=None)
            for name, state in (("a", "active"), ("b", "failed"))
        ]

    def stats(self) -> Mapping[str, EngineStats]:
        one = EngineStats(
            running=2,
            waiting=1,
            cached_tokens=25,
            capacity_tokens=100,
            prefix_queries=8,
            prefix_hits=4,
            preemptions=3,
        )
        return {"a": one}


def samples(text: str) -> dict[tuple[str, ...], float]:
    """By name and the labels' values, in the order of the labels' names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def clock(*times: float):
    return iter(times).__next__


def test_engines_and_versions_are_told_by_model_as_they_are_when_asked():
    told = samples(Metrics(TwoModels()).render().decode())
    assert told["vllm:num_requests_running", "a"] == 2
    assert told["vllm:num_requests_waiting", "a"] == 1
    assert told["vllm:kv_cache_usage_perc", "a"] == 0.25
    assert told["vllm:prefix_cache_queries_total", "a"] == 8
    assert told["vllm:prefix_cache_hits_total", "a"] == 4
    assert told["vllm:num_preemptions_total", "a"] == 3
    assert told["autoglm:model_version_state", "a", "active", "2"] == 1
    assert told["autoglm:model_version_state", "b", "failed", "2"] == 1
    assert ("vllm:num_requests_running", "b") not in told


def test_an_answers_times_are_split_into_queue_prefill_and_decode():
    timeline = Timeline(10.0, clock=clock(14.0, 15.0, 17.0, 18.0))
    timeline.submitted = 11.0
    metrics = Metrics(TwoModels())
    of_a = metrics.of("a")
    for _ in range(3):
        of_a.token(timeline.token(13.0))
    of_a.complete(timeline, prompt_tokens=5, completion_tokens=3, finish_reason="stop")
    told = samples(metrics.render().decode())
    assert told["vllm:request_queue_time_seconds_sum", "a"] == 2.0
    assert told["vllm:request_prefill_time_seconds_sum", "a"] == 1.0
    assert told["vllm:request_decode_time_seconds_sum", "a"] == 3.0
    assert told["vllm:time_to_first_token_seconds_sum", "a"] == 4.0
    assert told["vllm:inter_token_latency_seconds_sum", "a"] == 3.0
    assert told["vllm:e2e_request_latency_seconds_sum", "a"] == 8.0
    assert told["vllm:generation_tokens_total", "a"] == 3
    assert told["vllm:prompt_tokens_total", "a"] == 5
    assert told["vllm:request_success_total", "stop", "a"] == 1


def test_an_engine_that_tells_no_queue_has_its_prefill_begin_with_the_submission():
    timeline = Timeline(1.0, clock=clock(5.0))
    timeline.submitted = 2.0
    timeline.token(None)
    assert [tuple(phase) for phase in timeline.phases()] == [
        ("prepare", 1.0, 2.0),
        ("prefill", 2.0, 5.0),
        ("decode", 5.0, 5.0),
    ]


def test_a_server_counts_its_answers_and_names_no_path_that_clients_make_up(server: Server):
    assert server.post(endless(4)).status_code == 200
    assert server.post(chat(model="no-such-model")).status_code == 404
    with server.http() as client:
        client.get("/made-up/by-a-client")
        text = client.get("/metrics").text
    told = samples(text)
    model = "autoglm-phone-9b"
    assert told["vllm:request_success_total", "length", model] >= 1
    assert told["vllm:request_prefill_time_seconds_count", model] >= 1
    assert told["autoglm:model_version_state", model, "active", "1"] == 1
    assert "made-up" not in text
    assert "no-such-model" not in text
