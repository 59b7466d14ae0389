"""Around every request: an id, a line in the log, a count, a bound on the body, and the door during a drain."""

import asyncio
import re
import time
import uuid
from typing import Any, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autoglm_serving import logs, tracing
from autoglm_serving.api import errors
from autoglm_serving.api.lifecycle import Lifecycle

PROBES = frozenset({"/health", "/healthz", "/ready", "/metrics", "/v2/health/live", "/v2/health/ready"})
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
CLIENT_LEFT = 499
"""nginx's status for a client that went away before its answer."""

DISCARD_SECONDS = 10.0

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class HttpCounter(Protocol):
    def count_http(self, method: str, handler: str, status: int) -> None: ...


class RequestLog:
    """Takes or makes `x-request-id`, returns it, logs one line at the end. Never logs a query, body or header."""

    def __init__(self, app: ASGIApp, metrics: HttpCounter, tracer: tracing.Tracer = tracing.OFF) -> None:
        self._app = app
        self._metrics = metrics
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        if scope["path"] not in PROBES:
            method = _method(scope)
            attributes = {"http.request.method": method, "url.path": scope["path"][:256]}
            tracing.attach(scope, self._tracer.begin(method, attributes, headers))
        status = CLIENT_LEFT

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._record(scope, request_id, status, time.monotonic() - began)

    def _record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method = _method(scope)
        handler = getattr(scope.get("route"), "path", "other")
        self._metrics.count_http(method, handler, status)
        trace = tracing.of(scope)
        attributes = {"http.route": handler, "http.response.status_code": status}
        trace.end(f"{method} {handler}", attributes, failed=status >= 500)
        known = {"trace_id": trace.trace_id, **scope.get("state", {}).get("log", {})}
        fields: dict[str, Any] = {key: value for key, value in known.items() if value is not None}
        write = logs.debug if scope["path"] in PROBES else logs.info
        write(
            "request",
            request_id=request_id,
            method=method,
            path=scope["path"][:256],
            status=status,
            seconds=round(seconds, 4),
            **fields,
        )


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"


class Door:
    """Counts the requests in progress, which a drain waits for, and sends new ones away once it has begun."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, max_body_bytes: int) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if self._lifecycle.draining:
            response = errors.draining().response()
            # The connection must not be used again: the next request on it would find nobody.
            response.headers["Connection"] = "close"
            await discard(receive, self._max_body_bytes)
            await response(scope, receive, send)
            return
        self._lifecycle.enter()
        try:
            await self._app(scope, receive, send)
        finally:
            self._lifecycle.leave()


class BodyLimit:
    """Stops reading a body that is too large, said so or not; drops what an early answer has left of a body."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0
        headers = Headers(scope=scope)
        under_way = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

        async def counted() -> Message:
            nonlocal seen, under_way
            message = await receive()
            seen += len(message.get("body", b""))
            under_way = under_way and message.get("more_body", False)
            if seen > self._max_bytes:
                error = errors.ApiError(
                    413, f"The body is larger than the {self._max_bytes} bytes allowed; send a smaller image."
                )
                error.headers["Connection"] = "close"
                raise error
            return message

        async def send_after_the_body(message: Message) -> None:
            nonlocal under_way
            if message["type"] == "http.response.start" and under_way:
                # Most clients read the answer only when they have sent everything, so some more of it is taken.
                under_way = False
                await discard(receive, self._max_bytes)
            await send(message)

        await self._app(scope, counted, send_after_the_body)


async def discard(receive: Receive, left: int) -> None:
    """Read and drop up to `left` bytes of a body. Closing with bytes unread resets the connection under the answer."""
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            more = True
            while more and left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        return
