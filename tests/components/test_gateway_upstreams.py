"""Several model servers behind the gateway: who is asked, who is left out, and what a sick one costs."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from components.envoy_affinity import Affinity
from tests.harness import envoy
from tests.harness.envoy import Gateway, Upstream
from tests.harness.ports import free_ports
from tests.harness.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
def servers() -> Iterator[tuple[Upstream, ...]]:
    with ExitStack() as held:
        yield tuple(held.enter_context(Upstream().running()) for _ in range(3))


def behind(folder: Path, servers: tuple[Upstream, ...], **changes: Any) -> Any:
    first, *others = (server.port for server in servers)
    return envoy.gateway(folder, first, others=others, **changes)


def who_answers(gateway: Gateway, servers: tuple[Upstream, ...], **headers: str) -> int:
    """The number of the server that one request went to."""
    before = [len(server.seen) for server in servers]
    assert gateway.ask("GET", "/v1/models", **headers).status == 200
    (found,) = (n for n, server in enumerate(servers) if len(server.seen) > before[n])
    return found


def healthy(gateway: Gateway, count: int) -> None:
    wanted = f'membership_healthy{{envoy_cluster_name="serving"}} {count}\n'
    until(lambda: wanted in gateway.metrics("/metrics").body.decode(), f"{count} servers are healthy")


def test_a_session_stays_where_its_prefix_is(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    with behind(tmp_path, servers, affinity=Affinity.SESSION) as gateway:
        healthy(gateway, 3)
        found = {}
        for session in range(40):  # that a server gets none of them by chance is as likely as one in a million
            answers = {who_answers(gateway, servers, x_session_id=f"phone-{session}") for _ in range(3)}
            (found[session],) = answers
        assert set(found.values()) == {0, 1, 2}, "sessions are spread"
        assert len({who_answers(gateway, servers) for _ in range(5)}) == 1, "without a session: by client"


def test_a_loved_session_does_not_drown_its_server(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    """30 open requests of one session: no server has more than 125 % of the average, rounded up."""
    for server in servers:
        server.respond = envoy.stream(server)
    with behind(tmp_path, servers, affinity=Affinity.SESSION) as gateway, ExitStack() as held:
        healthy(gateway, 3)
        for _ in range(30):
            answer = held.enter_context(gateway.open_stream(x_session_id="loved"))
            assert answer.readline() == b"data: first\n"
        assert sum(len(server.seen) for server in servers) == 30
        assert max(len(server.seen) for server in servers) <= 14  # 12.5, and what a count lags behind
        for server in servers:
            server.more.set()


def test_a_dead_server_costs_no_request(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    """Nobody listens at the port: no server has begun, so the next one is asked."""
    (dead,) = free_ports(1)
    with envoy.gateway(tmp_path, servers[0].port, others=[dead, servers[1].port]) as gateway:
        assert {gateway.ask("GET", "/v1/models").status for _ in range(30)} == {200}


def test_a_half_open_server_is_left_out(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    """It takes connections and says nothing: health checks find that out, and no request waits for it for long."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as silent:
        port = silent.getsockname()[1]
        with envoy.gateway(tmp_path, servers[0].port, others=[port]) as gateway:
            healthy(gateway, 1)
            assert {gateway.ask("GET", "/v1/models").status for _ in range(10)} == {200}


def test_a_flapping_server_is_left_out_and_never_all(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    """Ready by its word, and 502 to whoever asks. If all are so, they are asked all the same."""
    sick, well, _ = servers
    sick.respond = lambda handler, _: handler.send(502, b"")
    with behind(tmp_path, (sick, well)) as gateway:
        healthy(gateway, 2)
        while [gateway.ask("GET", "/v1/models").status for _ in range(8)] != [200] * 8:
            pass  # five in a row are enough; pytest's time-out ends a wait for nothing
        healthy(gateway, 1)
        time.sleep(5)  # two health checks, which it passes
        assert {gateway.ask("GET", "/v1/models").status for _ in range(20)} == {200}

        well.respond = sick.respond
        assert {gateway.ask("GET", "/v1/models").status for _ in range(20)} == {502}
        well.respond = None
        assert gateway.ask("GET", "/v1/models").status == 200, "the last one was never ejected"


def test_a_slow_server_gets_less(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    slow, fast, _ = servers

    def slowly(handler: Any, _: bytes) -> None:
        time.sleep(0.5)
        handler.send(200, b"late")

    slow.respond = slowly
    with behind(tmp_path, (slow, fast)) as gateway, ThreadPoolExecutor(8) as threads:
        healthy(gateway, 2)
        assert set(threads.map(lambda _: gateway.ask("GET", "/v1/models").status, range(200))) == {200}
    assert len(slow.seen) < 80, "at random it would be 100 of 200"


def test_after_the_first_token_nothing_is_tried_again(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    def half(handler: Any, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"5\r\ndata:\r\n")
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    for server in servers:
        server.respond = half
    with behind(tmp_path, servers) as gateway:
        healthy(gateway, 3)
        with gateway.open_stream() as answer, pytest.raises(Exception, match=r"IncompleteRead|closed|reset"):
            answer.read()
    assert sum(len(server.seen) for server in servers) == 1


def test_batches_wait_while_interactive_requests_go_on(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    """Two batch requests are open, and no more may be; who is there himself still gets in."""
    server = servers[0]
    server.respond = envoy.stream(server)
    batch = {"x_autoglm_priority": "batch"}
    with envoy.gateway(tmp_path, server.port, max_batch_requests=2) as gateway, ExitStack() as held:
        for _ in range(2):
            assert held.enter_context(gateway.open_stream(**batch)).readline() == b"data: first\n"
        held.callback(server.more.set)
        server.respond = None
        refused = gateway.ask("GET", "/v1/models", **batch)
        assert (refused.status, refused.headers["retry-after"]) == (503, "2")
        assert refused.error()["code"] == "service_unavailable"
        assert gateway.ask("GET", "/v1/models").status == 200
