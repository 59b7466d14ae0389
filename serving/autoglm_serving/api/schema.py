"""The chat completion request: OpenAI's fields, vLLM's extra ones, and a bound for each."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from autoglm_serving.engine.base import SamplingParams

MAX_STOPS = 16
MAX_STOP_LENGTH = 256
MAX_MESSAGES = 1024
SEED_BOUND = 2**63

Number = Annotated[float, Field(allow_inf_nan=False)]
StopString = Annotated[str, Field(min_length=1, max_length=MAX_STOP_LENGTH)]


class _Model(BaseModel):
    """Unknown keys are ignored, as vLLM does: clients send other servers' extras."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ImageUrl(_Model):
    url: str


class ImagePart(_Model):
    type: Literal["image_url"]
    image_url: ImageUrl

    @field_validator("image_url", mode="before")
    @classmethod
    def _plain_url(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value


class TextPart(_Model):
    type: Literal["text"]
    text: str


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


def _content_kind(value: Any) -> str:
    return "union:parts" if isinstance(value, list) else "union:text"


Content = Annotated[
    Annotated[str, Tag("union:text")] | Annotated[list[Part], Tag("union:parts")], Discriminator(_content_kind)
]


class ChatMessage(_Model):
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


class StreamOptions(_Model):
    include_usage: bool = False


def _stop_kind(value: Any) -> str:
    return "union:list" if isinstance(value, list) else "union:one"


class ChatCompletionRequest(_Model):
    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    model: str | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1)] | None = None
    min_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    repetition_penalty: Annotated[Number, Field(gt=0, le=10)] | None = None
    seed: Annotated[int, Field(ge=-SEED_BOUND, lt=SEED_BOUND)] | None = None
    stop: (
        Annotated[
            Annotated[StopString, Tag("union:one")]
            | Annotated[list[StopString], Field(max_length=MAX_STOPS), Tag("union:list")],
            Discriminator(_stop_kind),
        ]
        | None
    ) = None
    n: int | None = 1
    ignore_eos: bool = False
    logprobs: bool | None = None
    tools: list[Any] | None = None
    response_format: dict[str, Any] | None = None

    @field_validator("n")
    @classmethod
    def _one_answer(cls, value: int | None) -> int | None:
        if value not in (None, 1):
            raise ValueError("one answer a request is what this server gives; send the request again for another")
        return value

    @field_validator("logprobs", "tools")
    @classmethod
    def _not_offered(cls, value: Any) -> Any:
        """Left out in silence, these would give an answer of another kind than the client was promised."""
        if value:
            raise ValueError("this server does not offer it; leave it out")
        return value

    @field_validator("response_format")
    @classmethod
    def _text_only(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and value.get("type") != "text":
            raise ValueError("only {'type': 'text'} is offered")
        return value

    @model_validator(mode="after")
    def _options_need_a_stream(self) -> "ChatCompletionRequest":
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options is only allowed when stream is true")
        return self

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def answer_limit(self) -> int | None:
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens

    def image_urls(self) -> Iterator[str]:
        for message in self.messages:
            for part in message.parts():
                if isinstance(part, ImagePart):
                    yield part.image_url.url

    def sampling(self, max_tokens: int) -> SamplingParams:
        """Fields that are null or absent take the defaults of SamplingParams, which are OpenAI's."""
        names = ("temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "seed")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return SamplingParams(max_tokens=max_tokens, top_k=max(self.top_k or 0, 0), ignore_eos=self.ignore_eos, **given)
