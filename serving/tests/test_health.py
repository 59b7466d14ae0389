"""Engines that hang, break or take the process with them: what probes say, and who is refused afterwards."""

import signal
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from failing_engine import Seed
from harness import Server, chat, endless, eventually, light_server

STEP_TIMEOUT = "4"
"""Seconds: more than a busy machine ever makes a step wait that computes nothing."""


@pytest.fixture
def launch(tmp_path: Path):
    def run(*flags: str):
        return light_server(tmp_path / "log", *flags, script="failing_engine.py")

    return run


def status(server: Server, path: str) -> int:
    with server.http() as client:
        return client.get(path).status_code


def send(server: Server, body: dict[str, Any]) -> threading.Thread:
    """In the background: its answer may never come."""

    def ask() -> None:
        try:
            server.post(body)
        except httpx2.HTTPError:
            return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def test_a_hung_step_fails_liveness_and_the_process_still_ends_when_told(launch: Any):
    with launch("--step-timeout", STEP_TIMEOUT, "--shutdown-timeout", "1") as server:
        assert server.post(chat()).status_code == 200
        assert [status(server, path) for path in ("/health", "/healthz", "/ready")] == [200, 200, 200]
        hanging = send(server, chat(seed=Seed.HANG))
        eventually(lambda: status(server, "/health") == 503)
        assert [status(server, path) for path in ("/healthz", "/ready", "/metrics")] == [503, 503, 200]
        refused = server.post(chat())
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "engine_dead")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
        hanging.join(timeout=60)
        assert not hanging.is_alive()


def test_a_request_that_breaks_the_engine_fails_alone_and_is_refused_the_fourth_time(launch: Any):
    with launch() as server:
        for _ in range(3):
            broken = server.post(chat(seed=Seed.BREAK))
            assert (broken.status_code, broken.json()["error"]["code"]) == (500, "request_failed")
        refused = server.post(chat(seed=Seed.BREAK))
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "request_quarantined")
        assert server.post(chat(seed=Seed.BREAK + 1)).status_code == 200
        assert status(server, "/health") == 200


def test_a_request_that_kills_the_process_is_refused_by_the_third_process_after(launch: Any, tmp_path: Path):
    flags = ("--quarantine-file", str(tmp_path / "quarantine"), "--quarantine-crashes", "2")
    for _ in range(2):
        with launch(*flags) as server:
            send(server, chat(seed=Seed.DIE))
            assert server.process.wait(timeout=60) == 139
    with launch(*flags) as server:
        refused = server.post(chat(seed=Seed.DIE))
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "request_quarantined")
        assert server.post(chat()).status_code == 200


def test_a_stream_that_is_cut_by_a_second_sigterm_is_no_crash(launch: Any, tmp_path: Path):
    file = tmp_path / "quarantine"
    with launch("--quarantine-file", str(file)) as server:
        send(server, endless(20_000))
        eventually(lambda: server.running()[0] == 1)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: any(event["event"] == "draining" for event in server.events()))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 128 + signal.SIGTERM
    assert file.read_text().splitlines()[-1] == "stop"
