"""What a server says of its load, to who asks for it: more open requests and slower answers are less weight (T2)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
from harness import chat, light_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autoglm_serving.api.lifecycle import Lifecycle
from autoglm_serving.api.load import ASKED, TOLD, WINDOW, LoadReports
from autoglm_serving.api.middleware import Door

MOST = 8
TEXT = {ASKED: "TEXT"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """Answers with the status in the path; /wait when it is let go."""

    def __init__(self) -> None:
        self.clock, self.go, self.lifecycle = Clock(), asyncio.Event(), Lifecycle()
        inner = Starlette(routes=[Route("/{what}", self.answer, methods=["GET", "POST"])])
        app = LoadReports(Door(inner, self.lifecycle, 1000), self.lifecycle, MOST, self.clock)
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server")

    async def answer(self, request: Request) -> Response:
        if request.path_params["what"] == "wait":
            await self.go.wait()
            return Response()
        return Response(status_code=int(request.path_params["what"]))

    async def told(self, path: str = "/200") -> dict[str, float]:
        value = (await self.client.post(path, headers=TEXT)).headers[TOLD]
        kind, _, pairs = value.partition(" ")
        assert kind == "TEXT"
        return {name: float(number) for name, number in (pair.split("=") for pair in pairs.split(","))}


def on_a_server(check: Callable[[Server], Awaitable[None]]) -> None:
    async def run() -> None:
        server = Server()
        async with server.client:
            await check(server)

    asyncio.run(run())


def test_its_rate_is_of_what_it_answered_in_the_last_minute():
    async def check(server: Server) -> None:
        server.clock.now += WINDOW
        for _ in range(12):
            await server.client.post("/200")
        assert await server.told() == {"application_utilization": 1 / MOST, "rps_fractional": 12 / WINDOW}
        server.clock.now += WINDOW + 1
        assert (await server.told())["rps_fractional"] == 0

    on_a_server(check)


def test_all_open_requests_are_its_utilization_whoever_sent_them():
    async def check(server: Server) -> None:
        waiting = [asyncio.create_task(server.client.post("/wait")) for _ in range(5)]
        while server.lifecycle.active < 5:
            await asyncio.sleep(0)
        assert (await server.told())["application_utilization"] == 6 / MOST
        server.go.set()
        await asyncio.gather(*waiting)
        assert (await server.told())["application_utilization"] == 1 / MOST

    on_a_server(check)


def test_the_server_s_own_streams_tell_it(tmp_path: Path):
    with light_server(tmp_path / "log", "--max-num-seqs", "3", "--max-num-waiting", "1") as server:
        asked = {"json": chat("hello", stream=True), "headers": TEXT}
        with server.http() as client, client.stream("POST", "/v1/chat/completions", **asked) as response:
            assert response.headers[TOLD].startswith("TEXT application_utilization=0.2500,rps_fractional=")


@pytest.mark.parametrize("path", ["/429", "/500", "/503"])
def test_what_it_refuses_is_no_rate(path: str):
    async def check(server: Server) -> None:
        server.clock.now += WINDOW
        for _ in range(6):
            assert (await server.told(path))["rps_fractional"] == 0

    on_a_server(check)


@pytest.mark.parametrize("headers", [{}, {ASKED: "BIN"}, {ASKED: ""}])
def test_who_does_not_ask_for_it_is_not_told(headers: dict[str, str]):
    async def check(server: Server) -> None:
        assert TOLD not in (await server.client.post("/200", headers=headers)).headers
        assert TOLD not in (await server.client.get("/200", headers=TEXT)).headers

    on_a_server(check)
