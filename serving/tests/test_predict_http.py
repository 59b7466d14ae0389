import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from harness import Server, eventually, running_server
from onnx import TensorProto
from predict_models import BATCHING, affine, gather, identity, script, version

X = {"name": "x", "datatype": "FP32", "shape": [-1, 4]}
Y = {"name": "y", "datatype": "FP32", "shape": [-1, 4]}
SLOW = "y = x\n    for i in range(int(x.sum().item())):\n        y = y * 1.0\n    return y"
"""TorchScript that takes as long as its input says: millions are seconds."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict")
    affine(version(folder, "affine", "1"))
    affine(version(folder, "batched", "2.1.0", **BATCHING))
    gather(version(folder, "gather", "1"))
    identity(version(folder, "text", "1"), {"t": TensorProto.STRING})
    script(version(folder, "slow", "1", inputs=[X], outputs=[Y], max_waiting=1), SLOW)
    broken = version(folder, "broken", "7")
    (broken / "model.onnx").write_bytes(b"not a model")
    return folder


@pytest.fixture(scope="module")
def served(tiny_model: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    flags = ("--predict-repository", str(repository), "--allow-torchscript", "true", "--max-body-bytes", "2000000")
    with running_server(tiny_model, tmp_path_factory.mktemp("server") / "log", *flags) as server:
        eventually(lambda: get(server, "/v2/models/slow/ready").status_code == 200)
        yield server


def get(server: Server, path: str):
    with server.http() as client:
        return client.get(path)


def infer(server: Server, model: str, body: Any = None, **options: Any):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with server.http() as client:
        return client.post(f"/v2/models/{model}/infer", content=content, **options)


def tensor(values: list, **changes: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": "FP32", "shape": [1, 4], "data": values} | changes


ONE = tensor([1, 2, 3, 4])


def test_the_server_and_its_models_tell_what_they_are(served: Server):
    assert get(served, "/v2").json()["extensions"] == ["binary_tensor_data"]
    assert get(served, "/v2/health/live").json() == {"live": True}
    assert get(served, "/v2/health/ready").json() == {"ready": True}
    assert get(served, "/v2/models/batched").json() == {
        "name": "batched",
        "versions": ["2.1.0"],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}],
    }
    assert get(served, "/v2/models/batched/versions/2.1.0/ready").json() == {"name": "batched", "ready": True}


def test_a_request_in_json_is_answered_in_json(served: Server):
    answer = infer(served, "affine", {"id": "42", "inputs": [ONE], "outputs": [{"name": "y"}]})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "model_name": "affine",
        "model_version": "1",
        "id": "42",
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [4.0, 1.0]}],
    }


def test_requests_at_the_same_time_share_batches_and_get_their_own_answers(served: Server):
    answers: dict[int, Any] = {}

    def ask(number: int) -> None:
        body = {"inputs": [tensor([number, 0, 0, 0])]}
        answers[number] = infer(served, "batched", body).json()["outputs"][0]["data"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [number, 0] for number in range(16)}


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        ({"inputs": [ONE | {"datatype": "FP64"}]}, 400, "tensor 'x': datatype 'FP64' given, the model takes FP32"),
        ({"inputs": [tensor([1], shape=[1, 1])]}, 400, "tensor 'x': shape [1, 1]: dimension 1 must be 4"),
        ({"inputs": [tensor([1], shape=[4])]}, 400, "tensor 'x': shape [4] has 1 dimensions"),
        ({"inputs": [tensor([1, 2])]}, 400, "tensor 'x': 2 values of data, but shape [1, 4] takes 4"),
        ({"inputs": [tensor(["1", 2, 3, 4])]}, 400, "tensor 'x': its data has values that are no FP32"),
        ({"inputs": [ONE | {"name": "z"}]}, 400, "tensor 'z': the model has no such input; it has x"),
        ({"inputs": [ONE, ONE]}, 400, "tensor 'x': given twice"),
        ({"inputs": [tensor([], shape=[10**9, 4])]}, 400, "tensor 'x': 0 values of data"),
        ({"inputs": [ONE | {"data": None}]}, 400, "tensor 'x': neither data nor binary_data_size given"),
        ({"inputs": [ONE], "outputs": [{"name": "q"}]}, 400, "tensor 'q': the model has no such output; it has y"),
        ({"inputs": [ONE], "outputs": [{"name": "y"}] * 2}, 400, "outputs: 'y' is asked for twice"),
        ({"inputs": [ONE], "parameters": {"binary_data_output": 1}}, 400, "binary_data_output: '1' is not allowed"),
        ({"inputs": []}, 400, "inputs: List should have at least 1 item"),
        ({"inputs": [ONE | {"shape": [1.5, 4]}]}, 400, "inputs.0.shape.0: Input should be a valid integer"),
        ({}, 400, "inputs: Field required"),
        (b"{", 400, "Invalid JSON"),
        (b"\xff\xfe", 400, "Invalid JSON"),
        (b"[" * 100_000, 400, "Invalid JSON"),
        (b" " * 3_000_000, 413, "larger than the 2000000 bytes"),
    ],
)
def test_a_wrong_request_gets_an_error_that_says_what_and_where(served: Server, body: Any, status: int, fault: str):
    answer = infer(served, "affine", body)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert fault in answer.json()["error"]
    assert infer(served, "affine", {"inputs": [ONE]}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "fault"),
    [
        ("none", 404, "the model 'none' does not exist; this server has 'affine', 'batched', 'broken'"),
        ("affine/versions/9", 404, "the model 'affine' has no version '9'; it has 1"),
        ("..%2f..%2fetc%2fpasswd", 404, ""),
        ("broken", 503, "broken"),
    ],
)
def test_a_model_that_is_not_there_is_named(served: Server, path: str, status: int, fault: str):
    for answer in (get(served, f"/v2/models/{path}"), infer(served, path, {"inputs": [ONE]})):
        assert answer.status_code == status
        assert fault in str(answer.json()["error"])


def test_a_version_that_can_not_be_loaded_says_why(served: Server):
    with served.http() as client:
        index = {entry["name"]: entry for entry in client.post("/v2/repository/index").json()}
    assert index["affine"] == {"name": "affine", "version": "1", "state": "READY", "lifecycle": "active", "reason": ""}
    assert (index["broken"]["state"], index["broken"]["lifecycle"]) == ("UNAVAILABLE", "failed")
    assert "SHA256SUMS is missing" in index["broken"]["reason"]
    assert get(served, "/v2/models/broken/ready").status_code == 503


def test_what_the_model_refuses_is_that_requests_error_alone(served: Server):
    answer = infer(served, "gather", {"inputs": [{"name": "index", "datatype": "INT64", "shape": [1], "data": [9]}]})
    assert answer.status_code == 500
    assert "the model failed: " in answer.json()["error"]
    assert "out of data bounds" in answer.json()["error"]
    good = {"inputs": [{"name": "index", "datatype": "INT64", "shape": [2], "data": [0, 2]}]}
    assert infer(served, "gather", good).json()["outputs"][0]["data"] == [10, 30]


def test_nan_in_an_answer_has_no_json_and_is_given_as_binary_data(served: Server):
    raw = struct.pack("<4f", float("nan"), 0, 0, 0)
    asked: dict[str, Any] = {"inputs": [ONE | {"data": None, "parameters": {"binary_data_size": 16}}]}
    head = json.dumps(asked).encode()
    answer = infer(served, "affine", head + raw, headers={"Inference-Header-Content-Length": str(len(head))})
    assert answer.status_code == 400
    assert "tensor 'y': it has NaN or infinite values, which JSON can't hold" in answer.json()["error"]
    head = json.dumps(asked | {"parameters": {"binary_data_output": True}}).encode()
    answer = infer(served, "affine", head + raw, headers={"Inference-Header-Content-Length": str(len(head))})
    length = int(answer.headers["Inference-Header-Content-Length"])
    assert json.loads(answer.content[:length])["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert np.isnan(np.frombuffer(answer.content[length:], "<f4")).tolist() == [True, True]


@pytest.mark.parametrize(
    ("size", "header", "fault"),
    [
        (16, "9999", "Inference-Header-Content-Length: '9999' is not a number of bytes of this body"),
        (16, "-1", "'-1' is not a number of bytes"),
        (16, "1e2", "'1e2' is not a number of bytes"),
        (99, None, "tensor 'x': binary_data_size: 99 bytes, but 16 are left"),
        (-1, None, "tensor 'x': binary_data_size: -1 bytes"),
        ("16", None, "tensor 'x': binary_data_size: 16 bytes"),
        (8, None, "8 bytes of binary data belong to no input"),
    ],
)
def test_binary_data_of_another_size_is_refused(served: Server, size: Any, header: str | None, fault: str):
    head = json.dumps({"inputs": [ONE | {"data": None, "parameters": {"binary_data_size": size}}]}).encode()
    answer = infer(
        served, "affine", head + bytes(16), headers={"Inference-Header-Content-Length": header or str(len(head))}
    )
    assert answer.status_code == 400
    assert fault in answer.json()["error"]


def test_a_full_queue_answers_429_and_a_client_that_leaves_makes_room(served: Server):
    """`slow` has one instance and one place to wait."""
    answers: list[int] = []
    long = {"inputs": [tensor([2e6, 0, 0, 0])]}
    running = threading.Thread(target=lambda: answers.append(infer(served, "slow", long).status_code))
    running.start()
    eventually(lambda: infers(served, 'model_infer_load{model="slow"') > 0)
    body = json.dumps({"inputs": [ONE]}).encode()
    with socket.create_connection(("127.0.0.1", served.port)) as leaving:
        leaving.sendall(b"POST /v2/models/slow/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        leaving.sendall(body)
        eventually(lambda: infers(served, 'batch_request_queue{model="slow"') == 1)
        refused = infer(served, "slow", {"inputs": [ONE]})
        assert (refused.status_code, "the model is busy" in refused.json()["error"]) == (429, True)
        assert int(refused.headers["Retry-After"]) >= 1
    eventually(lambda: infers(served, 'batch_request_queue{model="slow"') == 0)
    assert not answers
    running.join()
    assert answers == [200]


def infers(server: Server, series: str) -> float:
    lines = get(server, "/metrics").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(series)), 0.0)


def test_metrics_count_requests_batches_and_states(served: Server):
    before = infers(served, 'model_infer_request_success_total{model="affine"')
    infer(served, "affine", {"inputs": [ONE]})
    assert infers(served, 'model_infer_request_success_total{model="affine"') == before + 1
    assert infers(served, 'model_infer_batch_rows_count{model="affine"') == before + 1
    assert infers(served, 'model_version_state{model="broken",state="failed"') == 1


def test_nvidias_client_is_served(served: Server):
    with contextlib.closing(triton.InferenceServerClient(served.url.removeprefix("http://"))) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("affine")
        assert not client.is_model_ready("none")
        x = triton.InferInput("x", [2, 4], "FP32")
        x.set_data_from_numpy(np.ones((2, 4), np.float32))
        for binary in (True, False):
            answer = client.infer("batched", [x], outputs=[triton.InferRequestedOutput("y", binary_data=binary)])
            assert answer.as_numpy("y").tolist() == [[2, 1], [2, 1]]
        text = triton.InferInput("t", [2], "BYTES")
        text.set_data_from_numpy(np.array(["点".encode(), b""], object))
        assert client.infer("text", [text]).as_numpy("t_out").tolist() == ["点".encode(), b""]
        with pytest.raises(triton.InferenceServerException, match="tensor 't': the model has no such input; it has x"):
            client.infer("affine", [text], model_version="1")
