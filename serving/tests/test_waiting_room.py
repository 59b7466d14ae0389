"""Requests that come while no server is there, as the gateway sends them on: a real room, a server that comes later."""

import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from harness import PACKAGE_ROOT, Server, command, eventually, running

from autoglm_serving.cli import main


@pytest.fixture
def later() -> int:
    """A port that nobody listens on yet."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def room(folder: Path, upstream: int, *flags: str) -> list[str]:
    where = ("--upstream-host", "127.0.0.1", "--upstream-port", str(upstream), "--host", "127.0.0.1", "--port", "0")
    return command("waiting-room", *where, "--settle", "0", *flags)


def ask(server: Server, content: bytes = b"{}") -> httpx2.Response:
    with server.http() as client:
        return client.post("/v1/chat/completions", content=content)


def told(server: Server) -> dict[str, float]:
    with server.http() as client:
        lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


@pytest.fixture
def light(later: int) -> list[str]:
    server = str(PACKAGE_ROOT / "tests" / "light_server.py")
    return [sys.executable, server, "--host", "127.0.0.1", "--port", str(later)]


def test_who_waits_is_sent_again_once_a_server_is_ready(later: int, light: list[str], tmp_path: Path) -> None:
    with (
        running(room(tmp_path, later), tmp_path / "room.log") as server,
        ThreadPoolExecutor(3) as threads,
    ):
        asked = [threads.submit(ask, server, b"x" * 14_000_000) for _ in range(3)]
        eventually(lambda: told(server)["autoglm:requests_held"] == 3, 60)
        assert not any(one.done() for one in asked)
        with running(light, tmp_path / "light.log"):
            for one in asked:
                answer = one.result(timeout=60)
                assert (answer.status_code, answer.headers["x-should-retry"]) == (503, "true")
        assert told(server)["autoglm:requests_held"] == 0
        assert told(server)['autoglm:requests_held_ended_total{outcome="ready"}'] == 3


def test_who_waits_too_long_is_told_when_to_come_back(later: int, tmp_path: Path) -> None:
    with running(room(tmp_path, later, "--patience", "1", "--retry-after", "7"), tmp_path / "log") as server:
        answer = ask(server)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert "x-should-retry" not in answer.headers
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_full_room_takes_no_more_and_one_who_leaves_makes_place(later: int, tmp_path: Path) -> None:
    with running(room(tmp_path, later, "--places", "1", "--patience", "600"), tmp_path / "log") as server:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: room\r\ncontent-length: 2\r\n\r\n{}"
        with socket.create_connection(("127.0.0.1", server.port)) as first:
            first.sendall(head)
            eventually(lambda: told(server)["autoglm:requests_held"] == 1)
            refused = ask(server)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            assert "Too many requests wait" in refused.json()["error"]["message"]
        eventually(lambda: told(server)["autoglm:requests_held"] == 0)


def test_a_room_that_is_told_to_end_keeps_its_word(later: int, light: list[str], tmp_path: Path) -> None:
    with running(room(tmp_path, later), tmp_path / "room.log") as server, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask, server)
        eventually(lambda: told(server)["autoglm:requests_held"] == 1)
        server.process.send_signal(signal.SIGTERM)
        with running(light, tmp_path / "light.log"):
            assert asked.result(timeout=60).headers["x-should-retry"] == "true"
        assert server.process.wait(60) == 0


def test_it_says_whom_it_let_wait_and_nothing_of_what_they_asked(later: int, tmp_path: Path) -> None:
    with running(room(tmp_path, later, "--patience", "1"), tmp_path / "log") as server:
        ask(server, b'{"secret": "tap the red button"}')
        eventually(lambda: "request left" in server.log.read_text())
    assert '"outcome": "late"' in server.log.read_text()
    assert "secret" not in server.log.read_text()


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [("--places", "0", "1 to 10000"), ("--settle", "-1", "0 to 60"), ("--port", "99999", "0 to 65535")],
)
def test_a_wrong_setting_is_named(flag: str, value: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waiting-room", "--upstream-host", "x", flag, value]) == 2
    assert f"{flag}: {value} is not allowed: use a number from {said}" in capsys.readouterr().err
