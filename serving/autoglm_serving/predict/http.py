"""The routes of the Open Inference Protocol v2 (kserve/open-inference-protocol), with its binary tensor extension."""

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from autoglm_serving import logs, tracing
from autoglm_serving.api.connection import while_connected
from autoglm_serving.api.errors import ApiError
from autoglm_serving.lifecycle.state import State
from autoglm_serving.predict import faults, http_body
from autoglm_serving.predict.service import EXTENSIONS, SERVER_NAME, SERVER_VERSION, PredictService
from autoglm_serving.predict.tensors import TensorSpec
from autoglm_serving.predict.timeline import traced

LIVE = "/v2/health/live"
READY = "/v2/health/ready"

_TRITON_STATES = {State.ACTIVE: "READY", State.READY: "READY", State.LOADING: "LOADING"}


def add_routes(app: FastAPI, service: PredictService) -> None:
    """To an app that has a handler for unexpected errors."""
    _add_health(app, service)
    _add_models(app, service)
    schema = http_body.InferenceRequest.model_json_schema()
    body = {"required": True, "content": {http_body.JSON_TYPE: {"schema": schema}}}

    @app.post("/v2/models/{name}/infer", openapi_extra={"requestBody": body}, response_model=None)
    async def infer(request: Request, name: str) -> Response:
        return await _infer(service, request, name, None)

    @app.post("/v2/models/{name}/versions/{version}/infer", openapi_extra={"requestBody": body}, response_model=None)
    async def infer_version(request: Request, name: str, version: str) -> Response:
        return await _infer(service, request, name, version)


def _add_health(app: FastAPI, service: PredictService) -> None:
    @app.get("/v2")
    async def server() -> dict[str, Any]:
        return {"name": SERVER_NAME, "version": SERVER_VERSION, "extensions": list(EXTENSIONS)}

    @app.get(LIVE, response_model=None)
    async def live() -> Response:
        alive = service.models.alive()
        return JSONResponse({"live": alive}, status_code=200 if alive else 503)

    @app.get(READY, response_model=None)
    async def ready() -> Response:
        is_ready = service.ready()
        return JSONResponse({"ready": is_ready}, status_code=200 if is_ready else 503)


def _add_models(app: FastAPI, service: PredictService) -> None:
    @app.post("/v2/repository/index")
    async def index() -> list[dict[str, str]]:
        """Every version, as Triton's repository extension lists them, with the lifecycle's own state beside."""
        return [
            {
                "name": status.model,
                "version": status.version,
                "state": _TRITON_STATES.get(status.state, "UNAVAILABLE"),
                "lifecycle": status.state,
                "reason": status.reason,
            }
            for status in service.models.statuses()
        ]

    @app.get("/v2/models/{name}", response_model=None)
    async def model(name: str) -> Response:
        return _metadata(service, name, None)

    @app.get("/v2/models/{name}/versions/{version}", response_model=None)
    async def model_version(name: str, version: str) -> Response:
        return _metadata(service, name, version)

    @app.get("/v2/models/{name}/ready", response_model=None)
    async def ready(name: str) -> Response:
        return _ready(service, name, None)

    @app.get("/v2/models/{name}/versions/{version}/ready", response_model=None)
    async def version_ready(name: str, version: str) -> Response:
        return _ready(service, name, version)


async def _infer(service: PredictService, request: Request, name: str, version: str | None) -> Response:
    try:
        body = await request.body()
        with traced(tracing.of(request.scope), name) as timeline:
            parsed = http_body.parse(name, version, body, request.headers.get(http_body.JSON_LENGTH))
            answer = await while_connected(request, service.infer(parsed.request, timeline))
        logs.add(request.scope, model=answer.model, model_version=answer.version)
        content, headers = http_body.render(answer, parsed.id, parsed.binary)
    except ApiError as error:  # the body's limit
        return JSONResponse({"error": error.message}, status_code=error.status, headers=error.headers)
    except faults.EXPECTED as error:
        return _refusal(error)
    return Response(content, headers=headers)


def _metadata(service: PredictService, name: str, version: str | None) -> Response:
    try:
        model, versions = service.metadata(name, version)
    except faults.EXPECTED as error:
        return _refusal(error)
    return JSONResponse(
        {
            "name": model.name,
            "versions": versions,
            "platform": model.platform,
            "inputs": [_tensor(spec) for spec in model.inputs],
            "outputs": [_tensor(spec) for spec in model.outputs],
        }
    )


def _ready(service: PredictService, name: str, version: str | None) -> Response:
    try:
        ready = service.is_ready(name, version)
    except faults.EXPECTED as error:
        return _refusal(error)
    return JSONResponse({"name": name, "ready": ready}, status_code=200 if ready else 503)


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape)}


def _refusal(error: Exception) -> Response:
    """The protocol's error: one string."""
    fault = faults.fault_of(error)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return JSONResponse({"error": fault.message}, status_code=fault.status, headers=headers)
