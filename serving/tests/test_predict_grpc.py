"""The server is held to NVIDIA's client, whose messages were made from NVIDIA's own .proto of the protocol."""

import filecmp
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
from harness import PACKAGE_ROOT, Server, eventually
from onnx import TensorProto
from predict_models import BATCHING, affine, identity, script, version
from predict_server import running_predict_server
from tritonclient.grpc import service_pb2, service_pb2_grpc

SLOW = "y = x\n    for i in range(int(x.sum().item())):\n        y = y * 1.0\n    return y"
ROW = {"datatype": "FP32", "shape": [-1, 4]}
KINDS = {
    "BOOL": (TensorProto.BOOL, np.array([True, False])),
    "UINT8": (TensorProto.UINT8, np.array([0, 255], np.uint8)),
    "INT16": (TensorProto.INT16, np.array([-32768, 1], np.int16)),
    "UINT64": (TensorProto.UINT64, np.array([0, 2**64 - 1], np.uint64)),
    "INT64": (TensorProto.INT64, np.array([-(2**63), 1])),
    "FP16": (TensorProto.FLOAT16, np.array([0.5, 65504], np.float16)),
    "FP32": (TensorProto.FLOAT, np.array([np.nan, np.inf], np.float32)),
    "FP64": (TensorProto.DOUBLE, np.array([5e-324, 1])),
    "BYTES": (TensorProto.STRING, np.array(["点".encode(), b""], object)),
}


def repository(folder: Path) -> Path:
    affine(version(folder, "affine", "1", **BATCHING))
    identity(version(folder, "identity", "1"), {name: kind for name, (kind, _) in KINDS.items()})
    tensors = {"inputs": [{"name": "x", **ROW}], "outputs": [{"name": "y", **ROW}]}
    script(version(folder, "slow", "1", **tensors), SLOW)
    return folder


def port(server: Server) -> int:
    return next(event["grpc_port"] for event in server.events() if event["event"] == "listening for gRPC")


def start(folder: Path):
    flags = ("--grpc-port", "0", "--max-body-bytes", "1000000", "--allow-torchscript", "true")
    return running_predict_server(repository(folder), folder.parent / "log", *flags)


def is_ready(client: triton.InferenceServerClient, model: str) -> bool:
    """A model that the server has not found yet is an error."""
    try:
        return bool(client.is_model_ready(model))
    except triton.InferenceServerException:
        return False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start(tmp_path_factory.mktemp("grpc") / "models") as server:
        with triton.InferenceServerClient(f"127.0.0.1:{port(server)}") as client:
            eventually(lambda: is_ready(client, "slow"))
        yield server


@pytest.fixture
def client(served: Server) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(f"127.0.0.1:{port(served)}") as client:
        yield client


@pytest.fixture
def stub(served: Server) -> Iterator[service_pb2_grpc.GRPCInferenceServiceStub]:
    with grpc.insecure_channel(f"127.0.0.1:{port(served)}") as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def given(name: str, array: np.ndarray, datatype: str | None = None) -> triton.InferInput:
    tensor = triton.InferInput(name, list(array.shape), datatype or name)
    tensor.set_data_from_numpy(array)
    return tensor


def rows(*values: float) -> triton.InferInput:
    return given("x", np.array([[value, 0, 0, 0] for value in values], np.float32), "FP32")


def test_the_messages_are_what_protoc_makes_of_the_proto(tmp_path: Path):
    proto = "autoglm_serving/predict/rpc/open_inference.proto"
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", proto],
        cwd=PACKAGE_ROOT,
        check=True,
    )
    names = [str(Path(proto).with_name(f"open_inference_pb2.{kind}")) for kind in ("py", "pyi")]
    assert filecmp.cmpfiles(PACKAGE_ROOT, tmp_path, names, shallow=False) == (names, [], [])


def test_the_server_and_its_models_tell_what_they_are(client: triton.InferenceServerClient):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("affine", "1")
    assert client.get_server_metadata(as_json=True)["name"] == "autoglm-serving"
    assert client.get_model_metadata("affine", as_json=True) == {
        "name": "affine",
        "versions": ["1"],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": ["-1", "4"]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": ["-1", "2"]}],
    }


def test_every_datatype_comes_back_as_it_was_sent(client: triton.InferenceServerClient):
    inputs = [given(name, array) for name, (_, array) in KINDS.items()]
    answer = client.infer("identity", inputs, request_id="42")
    assert answer.get_response().id == "42"
    for name, (_, array) in KINDS.items():
        np.testing.assert_array_equal(answer.as_numpy(f"{name}_out"), array)


