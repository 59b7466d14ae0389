"""Every error as OpenAI's clients expect it: `{"error": {"message", "type", "param", "code"}}`."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from autoglm_serving import logs
from autoglm_serving.api.models import ModelNotReady
from autoglm_serving.engine.base import Aborted, DeadlineExceeded, EngineDead, EngineError, QueueFull
from autoglm_serving.quarantine.ledger import Quarantined

Parsed = TypeVar("Parsed", bound=BaseModel)

RETRY_AFTER_SECONDS = 1

MAX_NAME = 128
"""Characters of a model's name that an error repeats."""


class ApiError(Exception):
    """`param` is the request's field at fault, `code` OpenAI's short name of the error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """`retry_after` is in seconds; with None the same request would fail again."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def body(self) -> dict[str, Any]:
        kind = {429: "rate_limit_error"}.get(
            self.status, "invalid_request_error" if self.status < 500 else "server_error"
        )
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), status_code=self.status, headers=self.headers)


def invalid(message: str, param: str | None, code: str | None = None) -> ApiError:
    return ApiError(400, message, param=param, code=code)


def model_not_found(asked: str, served: Sequence[str]) -> ApiError:
    names = ", ".join(repr(name) for name in served) or "none"
    message = f"The model {asked[:MAX_NAME]!r} does not exist; this server has {names}."
    return ApiError(404, message, param="model", code="model_not_found")


def model_not_ready(error: ModelNotReady) -> ApiError:
    message = f"No answer yet: {error}. Try again later."
    return ApiError(503, message, param="model", code="model_not_ready", retry_after=error.retry_after)


def no_model() -> ApiError:
    message = "No model is ready to answer; /v1/models says what each is doing."
    return ApiError(503, message, code="model_not_ready", retry_after=RETRY_AFTER_SECONDS)


def conflict(message: str) -> ApiError:
    return ApiError(409, message, code="conflict", retry_after=RETRY_AFTER_SECONDS)


def busy(reason: str, retry_after: int) -> ApiError:
    message = f"The server is busy: {reason}. Try again later."
    return ApiError(429, message, code="engine_overloaded", retry_after=retry_after)


def body_too_slow(seconds: float) -> ApiError:
    error = ApiError(408, f"The body did not arrive whole within {seconds:.0f} seconds.", code="body_too_slow")
    error.headers["Connection"] = "close"
    return error


def draining() -> ApiError:
    """To a request that was not begun: a gateway may send it to another server, as OpenAI's header tells clients."""
    error = _stopping()
    error.headers["x-should-retry"] = "true"
    return error


def _stopping() -> ApiError:
    return ApiError(
        503,
        "The server is shutting down; send the request again.",
        code="server_draining",
        retry_after=RETRY_AFTER_SECONDS,
    )


def from_engine(error: EngineError) -> ApiError:
    match error:
        case QueueFull():
            return busy(str(error), max(1, math.ceil(error.retry_after)))
        case DeadlineExceeded():
            return ApiError(504, f"No answer in time: {error}.", code="deadline_exceeded")
        case EngineDead():
            return ApiError(
                503, f"No answer is possible: {error}.", code="engine_dead", retry_after=RETRY_AFTER_SECONDS
            )
        case Quarantined():
            return ApiError(400, f"This request is refused: {error}.", code="request_quarantined")
        case Aborted():
            return _stopping()
        case _:
            return ApiError(500, f"This request failed: {error}.", code="request_failed")


def parsed(kind: type[Parsed], body: bytes) -> Parsed:
    """Raises ApiError."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from None


def from_validation(error: ValidationError) -> ApiError:
    """The first fault; the rest often follows from it. The input is not repeated: it may be an image."""
    fault = error.errors(include_url=False, include_input=False)[0]
    if fault["type"] == "json_invalid":
        return invalid(f"The body is not valid JSON: {fault['ctx']['error']}.", None, "invalid_json")
    # pydantic puts the branch of a union into the location; OpenAI's `param` has the client's names only.
    param = ".".join(str(part) for part in fault["loc"] if not (isinstance(part, str) and part.startswith("union:")))
    return invalid(f"{param or 'body'}: {fault['msg']}.", param or None)


async def on_api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)  # noqa: S101  registered for this class
    return error.response()


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """Routing's own: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class
    messages = {
        404: f"There is no {request.url.path[:100]} here; see /openapi.json for what there is.",
        405: f"{request.method} is not allowed on {request.url.path[:100]}.",
    }
    response = ApiError(error.status_code, messages.get(error.status_code, str(error.detail))).response()
    response.headers.update(error.headers or {})
    return response


async def on_unexpected(request: Request, error: Exception) -> JSONResponse:
    logs.error("unexpected error", exc_info=error, path=request.url.path)
    return ApiError(500, "The server made an error; its log has the details.", code="internal_error").response()
