"""What a client reads when the gateway itself answers: OpenAI's error shape for every status."""

from typing import Any

Json = dict[str, Any]

# status -> (OpenAI's error type, code, message). https://platform.openai.com/docs/guides/error-codes
_ERRORS: dict[int, tuple[str, str, str]] = {
    400: ("invalid_request_error", "bad_request", "The request is not valid HTTP, or its path is not allowed."),
    401: (
        "authentication_error",
        "invalid_api_key",
        "The API key is missing or wrong. Send it as `Authorization: Bearer <key>`.",
    ),
    403: ("permission_error", "forbidden", "This API key may not do this."),
    404: ("invalid_request_error", "not_found", "There is nothing here. The API is under /v1/."),
    408: ("timeout_error", "request_timeout", "The request did not arrive in time."),
    413: ("invalid_request_error", "request_too_large", "The request body is larger than this gateway allows."),
    415: (
        "invalid_request_error",
        "unsupported_encoding",
        "A packed request body is not taken: send it without Content-Encoding.",
    ),
    426: ("invalid_request_error", "upgrade_required", "HTTP/1.1 or later is needed."),
    429: ("rate_limit_error", "rate_limit_exceeded", "Too many requests. Try again later."),
    431: ("invalid_request_error", "headers_too_large", "The request headers are larger than this gateway allows."),
    502: ("server_error", "bad_gateway", "The model server gave no valid answer."),
    503: ("server_error", "service_unavailable", "No model server is available. Try again shortly."),
    504: ("server_error", "gateway_timeout", "The model server did not answer in time."),
}
_RETRY_AFTER_SECONDS = {429: 1, 503: 2}


def local_replies() -> Json:
    """Envoy's `local_reply_config`. A status without a row keeps the shape with Envoy's own text as message."""
    return {
        "mappers": [_mapper(status) for status in _ERRORS],
        "body_format": _body("server_error", "gateway_error", "%LOCAL_REPLY_BODY%"),
    }


def _mapper(status: int) -> Json:
    mapper: Json = {
        "filter": {
            "status_code_filter": {
                "comparison": {"op": "EQ", "value": {"default_value": status, "runtime_key": f"autoglm.error.{status}"}}
            }
        },
        "body_format_override": _body(*_ERRORS[status]),
    }
    if status in _RETRY_AFTER_SECONDS:
        header = {"key": "retry-after", "value": str(_RETRY_AFTER_SECONDS[status])}
        mapper["headers_to_add"] = [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return mapper


def _body(kind: str, code: str, message: str) -> Json:
    return {"json_format": {"error": {"message": message, "type": kind, "param": None, "code": code}}}
