"""The life of `serve`: take the port, verify, load, listen, drain."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from dataclasses import replace
from types import FrameType
from typing import NoReturn

import uvicorn

from autoglm_serving import logs
from autoglm_serving.api.app import create_app
from autoglm_serving.api.service import Service
from autoglm_serving.listener import HttpServer, bind
from autoglm_serving.loading import load
from autoglm_serving.quarantine.journal import Journal
from autoglm_serving.quarantine.ledger import Ledger
from autoglm_serving.settings import ServeSettings
from autoglm_serving.tracing import tracer

KEEP_ALIVE_SECONDS = 75
"""Longer than any usual gateway keeps an idle connection to a server (Envoy 60 s, nginx 60 s; the gateway of this
project 4 s), so that it is never the server that hangs up."""

CLOSE_SECONDS = 5
"""What clients that do not read get at the very end."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(settings: ServeSettings) -> NoReturn:
    """Serve until a signal, then end the process. Raises ServingError before it listens."""
    for number in SIGNALS:
        # As process 1 of a container, a signal without a handler would be ignored while the model loads.
        signal.signal(number, _leave_at_once)
    logs.configure(settings.log_level)
    listener = bind(settings.host, settings.port)
    ledger = _ledger(settings)
    service = replace(load(settings, ledger), tracer=tracer(settings.otlp_traces_endpoint, os.environ))
    try:
        asyncio.run(_serve(settings, service, listener, ledger))
    finally:
        service.stop()
        service.tracer.close()
    logs.info("stopped")
    # All is said and kept: taking libraries and models apart takes seconds of a busy machine, and a step that hangs
    # in native code, or a thread that never comes back, would hold the process.
    _end(0)


async def _serve(settings: ServeSettings, service: Service, listener: socket.socket, ledger: Ledger | None) -> None:
    config = uvicorn.Config(
        create_app(service),
        http="h11",  # bounds the size of a request's head, which httptools does not
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )
    server = HttpServer(config)
    loop = asyncio.get_running_loop()
    drains: list[asyncio.Task[None]] = []

    def on_signal(number: int) -> None:
        if drains:
            logs.warning("second signal: leaving at once", open_requests=service.lifecycle.active)
            _end(128 + number)
        if ledger and service.models.alive():
            # From here on it may be killed for being slow, which is no request's fault.
            ledger.close()
        drains.append(loop.create_task(_drain(service, server, settings.shutdown_timeout)))

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    predict = service.predict
    async with predict.listening(service.lifecycle, service.tracer) if predict else contextlib.nullcontext():
        # Who reads the line may connect at once; uvicorn takes the connections up a moment later.
        listener.listen(config.backlog)
        host, port = listener.getsockname()[:2]
        logs.info("listening", host=host, port=port)
        await server.serve(sockets=[listener])
    await service.store.close()


async def _drain(service: Service, server: uvicorn.Server, timeout: float) -> None:
    """Refuse new requests, let open ones end, then close. After `timeout` seconds the open ones are ended."""
    service.lifecycle.draining = True
    logs.info("draining", open_requests=service.lifecycle.active, timeout_seconds=timeout)
    try:
        async with asyncio.timeout(timeout):
            await service.lifecycle.idle()
    except TimeoutError:
        logs.warning("drain timed out: open requests are ended", open_requests=service.lifecycle.active)
        await asyncio.to_thread(service.stop)
    server.should_exit = True


def _ledger(settings: ServeSettings) -> Ledger | None:
    if not settings.quarantine_crashes:
        return None
    return Ledger(
        crashes=settings.quarantine_crashes,
        seconds=settings.quarantine_seconds,
        journal=Journal(settings.quarantine_file),
    )


def _end(code: int) -> NoReturn:
    sys.stdout.flush()
    os._exit(code)


def _leave_at_once(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
