"""The end of a real server process."""

import contextlib
import http.client
import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from harness import Server, chat, endless, eventually, light_server, running_server

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


class Stream(threading.Thread):
    """Reads one stream to its end."""

    def __init__(self, server: Server, tokens: int) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.body = endless(tokens, stream_options={"include_usage": True})
        self.lines: list[str] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with (
                self.server.http() as client,
                client.stream("POST", "/v1/chat/completions", json=self.body) as response,
            ):
                for line in response.iter_lines():
                    self.lines.append(line)
        except BaseException as error:
            self.failure = error

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line.removeprefix("data: ")) for line in self.lines if line.startswith("data: {")]


def started(server: Server, count: int, tokens: int) -> list[Stream]:
    streams = [Stream(server, tokens) for _ in range(count)]
    for stream in streams:
        stream.start()
    eventually(lambda: all(len(stream.lines) > 5 for stream in streams))
    return streams


def refused_screenshot(server: Server) -> int:
    """The status of a large request, which is still on its way when the server has decided."""
    body = b" " * 8_000_000 + json.dumps(chat()).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(HEAD % len(body) + body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert json.loads(response.read())["error"]["code"] == "server_draining"
        return response.status


@pytest.fixture
def launch(tiny_model: Path, tmp_path: Path):
    with contextlib.ExitStack() as stack:
        yield lambda *flags: stack.enter_context(running_server(tiny_model, tmp_path / "log", *flags))


@pytest.fixture
def launch_light(tmp_path: Path):
    with contextlib.ExitStack() as stack:
        yield lambda *flags: stack.enter_context(light_server(tmp_path / "log", *flags))


def test_ten_streams_end_whole_after_sigterm_and_nobody_new_comes_in(launch: Any):
    server: Server = launch("--max-num-seqs", "10")
    streams = started(server, 10, tokens=200)
    # A connection from before, as a gateway keeps it.
    kept = server.http()
    assert kept.get("/ready").status_code == 200
    server.process.send_signal(signal.SIGTERM)
    eventually(lambda: kept.get("/ready").status_code == 503)
    assert kept.get("/health").status_code == 200
    refused = kept.post("/v1/chat/completions", json=chat())
    assert refused.status_code == 503
    assert refused.headers["connection"] == "close"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-should-retry"] == "true"
    assert refused.json()["error"]["code"] == "server_draining"
    assert refused_screenshot(server) == 503
    assert any(stream.is_alive() for stream in streams), "the streams ended before the drain could be seen"
    assert server.process.wait(timeout=60) == 0
    for stream in streams:
        stream.join(timeout=60)
        assert stream.failure is None
        assert [line for line in stream.lines if line][-1] == "data: [DONE]"
        assert stream.events()[-1]["usage"]["completion_tokens"] == 200
        assert stream.events()[-2]["choices"][0]["finish_reason"] == "length"


def test_requests_that_wait_are_served_in_the_drain_after_sigint_too(launch: Any):
    server: Server = launch("--max-num-seqs", "1")
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(server.post, endless(100)) for _ in range(4)]
        eventually(lambda: server.running() == (1, 3))
        server.process.send_signal(signal.SIGINT)
        assert [answer.result().text[-14:] for answer in answers] == ["data: [DONE]\n\n"] * 4
    assert server.process.wait(timeout=60) == 0


def test_after_the_timeout_streams_are_told_why_they_end_and_who_does_not_read_is_cut(launch_light: Any):
    server: Server = launch_light("--shutdown-timeout", "0.5")
    body = json.dumps(endless(20_000)).encode()
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        silent.connect(("127.0.0.1", server.port))
        silent.sendall(HEAD % len(body) + body)
        streams = started(server, 2, tokens=20_000)
        eventually(lambda: server.running()[0] == 3)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
    for stream in streams:
        stream.join(timeout=60)
        assert stream.failure is None
        assert stream.events()[-1]["error"]["code"] == "server_draining"


def test_a_second_sigterm_ends_at_once(launch_light: Any):
    server: Server = launch_light()
    streams = started(server, 1, tokens=20_000)
    server.process.send_signal(signal.SIGTERM)
    eventually(lambda: any(event["event"] == "draining" for event in server.events()))
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=60) == 128 + signal.SIGTERM
    streams[0].join(timeout=60)
    assert isinstance(streams[0].failure, httpx2.RemoteProtocolError)
