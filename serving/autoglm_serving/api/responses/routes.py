"""The routes of the Responses API."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from autoglm_serving.api.desk import Desk
from autoglm_serving.api.openapi import ASKING, CHANGING, PAGES, READING, gives, takes
from autoglm_serving.api.responses.conversations import Stored
from autoglm_serving.api.responses.create import CreateResponse
from autoglm_serving.api.responses.schema import ConversationRequest, ItemsRequest, ResponsesRequest

BODIES: list[type[BaseModel]] = [ResponsesRequest, ConversationRequest, ItemsRequest]


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v1")
    create = CreateResponse(desk)

    @routes.post("/responses", openapi_extra=takes(ResponsesRequest, *CHANGING, stream=True), response_model=None)
    async def create_response(request: Request) -> Response:
        return await create(request)

    stored = Stored(desk)
    _add_responses(routes, stored)
    _add_conversations(routes, stored)
    _add_items(routes, stored)
    return routes


def _add_responses(routes: APIRouter, stored: Stored) -> None:
    @routes.get("/responses/{response_id}", openapi_extra=gives(*READING))
    async def response(request: Request, response_id: str) -> dict[str, Any]:
        return await stored.response(request, response_id)

    @routes.delete("/responses/{response_id}", openapi_extra=gives(*READING))
    async def delete_response(request: Request, response_id: str) -> dict[str, Any]:
        return await stored.delete_response(request, response_id)

    @routes.get("/responses/{response_id}/input_items", openapi_extra=gives(*READING) | PAGES)
    async def input_items(request: Request, response_id: str) -> dict[str, Any]:
        return await stored.input_items(request, response_id)


def _add_conversations(routes: APIRouter, stored: Stored) -> None:
    @routes.post("/conversations", openapi_extra=takes(ConversationRequest, *ASKING))
    async def create_conversation(request: Request) -> dict[str, Any]:
        return await stored.create_conversation(request)

    @routes.get("/conversations/{conversation_id}", openapi_extra=gives(*READING))
    async def conversation(request: Request, conversation_id: str) -> dict[str, Any]:
        return await stored.conversation(request, conversation_id)

    @routes.post("/conversations/{conversation_id}", openapi_extra=takes(ConversationRequest, *CHANGING))
    async def change_conversation(request: Request, conversation_id: str) -> dict[str, Any]:
        return await stored.change_conversation(request, conversation_id)

    @routes.delete("/conversations/{conversation_id}", openapi_extra=gives(*READING))
    async def delete_conversation(request: Request, conversation_id: str) -> dict[str, Any]:
        return await stored.delete_conversation(request, conversation_id)


def _add_items(routes: APIRouter, stored: Stored) -> None:
    @routes.get("/conversations/{conversation_id}/items", openapi_extra=gives(*READING) | PAGES)
    async def items(request: Request, conversation_id: str) -> dict[str, Any]:
        return await stored.items(request, conversation_id)

    @routes.post("/conversations/{conversation_id}/items", openapi_extra=takes(ItemsRequest, *CHANGING))
    async def add_items(request: Request, conversation_id: str) -> dict[str, Any]:
        return await stored.add_items(request, conversation_id)

    @routes.get("/conversations/{conversation_id}/items/{item_id}", openapi_extra=gives(*READING))
    async def item(request: Request, conversation_id: str, item_id: str) -> dict[str, Any]:
        return await stored.item(request, conversation_id, item_id)

    @routes.delete("/conversations/{conversation_id}/items/{item_id}", openapi_extra=gives(*CHANGING))
    async def delete_item(request: Request, conversation_id: str, item_id: str) -> dict[str, Any]:
        return await stored.delete_item(request, conversation_id, item_id)
