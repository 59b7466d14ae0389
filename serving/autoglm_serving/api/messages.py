"""A chat's messages as OpenAI's clients send them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator


class Body(BaseModel):
    """Unknown keys are ignored, as vLLM does: clients send other servers' extras. Types are as JSON has them."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


def asks_for_nothing(value: Any, harmless: tuple[Any, ...]) -> Any:
    """A field that is not offered, with null or another value that asks for nothing. Raises ValueError."""
    if value is not None and value not in harmless:
        raise ValueError("this server does not offer it; leave it out")
    return value


class ImageUrl(Body):
    url: str


class ImagePart(Body):
    type: Literal["image_url"]
    image_url: ImageUrl

    @field_validator("image_url", mode="before")
    @classmethod
    def _plain_url(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value


class TextPart(Body):
    type: Literal["text"]
    text: str


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


def content_kind(value: Any) -> str:
    return "union:parts" if isinstance(value, list) else "union:text"


Content = Annotated[
    Annotated[str, Tag("union:text")] | Annotated[list[Part], Tag("union:parts")], Discriminator(content_kind)
]


class ChatMessage(Body):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content | None = None

    @model_validator(mode="after")
    def _needs_content(self) -> "ChatMessage":
        if self.content is None and self.role != "assistant":
            raise ValueError(f"content is missing; only an assistant's message may have none, not a {self.role}'s")
        return self

    def parts(self) -> tuple[TextPart | ImagePart, ...]:
        if self.content is None:
            return ()
        return (TextPart(type="text", text=self.content),) if isinstance(self.content, str) else tuple(self.content)