def test_a_request_of_typed_contents_is_answered_with_typed_contents(stub):
    request = service_pb2.ModelInferRequest(model_name="affine", outputs=[{"name": "y"}])
    tensor = request.inputs.add(name="x", datatype="FP32", shape=[1, 4])
    tensor.contents.fp32_contents.extend([1, 2, 3, 4])
    answer = stub.ModelInfer(request)
    assert (list(answer.outputs[0].contents.fp32_contents), list(answer.raw_output_contents)) == ([4, 1], [])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"inputs": [{"name": "x", "datatype": "INT8", "shape": [1, 4]}]}, "tensor 'x': datatype 'INT8' given"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 5]}]}, "tensor 'x': shape [1, 5]: dimension 1"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4]}]}, "tensor 'x': 0 values of data"),
        (
            {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "contents": {"int_contents": [1]}}]},
            "tensor 'x': int_contents given, but FP32 goes into fp32_contents",
        ),
        (
            {"inputs": [{"name": "x", "datatype": "FP16", "shape": [1, 4], "contents": {"fp32_contents": [1]}}]},
            "tensor 'x': 'FP16' has no typed contents; use raw_input_contents",
        ),
        (
            {
                "inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "contents": {"fp32_contents": [1]}}],
                "raw_input_contents": [bytes(16)],
            },
            "tensor 'x': both contents and raw_input_contents given",
        ),
        ({"raw_input_contents": [b"", b""]}, "raw_input_contents: 2 contents for 1 inputs"),
        ({"raw_input_contents": [bytes(7)]}, "tensor 'x': 7 bytes of data, but shape [1, 4] of FP32 takes 16"),
        ({"inputs": []}, "inputs: none given"),
        ({"outputs": [{"name": "q"}]}, "tensor 'q': the model has no such output"),
    ],
)
def test_a_wrong_request_is_an_invalid_argument_that_says_what(stub, change: dict, fault: str):
    right = {"model_name": "affine", "inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4]}]}
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(service_pb2.ModelInferRequest(**(right | change)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fault in caught.value.details()


def test_an_unknown_model_is_not_found(client: triton.InferenceServerClient):
    with pytest.raises(triton.InferenceServerException, match="the model 'none' does not exist; this server has 'aff"):
        client.infer("none", [rows(1)])
    with pytest.raises(triton.InferenceServerException, match="NOT_FOUND"):
        client.get_model_metadata("affine", "9")


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_over_the_limit_is_refused_also_when_it_came_compressed(stub, compression: grpc.Compression):
    request = service_pb2.ModelInferRequest(model_name="affine", raw_input_contents=[bytes(30_000_000)])
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(request, compression=compression)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_call_that_is_cancelled_frees_its_place_in_the_queue(served: Server, client: triton.InferenceServerClient):
    """A deadline that passes comes to the server in the same way."""
    running = threading.Thread(target=lambda: client.infer("slow", [rows(2e6)]))
    running.start()
    eventually(lambda: works(served))
    call = client.async_infer("slow", [rows(1)], callback=lambda result, error: None)
    eventually(lambda: 'batch_request_queue{model="slow",version="1"} 1.0' in metrics(served))
    call.cancel()
    eventually(lambda: 'batch_request_queue{model="slow",version="1"} 0.0' in metrics(served))
    assert works(served)
    running.join()


def test_a_drain_lets_open_calls_end_and_refuses_new_ones(tmp_path: Path):
    with start(tmp_path / "models") as server:
        address = f"127.0.0.1:{port(server)}"
        with triton.InferenceServerClient(address) as client, triton.InferenceServerClient(address) as late:
            eventually(lambda: is_ready(client, "slow"))
            answers: list[float] = []
            call = threading.Thread(
                target=lambda: answers.append(client.infer("slow", [rows(2e6)]).as_numpy("y")[0, 0])
            )
            call.start()
            eventually(lambda: works(server))
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: any(event["event"] == "draining" for event in server.events()))
            assert not late.is_server_ready()
            assert late.is_server_live()
            with pytest.raises(triton.InferenceServerException, match="UNAVAILABLE"):
                late.infer("affine", [rows(1)])
            call.join()
            assert answers == [2e6]
        assert server.process.wait(timeout=60) == 0
    assert json.loads(server.log.read_text().splitlines()[-1])["event"] == "stopped"


def works(server: Server) -> bool:
    """Whether a request is in the slow model now."""
    return 'model_infer_load{model="slow",version="1"} 0.0' not in metrics(server)


def metrics(server: Server) -> str:
    with server.http() as http:
        return http.get("/metrics").text
