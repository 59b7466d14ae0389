"""vLLM's process and what stands before its API, as real processes with a stand-in of vLLM inside."""

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fake_vllm
import httpx2
import pytest
from harness import Server, command, environment, eventually, listening_port

from autoglm_serving.vllm.front import Pulse
from autoglm_serving.vllm.process import write


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fake_vllm.make(tmp_path_factory.mktemp("vllm"))


@pytest.fixture(scope="module")
def shared(python: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(python, tiny_model, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@contextmanager
def served(python: Path, model: Path, log: Path, *flags: str, **variables: str) -> Iterator[Server]:
    bounds = ("--max-num-seqs", "1", "--max-num-waiting", "1", "--max-body-bytes", "2048", "--log-level", "debug")
    argv = command("serve", "--engine", "vllm", "--vllm-python", python, "--model", model, "--host", "127.0.0.1")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*argv, "--port", "0", *bounds, *flags], stdout=output, stderr=output, env=environment() | variables
        )
    try:
        yield Server(process, listening_port(process, log), log)
    finally:
        if process.poll() is None:
            process.terminate()
            assert process.wait(timeout=60) == 0, log.read_text()


def open_requests(server: Server) -> int:
    return int(httpx2.get(f"{server.url}/ready", trust_env=False).headers["x-open-requests"])


def chat(tokens: int, **more: object) -> dict[str, object]:
    return {"max_tokens": tokens} | more


@contextmanager
def streaming(server: Server, tokens: int) -> Iterator[list[str]]:
    """A stream that has begun; its lines, complete after the context."""
    lines: list[str] = []
    before = open_requests(server)

    def read() -> None:
        with server.http() as client, client.stream("POST", "/v1/chat/completions", json=chat(tokens)) as response:
            lines.extend(response.iter_lines())

    thread = threading.Thread(target=read)
    thread.start()
    eventually(lambda: open_requests(server) > before)
    try:
        yield lines
    finally:
        thread.join()


@contextmanager
def opened(server: Server) -> Iterator[httpx2.Response]:
    """A stream that does not end by itself."""
    with server.http() as client, client.stream("POST", "/v1/chat/completions", json=chat(5000)) as response:
        yield response


def test_both_engines_have_the_same_probes(shared: Server):
    with shared.http() as client:
        assert client.get("/health").json() == {"status": "OK"}
        assert client.get("/ready").json() == {"status": "OK"}
        told = client.get("/healthz").json()
    assert told["status"] == "OK"
    assert told["timestamp"].endswith("+00:00")


def test_what_only_vllm_has_is_not_there(shared: Server):
    with shared.http() as client:
        response = client.post("/scale_elastic_ep", json={})
        assert (response.status_code, "resized" in response.text) == (404, False)
        assert client.get("/v1/models").status_code == 200


def test_vllm_gets_our_package_and_none_of_our_libraries(shared: Server):
    with shared.http() as client:
        told = client.get("/v1/models").json()
    assert told["pythonpath"].split(":")[0] == str(Path(fake_vllm.__file__).parent.parent)
    assert "--dtype=bfloat16" in told["flags"]
    assert not [flag for flag in told["flags"] if "trust" in flag]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_gets_413(shared: Server, chunked: bool):
    body = json.dumps(chat(1, messages="x" * 4000)).encode()
    content = iter([body[:1000], body[1000:]]) if chunked else body
    with shared.http() as client:
        response = client.post("/v1/chat/completions", content=content)
    assert response.status_code == 413
    assert "2048 bytes" in response.json()["error"]["message"]


def test_one_request_too_many_gets_429_and_when_to_come_back(shared: Server):
    with streaming(shared, 60), streaming(shared, 60):
        response = shared.post(chat(1))
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert shared.post(chat(1)).status_code == 200


def test_a_stream_tells_who_asks_of_the_load(shared: Server):
    body, asked = chat(1, stream=True), {"endpoint-load-metrics-format": "TEXT"}
    with shared.http() as client, client.stream("POST", "/v1/chat/completions", json=body, headers=asked) as response:
        assert response.headers["endpoint-load-metrics"].startswith("TEXT application_utilization=0.")


