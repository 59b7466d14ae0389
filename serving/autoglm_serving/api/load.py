"""What a server says of its load to a gateway that asks: a header of ORCA, which Envoy weighs servers by.

Envoy gives a server requests in proportion to its rate by its utilization, so to how fast it is at what it has. What it
refuses or fails at is no rate: a server that is quick to refuse would be given more. A stream says so at its beginning.
https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
"""

import time
from collections import deque
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autoglm_serving.api.lifecycle import Lifecycle

ASKED, TOLD = "endpoint-load-metrics-format", "endpoint-load-metrics"
WINDOW = 60.0
"""Seconds over which the rate is taken: as long as an answer."""


class LoadReports:
    """`most`: open requests that are all that the server takes."""

    def __init__(
        self, app: ASGIApp, lifecycle: Lifecycle, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._most = most
        self._clock = clock
        self._began = clock()
        self._done: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get(ASKED, "").upper() == "TEXT"
        status = 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if asked:
                    MutableHeaders(scope=message)[TOLD] = self._report()
            await send(message)

        await self._app(scope, receive, told)
        if status < 400:
            self._done.append(self._clock())
            self._forget()

    def _report(self) -> str:
        """Of the requests that are open, of which the one that is answered is one."""
        self._forget()
        rate = len(self._done) / max(1.0, min(WINDOW, self._clock() - self._began))
        return f"TEXT application_utilization={self._lifecycle.active / self._most:.4f},rps_fractional={rate:.4f}"

    def _forget(self) -> None:
        while self._done and self._done[0] < self._clock() - WINDOW:
            self._done.popleft()
