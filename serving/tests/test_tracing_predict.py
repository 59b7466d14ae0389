"""Traces of requests to predict models, by HTTP and gRPC, as a collector receives them."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import tritonclient.grpc as triton
from collector import CALLER, PARENT, TRACE, Collector, attributes, collecting, of_trace
from harness import Server, eventually
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from predict_models import BATCHING, affine, gather, version
from predict_server import running_predict_server

SECRET = 1234.5
"""What a user's tensor holds."""
RPC = "inference.GRPCInferenceService/ModelInfer"


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Collector]]:
    """A server that has ended, and the collector that it sent all of its spans to."""
    folder = tmp_path_factory.mktemp("traced")
    affine(version(folder / "models", "affine", "1", **BATCHING))
    gather(version(folder / "models", "gather", "1"))
    with collecting() as collector:
        flags = ("--grpc-port", "0", "--otlp-traces-endpoint", collector.url)
        with running_predict_server(folder / "models", folder / "log", *flags) as server:
            _ask(server)
        yield server, collector


def _ask(server: Server) -> None:
    with server.http() as http:
        eventually(lambda: http.get("/v2/models/gather/ready").status_code == 200, seconds=60)
        row = {"name": "x", "datatype": "FP32", "shape": [2, 4], "data": [SECRET] * 8}
        path = "/v2/models/affine/infer"
        assert http.post(path, json={"inputs": [row]}, headers=CALLER).status_code == 200
        assert http.post(path, json={"inputs": [row | {"shape": [2, 5]}]}).status_code == 400
    port = next(event["grpc_port"] for event in server.events() if event["event"] == "listening for gRPC")
    with triton.InferenceServerClient(f"127.0.0.1:{port}") as client:
        client.infer("affine", [_tensor("x", np.full((3, 4), SECRET, np.float32), "FP32")], headers=CALLER)
        with pytest.raises(triton.InferenceServerException):
            client.infer("gather", [_tensor("index", np.array([99]), "INT64")])
        client.is_server_ready()


def _tensor(name: str, array: np.ndarray, datatype: str) -> triton.InferInput:
    tensor = triton.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array)
    return tensor


@pytest.fixture(scope="module")
def spans(traced: tuple[Server, Collector]) -> list[Span]:
    return traced[1].spans()


@pytest.mark.parametrize(("name", "rows"), [("POST /v2/models/{name}/infer", 2), (RPC, 3)])
def test_a_request_is_a_span_of_its_callers_trace_and_holds_the_phases_in_order(
    spans: list[Span], name: str, rows: int
):
    request = of_trace(spans)[name]
    assert request.parent_span_id.hex() == PARENT
    assert request.kind == Span.SPAN_KIND_SERVER
    (work,) = children(spans, request)
    assert work.name == "infer"
    assert attributes(work) == {"infer.model.name": "affine", "infer.batch.rows": rows}
    phases = children(spans, work)
    assert [phase.name for phase in phases] == ["prepare", "queue", "compute"]
    for before, after in itertools.pairwise(phases):
        assert before.start_time_unix_nano <= before.end_time_unix_nano == after.start_time_unix_nano
    assert work.start_time_unix_nano == phases[0].start_time_unix_nano
    assert phases[-1].end_time_unix_nano <= work.end_time_unix_nano <= request.end_time_unix_nano


def test_a_call_says_its_method_and_how_it_ended(spans: list[Span]):
    calls = [span for span in spans if span.name == RPC]
    assert all(attributes(call)["rpc.method"] == "ModelInfer" for call in calls)
    ends = {attributes(call)["rpc.grpc.status_code"]: call.status.code for call in calls}
    assert ends == {0: Status.STATUS_CODE_UNSET, 13: Status.STATUS_CODE_ERROR}


def test_a_refused_request_was_never_in_a_batch_and_probes_are_not_traced(spans: list[Span]):
    servers = {span.span_id: span for span in spans if span.kind == Span.SPAN_KIND_SERVER}
    assert not [span.name for span in servers.values() if "eady" in span.name and span.name.startswith("inference")]
    refused = next(span for span in servers.values() if attributes(span).get("http.response.status_code") == 400)
    (work,) = children(spans, refused)
    assert attributes(work)["infer.batch.rows"] == 0
    assert children(spans, work) == []


def test_no_tensor_is_told_and_the_log_names_the_trace(traced: tuple[Server, Collector]):
    server, collector = traced
    assert all(str(SECRET).encode() not in body for body in collector.bodies)
    lines = [event for event in server.events() if event.get("trace_id") == TRACE]
    assert {line["event"] for line in lines} == {"request", "rpc"}


def children(spans: list[Span], parent: Span) -> list[Span]:
    """In the order of their starts."""
    found = [span for span in spans if span.parent_span_id == parent.span_id]
    return sorted(found, key=lambda span: (span.start_time_unix_nano, span.end_time_unix_nano))
