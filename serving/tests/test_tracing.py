"""Traces of a real server, as a collector receives them by OTLP over HTTP."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import CALLER, PARENT, TRACE, Collector, attributes, collecting, of_trace
from harness import Server, chat, data_url, endless, environment, eventually, image_message, light_server, png
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from autoglm_serving import tracing

SECRET_TEXT = "a secret of the user"  # noqa: S105  no password


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def traced(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Stopped before the tests look: its end sends what is left."""
    log = tmp_path_factory.mktemp("traced") / "log"
    with light_server(log, "--otlp-traces-endpoint", collector.url) as server:
        with server.http() as client:
            body = endless(5, messages=[image_message(data_url(png(200, 300)), SECRET_TEXT)])
            assert client.post("/v1/chat/completions", json=body, headers=CALLER).status_code == 200
            assert client.post("/v1/chat/completions", json=chat(max_tokens=0)).status_code == 400
            for path in ("/health", "/healthz", "/ready", "/metrics"):
                client.get(path)
        yield server


@pytest.fixture(scope="module")
def spans(traced: Server, collector: Collector) -> list[Span]:
    traced.process.terminate()
    assert traced.process.wait(timeout=60) == 0
    return collector.spans()


def test_a_request_is_a_span_of_its_callers_trace_and_holds_the_phases_in_order(spans: list[Span]):
    found = of_trace(spans)
    request, answer = found["POST /v1/chat/completions"], found["chat"]
    assert request.parent_span_id.hex() == PARENT
    assert request.kind == Span.SPAN_KIND_SERVER
    assert answer.parent_span_id == request.span_id
    phases = [found[name] for name in ("prepare", "queue", "prefill", "decode") if name in found]
    assert [phase.name for phase in phases][-2:] == ["prefill", "decode"]
    assert {phase.parent_span_id for phase in phases} == {answer.span_id}
    for before, after in itertools.pairwise(phases):
        assert before.start_time_unix_nano <= before.end_time_unix_nano == after.start_time_unix_nano
    assert answer.start_time_unix_nano == phases[0].start_time_unix_nano
    assert phases[-1].end_time_unix_nano <= answer.end_time_unix_nano <= request.end_time_unix_nano


def test_spans_tell_counts_and_statuses_and_no_text(spans: list[Span], collector: Collector):
    found = of_trace(spans)
    assert attributes(found["POST /v1/chat/completions"]) == {
        "http.request.method": "POST",
        "url.path": "/v1/chat/completions",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
    }
    told = attributes(found["chat"])
    assert told["gen_ai.request.model"] == "autoglm-phone-9b"
    assert told["gen_ai.usage.output_tokens"] == 5
    assert told["gen_ai.response.finish_reasons"] == "length"
    assert int(str(told["gen_ai.usage.input_tokens"])) > 5
    assert all(SECRET_TEXT.encode() not in body for body in collector.bodies)


def test_a_refused_request_is_traced_and_probes_are_not(spans: list[Span]):
    roots = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    assert sorted(attributes(span)["http.response.status_code"] for span in roots) == [200, 400]  # type: ignore[type-var]


def test_the_access_log_names_the_trace(spans: list[Span], traced: Server):
    line = next(event for event in traced.events() if event["event"] == "request" and event["status"] == 200)
    assert line["trace_id"] == TRACE


def test_a_collector_that_is_away_costs_no_answer_and_no_end(tmp_path: Path):
    url = "http://127.0.0.1:9/v1/traces"  # discard: nobody listens
    with light_server(tmp_path / "log", "--otlp-traces-endpoint", url) as server:
        assert server.post(endless(3)).status_code == 200
        eventually(lambda: any(event["event"] == "request" for event in server.events()))


@pytest.mark.parametrize(
    ("endpoint", "variables", "on"),
    [
        (None, {}, False),
        ("http://c:4318/v1/traces", {}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ("http://c:4318/v1/traces", {"OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_it_is_off_until_an_endpoint_is_named(endpoint: str | None, variables: dict[str, str], on: bool):
    made = tracing.tracer(endpoint, variables)
    assert (made is not tracing.OFF) == on
    made.close()


def test_without_an_endpoint_the_library_is_not_imported():
    code = "import sys, autoglm_serving.server; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0
