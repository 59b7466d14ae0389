"""The routes."""

from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from autoglm_serving import __version__
from autoglm_serving.api import errors
from autoglm_serving.api.catalogue import catalogue
from autoglm_serving.api.chat import ChatCompletions
from autoglm_serving.api.desk import Desk
from autoglm_serving.api.load import LoadReports
from autoglm_serving.api.middleware import CLIENT_LEFT, BodyLimit, Door, RequestLog
from autoglm_serving.api.openapi import ASKING, READING, describe, gives, takes
from autoglm_serving.api.responses import routes as responses
from autoglm_serving.api.schema import ChatCompletionRequest
from autoglm_serving.api.service import Service


def create_app(service: Service) -> ASGIApp:
    # The interactive pages would load scripts from elsewhere; the document itself is at /openapi.json.
    app = FastAPI(title="autoglm-serving", version=__version__, docs_url=None, redoc_url=None)
    app.add_exception_handler(errors.ApiError, errors.on_api_error)
    app.add_exception_handler(HTTPException, errors.on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, errors.on_unexpected)
    _add_openai(app, service)
    _add_operations(app, service)
    if service.predict:
        service.predict.add_routes(app, service.lifecycle)
    describe(app, [ChatCompletionRequest, *responses.BODIES])
    limits, lifecycle = service.limits, service.lifecycle
    door = Door(BodyLimit(app, limits.max_body_bytes), lifecycle, limits.max_body_bytes)
    return RequestLog(LoadReports(door, lifecycle, limits.max_bodies), service.metrics, service.tracer)


def _add_openai(app: FastAPI, service: Service) -> None:
    desk = Desk(service)
    chat = ChatCompletions(desk)

    @app.post(
        "/v1/chat/completions",
        openapi_extra=takes(ChatCompletionRequest, *ASKING, stream=True),
        response_model=None,
    )
    async def chat_completions(request: Request) -> Response:
        return await chat(request)

    app.include_router(responses.router(desk))

    @app.get("/v1/models", openapi_extra=gives(*READING))
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": list(catalogue(service.models.list()).values())}

    @app.get("/v1/models/{name:path}", openapi_extra=gives(*READING))
    async def one_model(name: str) -> dict[str, Any]:
        served = catalogue(service.models.list())
        if name not in served:
            raise errors.model_not_found(name, list(served))
        return served[name]


def _add_operations(app: FastAPI, service: Service) -> None:
    @app.get("/health", openapi_extra=gives(405, 503), response_model=None)
    async def health() -> Response:
        """Liveness: fails only when nothing but a new process helps."""
        return JSONResponse({"status": "OK"}) if service.alive() else _engine_dead()

    @app.get("/healthz", openapi_extra=gives(405, 503), response_model=None)
    async def healthz() -> Response:
        if not service.alive():
            return _engine_dead()
        return JSONResponse({"status": "OK", "timestamp": datetime.now(UTC).isoformat(timespec="seconds")})

    @app.get("/ready", openapi_extra=gives(405, 503), response_model=None)
    async def ready() -> Response:
        """Readiness: whether new requests are welcome."""
        if service.lifecycle.draining:
            return errors.draining().response()
        if not service.alive():
            return _engine_dead()
        return JSONResponse({"status": "OK"}) if service.ready() else errors.no_model().response()

    @app.get("/metrics", response_model=None)
    async def metrics() -> Response:
        return Response(service.metrics.render(), media_type=CONTENT_TYPE_LATEST)


def _engine_dead() -> Response:
    return errors.ApiError(
        503, "The engine has stopped; the server must be started again.", code="engine_dead"
    ).response()


async def _on_disconnect(request: Request, error: Exception) -> Response:
    """Nobody reads it; the log does."""
    return Response(status_code=CLIENT_LEFT)
