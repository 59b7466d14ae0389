"""The waiting room's HTTP side."""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from autoglm_serving import logs
from autoglm_serving.api.connection import while_connected
from autoglm_serving.waiting_room.room import Outcome, Room

WAITING = "autoglm:requests_held"
"""The gauge that a scaler reads: requests that no server has taken yet."""
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_AGAIN = {"x-should-retry": "true"}
"""The gateway tries again, and so do OpenAI's clients where there is none."""
_SAID = {
    Outcome.READY: "A model server is ready now. Send the request again.",
    Outcome.LATE: "No model server was ready in time. One is being started: try again later.",
    Outcome.FULL: "Too many requests wait for a model server that is being started. Try again later.",
}


def create_app(room: Room, retry_after: int) -> Starlette:
    """`retry_after`: seconds, for who came in vain."""
    registry = CollectorRegistry()
    registry.register(_Collector(room))

    async def hold(request: Request) -> Response:
        try:
            async for _ in request.stream():
                pass
            outcome = await while_connected(request, room.wait())
        except ClientDisconnect:
            return Response(status_code=499)
        logs.info("request left", outcome=outcome.value, path=request.url.path)
        return _answer(outcome, retry_after)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def healthy(_: Request) -> Response:
        """A service that sleeps is healthy: the next request wakes it."""
        return JSONResponse({"status": "OK", "timestamp": datetime.now(UTC).isoformat(timespec="seconds")})

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            *(Route(path, healthy) for path in ("/health", "/healthz")),
            Route("/{path:path}", hold, methods=_METHODS),
        ]
    )


def _answer(outcome: Outcome, retry_after: int) -> Response:
    error = {"message": _SAID[outcome], "type": "server_error", "param": None, "code": "service_unavailable"}
    headers = _AGAIN if outcome is Outcome.READY else {"retry-after": str(retry_after)}
    return JSONResponse({"error": error}, status_code=503, headers=headers)


class _Collector(Collector):
    def __init__(self, room: Room) -> None:
        self._room = room

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(WAITING, "Requests that wait for a model server.", value=self._room.waiting)
        left = CounterMetricFamily(
            "autoglm:requests_held_ended", "Requests that waited, by outcome.", labels=["outcome"]
        )
        for outcome, count in self._room.left.items():
            left.add_metric([outcome.value], count)
        yield left
