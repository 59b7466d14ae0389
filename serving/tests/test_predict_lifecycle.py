"""Versions of a predict model in a server that answers all the while."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Server, command, environment, eventually
from predict_models import affine, version
from predict_server import running_predict_server

from autoglm_serving.cli import main

ASKED = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 0, 0, 0]}]})


@contextlib.contextmanager
def asking(server: Server) -> Iterator[list[tuple[int, str, float]]]:
    """One request after another; status, version and value of each."""
    answers: list[tuple[int, str, float]] = []
    done = threading.Event()

    def ask() -> None:
        with server.http() as client:
            while not done.is_set():
                answer = client.post("/v2/models/affine/infer", content=ASKED)
                told: dict[str, Any] = answer.json()
                value = told["outputs"][0]["data"][0] if "outputs" in told else 0.0
                answers.append((answer.status_code, told.get("model_version", ""), value))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


def publish(repository: Path, staging: Path, number: str, **model: Any) -> None:
    """As an operator does it: made elsewhere, renamed into place."""
    affine(version(staging, "affine", number), **model)
    (repository / "affine").mkdir(exist_ok=True)
    (staging / "affine" / number).rename(repository / "affine" / number)


def states(server: Server) -> dict[str, tuple[str, str]]:
    with server.http() as client:
        return {
            entry["version"]: (entry["lifecycle"], entry["reason"])
            for entry in client.post("/v2/repository/index").json()
        }


def test_a_new_version_takes_over_without_a_failed_request_and_a_damaged_one_does_not(tmp_path: Path):
    repository, staging = tmp_path / "models", tmp_path / "staging"
    repository.mkdir()
    publish(repository, staging, "1")
    flags = ("--model-poll-seconds", "0.2", "--model-standby-seconds", "0.5")
    with running_predict_server(repository, tmp_path / "log", *flags) as server:
        eventually(lambda: states(server).get("1", ("",))[0] == "active")
        with asking(server) as answers:
            publish(repository, staging, "2", scale=2)
            eventually(lambda: answers and answers[-1] == (200, "2", 2.0))
            eventually(lambda: states(server)["1"][0] == "retired")
            affine(version(staging, "affine", "3"), scale=3)
            damaged = staging / "affine" / "3" / "model.onnx"
            damaged.write_bytes(damaged.read_bytes()[:-30])
            (staging / "affine" / "3").rename(repository / "affine" / "3")
            eventually(lambda: states(server).get("3", ("",))[0] == "failed")
            (repository / "affine" / "ACTIVE").write_text("1\n")
            eventually(lambda: answers[-1] == (200, "1", 1.0))
        assert "model.onnx is damaged or was changed" in states(server)["3"][1]
        assert {(status, name, value) for status, name, value in answers} == {(200, "1", 1.0), (200, "2", 2.0)}
        shutil.rmtree(repository / "affine" / "2")
        eventually(lambda: "2" not in states(server))


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (("--predict-repository", "/nowhere"), "--predict-repository: /nowhere does not exist"),
        (("--predict-repository", "/", "--engine", "vllm"), "--predict-repository: / can't be served by --engine vllm"),
        (("--grpc-port", "8001"), "--grpc-port: 8001 has nothing to answer with: give --predict-repository too"),
    ],
)
def test_flags_that_can_not_be_are_refused(tiny_model: Path, flags: tuple[str, ...], fault: str):
    argv = command("serve", "--model", tiny_model, "--host", "127.0.0.1", "--port", "0", *flags)
    result = subprocess.run(argv, capture_output=True, text=True, env=environment(), timeout=100)
    assert (result.returncode, fault in result.stderr) == (2, True), result.stderr


def test_a_port_out_of_range_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(("serve", "--model", "m", "--grpc-port", "70000")) == 2
    assert "--grpc-port: '70000'" in capsys.readouterr().err


def test_a_grpc_port_in_use_is_an_error(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        flags = ("--predict-repository", tmp_path, "--grpc-port", port)
        argv = command("serve", "--host", "127.0.0.1", "--port", "0", *flags)
        result = subprocess.run(argv, capture_output=True, text=True, env=environment(), timeout=100)
    assert (result.returncode, f"--grpc-port {port}: can't listen" in result.stderr) == (2, True), result.stderr


def test_a_server_of_onnx_alone_needs_no_chat_model_and_no_torch(tmp_path: Path):
    affine(version(tmp_path / "models", "affine", "1"))
    with running_predict_server(tmp_path / "models", tmp_path / "log") as server, server.http() as client:
        eventually(lambda: client.get("/ready").status_code == 200)
        assert client.post("/v2/models/affine/infer", content=ASKED).json()["outputs"][0]["data"] == [1, 0]
        assert client.get("/v1/models").json()["data"] == []
        chat = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "x"}]})
        assert (chat.status_code, chat.json()["error"]["code"]) == (404, "model_not_found")
        assert "libtorch" not in Path(f"/proc/{server.process.pid}/maps").read_text()
