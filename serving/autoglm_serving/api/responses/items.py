"""Items, of which a conversation consists: as clients send them, as they are kept and shown, as the chat they are."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from autoglm_serving.api.messages import Body, ChatMessage, ImagePart, ImageUrl, TextPart, content_kind

Role = Literal["user", "assistant", "system", "developer"]


class InputText(Body):
    type: Literal["input_text", "output_text", "text"]
    text: str


class InputImage(Body):
    type: Literal["input_image"]
    image_url: str


InputPart = Annotated[InputText | InputImage, Field(discriminator="type")]
InputContent = Annotated[
    Annotated[str, Tag("union:text")] | Annotated[list[InputPart], Tag("union:parts")], Discriminator(content_kind)
]


class MessageItem(Body):
    """A message; of an answer that is given back as input, what else it has is ignored."""

    type: Literal["message"] = "message"
    role: Role
    content: InputContent

    @model_validator(mode="after")
    def _images_are_the_users(self) -> "MessageItem":
        if self.role == "assistant" and any(isinstance(part, InputImage) for part in self.parts()):
            raise ValueError("an assistant's message has no images")
        return self

    def parts(self) -> list[InputText | InputImage]:
        return [InputText(type="input_text", text=self.content)] if isinstance(self.content, str) else self.content

    def kept(self) -> dict[str, Any]:
        """As it is stored and shown, with an id of its own."""
        kind = "output_text" if self.role == "assistant" else "input_text"
        content: list[dict[str, Any]] = [
            {"type": "input_image", "image_url": part.image_url, "detail": "auto"}
            if isinstance(part, InputImage)
            else text_part(kind, part.text)
            for part in self.parts()
        ]
        return message(new_id("msg"), self.role, content, "completed")


class ItemReference(Body):
    """An item that is stored already."""

    type: Literal["item_reference"]
    id: Annotated[str, Field(max_length=128)]


def _item_kind(value: Any) -> str:
    """`type` may be absent from a message."""
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "union:reference" if kind == "item_reference" else "union:message"


InputItem = Annotated[
    Annotated[MessageItem, Tag("union:message")] | Annotated[ItemReference, Tag("union:reference")],
    Discriminator(_item_kind),
]


def new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


def text_part(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": text} | ({"annotations": [], "logprobs": []} if kind == "output_text" else {})


def message(item_id: str, role: str, content: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "status": status, "role": role, "content": content}


def as_chat(item: dict[str, Any]) -> ChatMessage:
    """The message of a chat that a kept item is."""
    parts: list[TextPart | ImagePart] = [
        ImagePart(type="image_url", image_url=ImageUrl(url=part["image_url"]))
        if part["type"] == "input_image"
        else TextPart(type="text", text=part["text"])
        for part in item["content"]
    ]
    return ChatMessage(role=item["role"], content=parts)
