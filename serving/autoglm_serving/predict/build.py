"""The predict API of one server, from its settings: the repository's lifecycle and the doors to it."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from autoglm_serving import logs
from autoglm_serving.cpu import usable_cpus
from autoglm_serving.errors import SettingsError
from autoglm_serving.lifecycle.catalogue import Catalogue
from autoglm_serving.lifecycle.directory import DirectoryCatalogue
from autoglm_serving.lifecycle.memory import default_budget
from autoglm_serving.lifecycle.registry import Options, Registry
from autoglm_serving.predict.door import Door
from autoglm_serving.predict.http import add_routes
from autoglm_serving.predict.metrics import PredictMetrics
from autoglm_serving.predict.model import PredictLoader, PredictModel
from autoglm_serving.predict.service import PredictService
from autoglm_serving.quarantine.ledger import Ledger
from autoglm_serving.settings import ServeSettings
from autoglm_serving.tracing import Tracer

MEMORY_SHARE = 0.25
"""Of what models may take in all: the chat model needs the rest."""

GRPC_CLOSE_SECONDS = 5.0
"""What a call that is still open after the drain gets."""


class Predict:
    """Models of `--predict-repository`. For the event loop's thread, but for `stop`."""

    def __init__(self, settings: ServeSettings, models: Registry[PredictModel], ledger: Ledger | None) -> None:
        self._settings = settings
        self._models = models
        self._ledger = ledger

    def add_routes(self, app: FastAPI, door: Door) -> None:
        add_routes(app, self._service(door))

    def alive(self) -> bool:
        return self._models.alive()

    def ready(self) -> bool:
        """Whether there is a model to answer with."""
        return self._models.ready()

    @contextlib.asynccontextmanager
    async def listening(self, door: Door, tracer: Tracer) -> AsyncIterator[None]:
        """On the gRPC port, where there is one. Raises SettingsError for a port that can't be taken."""
        port = self._settings.grpc_port
        if port is None:
            yield
            return
        # grpc takes memory and threads, which a server without that port must not pay for.
        from autoglm_serving.predict.rpc.server import GrpcServer

        service, most = self._service(door), self._settings.max_body_bytes
        server = GrpcServer(service, door, tracer, max_message_bytes=most)
        host = self._settings.host
        logs.info("listening for gRPC", host=host, grpc_port=await server.start(host, port))
        try:
            yield
        finally:
            await server.stop(GRPC_CLOSE_SECONDS)

    def stop(self) -> None:
        """End every open request. Any thread, any number of times."""
        self._models.stop()

    def _service(self, door: Door) -> PredictService:
        return PredictService(self._models, lambda: door.draining, self._ledger)


def catalogue(settings: ServeSettings) -> DirectoryCatalogue | None:
    """None without a repository. Raises SettingsError for one that can't be, before anything is loaded."""
    if settings.predict_repository is not None:
        return DirectoryCatalogue(settings.predict_repository, flag="--predict-repository")
    if settings.grpc_port is not None:
        raise SettingsError(
            f"--grpc-port: {settings.grpc_port} has nothing to answer with: give --predict-repository too,"
            " or leave it out; the chat API has no gRPC"
        )
    return None


def build(settings: ServeSettings, models: Catalogue, prometheus: CollectorRegistry, ledger: Ledger | None) -> Predict:
    """Started. `ledger` is the quarantine's."""
    metrics = PredictMetrics(prometheus)
    loader = PredictLoader(
        threads=settings.threads or usable_cpus(),
        device=_device(settings) if settings.allow_torchscript else "cpu",
        allow_torchscript=settings.allow_torchscript,
        step_timeout=settings.step_timeout,
        on_batch=metrics.batch,
    )
    options = Options(
        budget_bytes=settings.predict_memory_budget or int(default_budget() * MEMORY_SHARE),
        eager=settings.model_loading == "eager",
        poll_seconds=settings.model_poll_seconds,
        standby_seconds=settings.model_standby_seconds,
    )
    registry = Registry(models, loader, options)
    metrics.watch(registry.loaded, registry.statuses)
    registry.start()
    return Predict(settings, registry, ledger)


def _device(settings: ServeSettings) -> str:
    if settings.device != "auto":
        return settings.device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
