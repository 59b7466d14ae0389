"""By what servers say of their load: who is busier is asked less, and clients are told nothing of it (T2)."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from components import envoy_balancing
from components.envoy_balancing import Balancing
from components.envoy_waiting import WaitingRoom
from tests.harness import envoy
from tests.harness.envoy import Gateway, Upstream
from tests.harness.waiting import until

pytestmark = pytest.mark.integration

ASKED, TOLD = "endpoint-load-metrics-format", "endpoint-load-metrics"
ROUND = 30


@pytest.fixture
def servers() -> Iterator[tuple[Upstream, ...]]:
    with ExitStack() as held:
        yield tuple(held.enter_context(Upstream().running()) for _ in range(3))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's first reports count."""
    monkeypatch.setattr(envoy_balancing, "_BLACKOUT", "0.1s")


def says(server: Upstream, report: str) -> None:
    server.respond = lambda handler, _: handler.send(200, b"{}", endpoint_load_metrics=report)


def shares(gateway: Gateway, servers: tuple[Upstream, ...]) -> list[int]:
    before = [len(server.seen) for server in servers]
    assert {gateway.ask("POST", "/v1/chat/completions").status for _ in range(ROUND)} == {200}
    return [len(server.seen) - count for server, count in zip(servers, before, strict=True)]


def behind(folder: Path, servers: tuple[Upstream, ...], **changes: Any) -> Any:
    first, *others = (server.port for server in servers)
    return envoy.gateway(folder, first, others=others, balancing=Balancing.LOAD_REPORTS, **changes)


def healthy(gateway: Gateway, cluster: str) -> None:
    there = f'membership_healthy{{envoy_cluster_name="{cluster}"}} 3\n'
    until(lambda: there in gateway.metrics("/metrics").body.decode(), "three healthy servers")


@pytest.mark.parametrize("waiting", [False, True], ids=["", "with a waiting room"])
def test_who_says_that_it_is_busy_is_asked_less(tmp_path: Path, servers: tuple[Upstream, ...], waiting: bool) -> None:
    """With weights of 2, 16 and 16 of 34 the busy one gets 2 of 30 or so."""
    room = {"waiting_room": WaitingRoom(host="127.0.0.1", port=9)} if waiting else {}
    for server, utilization in zip(servers, (0.8, 0.1, 0.1), strict=True):
        says(server, f"TEXT application_utilization={utilization},rps_fractional=2")
    with behind(tmp_path, servers, **room) as gateway:
        healthy(gateway, "serving-ready" if waiting else "serving")
        until(lambda: shares(gateway, servers)[0] <= 3, "the busy one gets less")
        says(servers[0], "TEXT application_utilization=0.1,rps_fractional=2")
        until(lambda: shares(gateway, servers)[0] >= 9, "it has time again")


def test_servers_that_say_nothing_get_the_same(tmp_path: Path, servers: tuple[Upstream, ...]) -> None:
    with behind(tmp_path, servers) as gateway:
        healthy(gateway, "serving")
        assert min(shares(gateway, servers)) >= 9


def test_a_server_is_asked_for_its_load_and_a_client_does_not_learn_it(tmp_path: Path, upstream: Upstream) -> None:
    says(upstream, "TEXT application_utilization=0.1,rps_fractional=2")
    with envoy.gateway(tmp_path, upstream.port, balancing=Balancing.LOAD_REPORTS) as gateway:
        answer = gateway.ask("POST", "/v1/chat/completions", **{ASKED: "BIN"})
        assert answer.status == 200 and TOLD not in answer.headers
    (_, headers) = upstream.seen[-1]
    assert headers.get_all(ASKED) == ["TEXT"]
