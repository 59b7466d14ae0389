"""The document at /openapi.json: what a route takes and gives, said once, in the form that FastAPI merges in."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

REF = "#/components/schemas/{model}"

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}

MEANINGS = {
    400: "The request can't be met; `param` names the field.",
    404: "There is no such model or record.",
    405: "Another method.",
    408: "The body did not arrive in time.",
    409: "Others change it at the same time.",
    413: "The body is too large.",
    429: "Too busy; Retry-After says when to come back.",
    500: "This request failed.",
    503: "Not now: draining, loading, or the store is away.",
    504: "No answer within the request's own time.",
}
ASKING = (400, 404, 405, 408, 413, 429, 500, 503, 504)
READING = (400, 404, 405, 500, 503)
CHANGING = (*ASKING, 409)

PAGES: dict[str, Any] = {
    "parameters": [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
        {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"]}},
        {"name": "after", "in": "query", "schema": {"type": "string"}},
    ]
}
"""`openapi_extra` of a list in pages."""


def takes(kind: type[BaseModel], *statuses: int, stream: bool = False) -> dict[str, Any]:
    """`openapi_extra` of a route with a body."""
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": REF.format(model=kind.__name__)}}}}
    return {"requestBody": body} | gives(*statuses, stream=stream)


def gives(*statuses: int, stream: bool = False) -> dict[str, Any]:
    """`openapi_extra` of a route without one."""
    content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if stream:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    error: dict[str, Any] = {"application/json": {"schema": {"$ref": REF.format(model="Error")}}}
    return {
        "responses": {
            "200": {"description": "As asked.", "content": content},
            **{str(status): {"description": MEANINGS[status], "content": error} for status in statuses},
        }
    }


def describe(app: FastAPI, kinds: list[type[BaseModel]]) -> None:
    """Put the bodies' schemas where their references point. Called when all routes are there."""
    made = FastAPI.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made(app)
            for path in document["paths"].values():
                for operation in path.values():
                    # FastAPI's own for parameters; ours are strings, which can't be wrong for it.
                    operation["responses"].pop("422", None)
            _, schemas = models_json_schema([(kind, "validation") for kind in kinds], ref_template=REF)
            components = document.setdefault("components", {}).setdefault("schemas", {})
            components.update(schemas["$defs"] | {"Error": ERROR})
        return made(app)

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