def test_its_lines_and_ours_are_one_log(shared: Server):
    shared.post(chat(1))
    events = shared.events()
    assert [event["message"] for event in events if event["event"] == "vllm"][:2] == ["starting", "odd"]
    assert [event["level"] for event in events if event["event"] == "vllm"][:2] == ["info", "warning"]
    request = next(event for event in reversed(events) if event["event"] == "request" and event["status"] == 200)
    assert request["path"] == "/v1/chat/completions"
    assert {event["flag"] for event in events if event["event"] == "vllm flag"} > {"model", "middleware"}


def test_a_dead_engine_is_told_to_the_probes(python: Path, tiny_model: Path, tmp_path: Path):
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    with served(python, model, tmp_path / "log") as server:
        (model / "dead").touch()
        with server.http() as client:
            assert [client.get(path).status_code for path in ("/health", "/healthz", "/ready")] == [503, 503, 503]


def test_sigterm_lets_streams_end_and_new_requests_go_elsewhere(python: Path, tiny_model: Path, tmp_path: Path):
    with served(python, tiny_model, tmp_path / "log") as server:
        with streaming(server, 80) as lines:
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: httpx2.get(f"{server.url}/ready", trust_env=False).status_code == 503)
            assert server.post(chat(1)).json()["error"]["code"] == "server_draining"
            assert httpx2.get(f"{server.url}/health", trust_env=False).status_code == 200
        assert server.process.wait(timeout=60) == 0
    assert lines[-2:] == ["data: [DONE]", ""]


def test_a_second_sigterm_ends_it_at_once(python: Path, tiny_model: Path, tmp_path: Path):
    with served(python, tiny_model, tmp_path / "log") as server:
        with pytest.raises(httpx2.HTTPError), opened(server) as response:
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: '"draining"' in server.log.read_text())
            server.process.send_signal(signal.SIGTERM)
            list(response.iter_lines())
        assert server.process.wait(timeout=60) == 128 + signal.SIGTERM


def test_what_does_not_drain_in_time_is_ended(python: Path, tiny_model: Path, tmp_path: Path):
    with served(python, tiny_model, tmp_path / "log", "--shutdown-timeout", "0.5") as server:
        with pytest.raises(httpx2.HTTPError), opened(server) as response:
            server.process.send_signal(signal.SIGTERM)
            list(response.iter_lines())
        assert server.process.wait(timeout=60) == 0
    assert "drain timed out" in server.log.read_text()


def test_vllms_end_is_ours(python: Path, tiny_model: Path, tmp_path: Path):
    argv = command("serve", "--engine", "vllm", "--vllm-python", python, "--model", tiny_model, "--port", "0")
    result = subprocess.run(
        argv, capture_output=True, text=True, env=environment() | {"FAKE_VLLM_FAILS": "1"}, timeout=60
    )
    assert result.returncode == 1
    assert json.loads(result.stdout.splitlines()[-1])["exit_code"] == 3


def test_our_end_is_vllms(python: Path, tiny_model: Path, tmp_path: Path):
    with served(python, tiny_model, tmp_path / "log") as server:
        server.process.kill()
        server.process.wait()
        eventually(lambda: not _answers(server))


def _answers(server: Server) -> bool:
    try:
        return httpx2.get(f"{server.url}/health", trust_env=False).status_code > 0
    except httpx2.HTTPError:
        return False


def test_a_step_that_hangs_is_found_by_the_probes():
    pulse = Pulse(timeout=10)
    assert pulse.beats(0, 5, 0.0)
    assert pulse.beats(1, 5, 9.0)
    assert not pulse.beats(1, 5, 10.5)
    assert pulse.beats(1, 6, 11.0)
    assert not pulse.beats(1, 6, 22.0)
    assert pulse.beats(0, 6, 23.0)


def test_lines_that_go_on_keep_their_level(capsys: pytest.CaptureFixture[str]):
    assert write("(EngineCore pid=7) ERROR 11-21 17:00:00 [core.py:1] broken", "INFO") == "ERROR"
    assert write("Traceback (most recent call last):", "ERROR") == "ERROR"
    assert write("INFO:     Application startup complete.", "ERROR") == "INFO"
    assert write('(APIServer pid=1) {"time": "t", "event": "request"}', "ERROR") == "ERROR"
    assert capsys.readouterr().out == '{"time": "t", "event": "request"}\n'


def test_what_stands_before_vllm_needs_nothing_that_vllm_does_not_bring():
    ours = {"torch", "transformers", "semver", "redis", "llguidance", "onnxruntime", "grpc"}
    code = f"import sys; import autoglm_serving.vllm.front; sys.exit(bool({ours!r} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0
