"""Requests that come while there is no server: the real Envoy, the real waiting room, a server that comes later."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from components.envoy_waiting import WaitingRoom
from tests.harness import envoy, waiting_room
from tests.harness.envoy import Answer, Gateway, Upstream
from tests.harness.ports import free_ports
from tests.harness.waiting import until

pytestmark = pytest.mark.integration

REQUESTS = 50
SCREENSHOT = 2 * 1024 * 1024


@pytest.fixture
def later() -> int:
    """A port on which nobody listens yet."""
    return free_ports(1)[0]


def ask(gateway: Gateway, number: int) -> Answer:
    return gateway.ask("POST", "/v1/chat/completions", str(number).encode() + b"x" * SCREENSHOT)


def echo(handler: Any, body: bytes) -> None:
    handler.send(200, json.dumps({"number": body.rstrip(b"x").decode(), "bytes": len(body)}).encode())


def test_none_of_the_requests_that_came_at_zero_fails(tmp_path: Path, later: int) -> None:
    with (
        waiting_room.running(tmp_path, later) as waiting,
        envoy.gateway(
            tmp_path,
            later,
            waiting_room=WaitingRoom(host="127.0.0.1", port=waiting.port),
            max_heap_bytes=2 * 1024**3,
        ) as gateway,
        ThreadPoolExecutor(REQUESTS) as threads,
    ):
        assert gateway.ask("GET", "/healthz", key=None).status == 200, "asleep is healthy"
        asked = [threads.submit(ask, gateway, number) for number in range(REQUESTS)]
        until(lambda: waiting.waiting() == REQUESTS, "all of them wait")
        with Upstream(port=later, respond=echo).running() as upstream:
            for number, one in enumerate(asked):
                answer = one.result(timeout=120)
                assert answer.status == 200, answer.body
                expected = {"number": str(number), "bytes": SCREENSHOT + len(str(number))}
                assert json.loads(answer.body) == expected
            assert len([path for path, _ in upstream.seen if path == "/v1/chat/completions"]) == REQUESTS
            assert ask(gateway, 0).status == 200
            assert waiting.waiting() == 0
        assert waiting.log.read_text().count('"outcome": "ready"') == REQUESTS, "each waited once"


def test_a_gateway_that_hears_of_the_server_late_fails_nobody(tmp_path: Path, later: int, upstream: Upstream) -> None:
    """As where its DNS remembers for a while that there is none, when the room knows better."""
    with (
        waiting_room.running(tmp_path, upstream.port, "--settle=1") as waiting,
        envoy.gateway(tmp_path, later, waiting_room=WaitingRoom(host="127.0.0.1", port=waiting.port)) as gateway,
        ThreadPoolExecutor(1) as thread,
    ):
        asked = thread.submit(gateway.ask, "POST", "/v1/chat/completions", b"1")
        until(lambda: waiting.log.read_text().count('"outcome": "ready"') >= 4, "it is sent away again and again", 60)
        with Upstream(port=later, respond=echo).running():
            assert asked.result(timeout=120).status == 200


def test_past_the_deadline_the_client_is_told_when_to_come_again(tmp_path: Path, later: int) -> None:
    with (
        waiting_room.running(tmp_path, later, "--patience=1", "--retry-after=42") as waiting,
        envoy.gateway(tmp_path, later, waiting_room=WaitingRoom(host="127.0.0.1", port=waiting.port)) as gateway,
    ):
        answer = gateway.ask("POST", "/v1/chat/completions", b"{}")
        assert (answer.status, answer.headers["retry-after"]) == (503, "42")
        assert answer.error()["code"] == "service_unavailable"
        assert waiting.log.read_text().count('"outcome": "late"') == 1, "the gateway does not try again by itself"


def test_one_ready_server_of_two_gets_all_the_traffic(tmp_path: Path, upstream: Upstream) -> None:
    """By Envoy's own reckoning half of the servers would be too few, and some requests would have to wait."""
    with (
        waiting_room.running(tmp_path, upstream.port, "--patience=1") as waiting,
        envoy.gateway(
            tmp_path,
            upstream.port,
            upstream_host="localhost",  # 127.0.0.1 and ::1, where nobody listens
            waiting_room=WaitingRoom(host="127.0.0.1", port=waiting.port),
        ) as gateway,
    ):
        assert all(gateway.ask("POST", "/v1/chat/completions", b"{}").status == 200 for _ in range(40))
        assert "request left" not in waiting.log.read_text()
