"""What stands before vLLM's own API, inside its process: the ASGI middleware that `--middleware` names.

With it both engines have the same paths, probes, drains and bounds, and no request takes a way through another process.
vLLM makes the object without arguments, so they come in an environment variable.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import REGISTRY
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autoglm_serving import logs
from autoglm_serving.api import errors
from autoglm_serving.api.lifecycle import Lifecycle
from autoglm_serving.api.load import LoadReports
from autoglm_serving.api.middleware import Door, RequestLog, discard
from autoglm_serving.engine.base import QueueFull

VARIABLE = "AUTOGLM_VLLM_FRONT"
OPEN_REQUESTS = "x-open-requests"

PASSED = frozenset({"/v1/chat/completions", "/v1/models", "/metrics", "/version", "/openapi.json", "/docs"})
"""What vLLM answers itself. Not among them: /scale_elastic_ep and /inference, which need no key, /tokenize, and vLLM's
/v1/responses, which keeps conversations in the process's memory for whoever knows their number."""

PROBES = frozenset({"/health", "/healthz", "/ready"})

STEPS = "vllm:iteration_tokens_total_count"
"""vLLM's count of the steps whose tokens have arrived in this process."""


class FrontSettings(BaseModel):
    """`drain_file`: from when it exists, new requests are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drain_file: Path
    max_open: int
    max_body_bytes: int
    step_timeout: float
    log_level: str = "info"


class Front:
    def __init__(self, app: ASGIApp) -> None:
        settings = FrontSettings.model_validate_json(os.environ[VARIABLE])
        logs.configure(settings.log_level)
        self._app = app
        self._drain_file = settings.drain_file
        self._lifecycle = Lifecycle()
        self._pulse = Pulse(settings.step_timeout)
        bounds = Bounds(_only(PASSED, app), self._lifecycle, settings.max_open, settings.max_body_bytes)
        door = Door(bounds, self._lifecycle, settings.max_body_bytes)
        self._gate = RequestLog(LoadReports(door, self._lifecycle, settings.max_open), Uncounted())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # a websocket: there is none here
        if not self._lifecycle.draining:
            self._lifecycle.draining = self._drain_file.exists()
        if scope["path"] in PROBES and scope["method"] in ("GET", "HEAD"):
            await (await self._probe(scope))(scope, receive, send)
        else:
            await self._gate(scope, receive, send)

    async def _probe(self, scope: Scope) -> Response:
        """/ready also tells how many requests are open: whoever drains waits for none."""
        alive = await self._engine_answers(scope)
        alive &= self._pulse.beats(self._lifecycle.active, _steps(), time.monotonic())
        opened = {OPEN_REQUESTS: str(self._lifecycle.active)}
        if scope["path"] == "/ready" and self._lifecycle.draining:
            response = errors.draining().response()
        elif not alive:
            response = errors.ApiError(
                503, "The engine has stopped; the server must be started again.", code="engine_dead"
            ).response()
        else:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            response = JSONResponse({"status": "OK"} | ({"timestamp": now} if scope["path"] == "/healthz" else {}))
        response.headers.update(opened)
        return response

    async def _engine_answers(self, scope: Scope) -> bool:
        """What vLLM's own /health says: it knows when its engine's process has died."""
        status = 500

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        path = {"path": "/health", "raw_path": b"/health", "method": "GET", "query_string": b""}
        await self._app({**scope, **path}, receive, send)
        return status == 200


class Pulse:
    """Whether the engine makes steps while it has work. A step that hangs raises nothing, so nobody else notices."""

    def __init__(self, timeout: float) -> None:
        """`timeout`: seconds."""
        self._timeout = timeout
        self._steps = -1.0
        self._since = 0.0

    def beats(self, open_requests: int, steps: float, now: float) -> bool:
        if open_requests == 0 or steps != self._steps:
            self._steps, self._since = steps, now
        return now - self._since <= self._timeout


class Bounds:
    """Refuses a request when too many are open, and a body that is too large: vLLM has no bound for either."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, max_open: int, max_bytes: int) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._max_open = max_open
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and self._lifecycle.active > self._max_open:  # this one is counted, too
            await discard(receive, self._max_bytes)
            error = errors.from_engine(QueueFull(f"{self._max_open} requests are open"))
            await error.response()(scope, receive, send)
            return
        body = Body(receive, send, self._max_bytes)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            body.too_large = body.more = True
        else:
            try:
                await self._app(scope, body.receive, body.send)
            except Exception:
                if not body.too_large:  # else it is that the client has left, as it was told
                    raise
        if body.too_large and not body.answered:
            if body.more:  # most clients read the answer only when they have sent everything: as much again is taken
                await discard(receive, self._max_bytes)
            message = f"The body is larger than the {self._max_bytes} bytes allowed; send a smaller image."
            response = errors.ApiError(413, message).response()
            response.headers["Connection"] = "close"
            await response(scope, receive, send)


class Body:
    """One request's body, counted. Past the bound the application finds that the client has left, and is not heard."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._left = max_bytes
        self.too_large = False
        self.more = False
        self.answered = False

    async def receive(self) -> Message:
        if self.too_large:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        self.more = message.get("more_body", False)
        if self._left < 0:
            self.too_large = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if not self.too_large or self.answered:
            self.answered = True
            await self._send(message)


class Uncounted:
    """vLLM counts its requests itself, under the same names."""

    def count_http(self, method: str, handler: str, status: int) -> None:
        return


def _only(paths: frozenset[str], app: ASGIApp) -> ASGIApp:
    async def passed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in paths:
            await app(scope, receive, send)
        else:
            message = f"There is no {scope['path'][:100]} here; see /openapi.json for what there is."
            await errors.ApiError(404, message).response()(scope, receive, send)

    return passed


def _steps() -> float:
    samples = (sample for metric in REGISTRY.collect() for sample in metric.samples)
    return float(sum(sample.value for sample in samples if sample.name == STEPS))
