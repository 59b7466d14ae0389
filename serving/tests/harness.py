"""What the tests share: a real server process, screenshots, requests as the Open-AutoGLM client sends them."""

import base64
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai
from PIL import Image, ImageDraw

TINY_CONTEXT = 25480
"""The context length of the client's README."""

PACKAGE_ROOT = Path(__file__).parent.parent


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def http(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=60, trust_env=False, **options)

    def openai(self) -> openai.OpenAI:
        http = openai.DefaultHttpxClient(trust_env=False)
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="EMPTY", max_retries=0, http_client=http)

    def post(self, content: Any) -> httpx2.Response:
        with self.http() as client:
            if isinstance(content, bytes):
                return client.post("/v1/chat/completions", content=content)
            return client.post("/v1/chat/completions", json=content)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def running(self) -> tuple[int, int]:
        """Requests that run and wait, as Prometheus sees them."""
        with self.http() as client:
            lines = client.get("/metrics").text.splitlines()
        values = {line.split("{")[0]: float(line.split()[-1]) for line in lines if line.startswith("vllm:num_requests")}
        return int(values["vllm:num_requests_running"]), int(values["vllm:num_requests_waiting"])


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AUTOGLM_SERVE_")}
    return kept | {"PYTHONPATH": str(PACKAGE_ROOT)}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "autoglm_serving", *map(str, arguments)]


@contextlib.contextmanager
def running_server(model: Path, log: Path, *flags: str, launcher: Sequence[str] = ()) -> Iterator[Server]:
    """`launcher` is what the command is handed to; it must become the server itself."""
    # One thread: two that share their cores with anything else wait for each other at every step.
    argv = command("serve", "--model", model, "--host", "127.0.0.1", "--port", "0", "--threads", "1", *flags)
    with running([*launcher, *argv], log) as server:
        yield server


@contextlib.contextmanager
def light_server(log: Path, *flags: str, script: str = "light_server.py") -> Iterator[Server]:
    """A server whose engine computes nothing, for what does not depend on the model; see light_server.py."""
    argv = [sys.executable, str(PACKAGE_ROOT / "tests" / script), "--host", "127.0.0.1", "--port", "0"]
    with running([*argv, *flags], log) as server:
        yield server


@contextlib.contextmanager
def running(argv: Sequence[str], log: Path) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=environment())
    try:
        yield Server(process, listening_port(process, log), log)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def listening_port(process: subprocess.Popen[bytes], log: Path, seconds: int = 60) -> int:
    for _ in range(seconds * 10):
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return int(json.loads(line)["port"])
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def eventually(condition: Any, seconds: float = 60) -> None:
    """Waits for what must come true; how long it takes is not asserted."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.02)


def png(width: int, height: int, color: str = "white") -> bytes:
    image = Image.new("RGB", (width, height), color)
    ImageDraw.Draw(image).rectangle((width // 4, height // 4, width // 2, height // 2), fill="red")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def image_message(url: str, text: str = "Tap the red button.") -> dict[str, Any]:
    return {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}],
    }


def client_request(image: bytes, **changes: Any) -> dict[str, Any]:
    """What phone_agent/model/client.py of Open-AutoGLM sends at its third step."""
    return {
        "model": "autoglm-phone-9b",
        "messages": [
            {"role": "system", "content": "You are an agent that operates a phone."},
            {"role": "user", "content": [{"type": "text", "text": "Open the settings.\n\n** Screen Info **"}]},
            {"role": "assistant", "content": '<think>I open it.</think><answer>do(action="Home")</answer>'},
            image_message(data_url(image)),
        ],
        "max_tokens": 3000,
        "temperature": 0.0,
        "top_p": 0.85,
        "frequency_penalty": 0.2,
        "stream": True,
    } | changes


def chat(text: str = "Tap the red button.", **changes: Any) -> dict[str, Any]:
    """A short text request."""
    return {"messages": [{"role": "user", "content": text}], "max_tokens": 8, "temperature": 0} | changes


def endless(tokens: int, **changes: Any) -> dict[str, Any]:
    """A stream of exactly this many tokens."""
    return chat(max_tokens=tokens, stream=True, ignore_eos=True, **changes)
