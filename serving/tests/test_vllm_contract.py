"""Open-AutoGLM's client against vLLM's own CPU build on the tiny model; `python3 -m bench.venvs vllm` makes it."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openai
import pytest
from harness import (
    TINY_CONTEXT,
    Server,
    client_request,
    command,
    data_url,
    environment,
    image_message,
    listening_port,
    png,
)

from bench import venvs

pytestmark = [
    pytest.mark.skipif(not venvs.VLLM.python.exists(), reason="python3 -m bench.venvs vllm installs it"),
    pytest.mark.timeout(900),  # its start takes half a minute on two quiet cores, and several on busy ones
]


@pytest.fixture(scope="module")
def vllm(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the flags of the client's README; it ends by SIGTERM with 0."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    readme = ("--mm_processor_kwargs", '{"max_pixels":5000000}', "--max-model-len", str(TINY_CONTEXT))
    images = ("--limit-mm-per-prompt", '{"image":10}', "--chat-template-content-format", "string")
    argv = command("serve", "--engine", "vllm", "--vllm-python", venvs.VLLM.python, "--model", tiny_model)
    argv += ["--host", "127.0.0.1", "--port", "0", "--max-num-seqs", "4", "--dtype", "float32"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*argv, *readme, *images],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment() | {"VLLM_CPU_KVCACHE_SPACE": "1"},
        )
    try:
        yield Server(process, listening_port(process, log, seconds=800), log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_the_clients_request_streams_text(vllm: Server):
    request = client_request(png(1080, 2400), max_tokens=24)
    with vllm.openai() as client:
        chunks = list(client.chat.completions.create(**request))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] in ("stop", "length")


def test_the_check_of_a_deployment_gets_one_answer(vllm: Server):
    with vllm.openai() as client:
        answer = client.chat.completions.create(**client_request(png(540, 1200), max_tokens=8, stream=False))
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 8


def test_vllm_and_our_engine_count_a_screenshots_tokens_alike(vllm: Server, server: Server):
    counts = []
    for one in (vllm, server):
        answer = one.post(client_request(png(1080, 2400), max_tokens=1, stream=False)).json()
        counts.append(answer["usage"]["prompt_tokens"])
    assert counts[0] == counts[1]


def test_vllm_and_our_engine_say_the_same(vllm: Server, server: Server):
    """Greedy, in 32 bits on both sides: a few tokens, before rounding sets them apart."""
    texts = []
    for one in (vllm, server):
        request = client_request(png(540, 1200), max_tokens=3, stream=False, frequency_penalty=0.0)
        texts.append(one.post(request).json()["choices"][0]["message"]["content"])
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"model": "gpt-4"}, 404),
        ({"max_tokens": TINY_CONTEXT * 2}, 400),
        ({"temperature": -1}, 400),
        ({"n": 1000}, 400),
        ({"messages": [{"role": "user", "content": "word " * TINY_CONTEXT}]}, 400),
        ({"messages": [image_message("http://169.254.169.254/latest/meta-data")]}, 400),
        ({"messages": [image_message(data_url(b"no image"))]}, 400),
        ({"chat_template": "{{ messages }}"}, 400),
    ],
)
def test_a_bad_request_gets_openais_error(vllm: Server, changes: dict[str, object], status: int):
    response = vllm.post(client_request(png(64, 64), max_tokens=4, stream=False) | changes)
    assert response.status_code == status, response.text
    assert response.json()["error"]["message"]


def test_no_prompt_is_in_the_log(vllm: Server):
    vllm.post(client_request(png(64, 64), max_tokens=2))
    assert "operates a phone" not in vllm.log.read_text()


def test_the_metrics_of_both_engines_have_the_same_names(vllm: Server, server: Server):
    found = [_names(one) for one in (vllm, server)]
    shared = {"vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:generation_tokens_total"}
    shared |= {"vllm:time_to_first_token_seconds_count", "vllm:kv_cache_usage_perc"}
    assert all(shared <= names for names in found)


def test_the_official_client_is_told_of_a_wrong_model(vllm: Server):
    with vllm.openai() as client, pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="none", messages=[{"role": "user", "content": "Hi"}])


def _names(server: Server) -> set[str]:
    with httpx2.Client(trust_env=False) as client:
        lines = client.get(f"{server.url}/metrics").text.splitlines()
    return {line.partition("{")[0].partition(" ")[0] for line in lines if not line.startswith("#")}
