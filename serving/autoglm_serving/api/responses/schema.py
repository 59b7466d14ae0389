"""The request of the Responses API: OpenAI's fields, with those of sampling that vLLM adds."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from autoglm_serving.api.constraints import JsonSchemaFormat, ResponseFormat
from autoglm_serving.api.messages import Body, asks_for_nothing
from autoglm_serving.api.responses.items import InputItem
from autoglm_serving.api.schema import MAX_MESSAGES, PRIORITY_BOUND, Sampled, Timeout

MAX_METADATA = 16

Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=MAX_METADATA)
]
Id = Annotated[str, Field(min_length=1, max_length=128)]

HARMLESS: dict[str, tuple[Any, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "background": (False,),
    "prompt": (),
    "include": ([], ["message.output_text.logprobs"]),
}
"""Fields that are not offered, with the values (null beside them) that ask for nothing, or for what is given anyway."""


class TextFormat(Body):
    """A format of `text`: response_format with its schema one level higher."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: Annotated[str, Field(max_length=64)] | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None

    def as_response_format(self) -> ResponseFormat:
        """Raises ValueError."""
        schema = None if self.schema_ is None else JsonSchemaFormat.model_validate({"schema": self.schema_})
        return ResponseFormat(type=self.type, json_schema=schema)

    @model_validator(mode="after")
    def _can_be_met(self) -> "TextFormat":
        if self.type == "json_schema" and self.schema_ is None:
            raise ValueError("schema is missing; the type json_schema needs it")
        self.as_response_format()
        return self


class TextOptions(Body):
    format: TextFormat = TextFormat()


class ConversationRef(Body):
    id: Id


def _input_kind(value: Any) -> str:
    return "union:items" if isinstance(value, list) else "union:text"


def _conversation_kind(value: Any) -> str:
    return "union:id" if isinstance(value, str) else "union:object"


class ResponsesRequest(Sampled):
    model: str | None = None
    input: (
        Annotated[
            Annotated[str, Tag("union:text")]
            | Annotated[list[InputItem], Field(max_length=MAX_MESSAGES), Tag("union:items")],
            Discriminator(_input_kind),
        ]
        | None
    ) = None
    instructions: str | None = None
    previous_response_id: Id | None = None
    conversation: (
        Annotated[
            Annotated[Id, Tag("union:id")] | Annotated[ConversationRef, Tag("union:object")],
            Discriminator(_conversation_kind),
        ]
        | None
    ) = None
    store: bool | None = True
    stream: bool | None = False
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    text: TextOptions | None = None
    truncation: Literal["auto", "disabled"] | None = "disabled"
    metadata: Metadata | None = None
    user: Annotated[str, Field(max_length=512)] | None = None
    priority: Annotated[int, Field(ge=-PRIORITY_BOUND, lt=PRIORITY_BOUND)] | None = 0
    timeout: Timeout | None = None
    tools: Any = None
    tool_choice: Any = None
    background: Any = None
    prompt: Any = None
    include: Any = None

    @field_validator(*HARMLESS)
    @classmethod
    def _asks_for_nothing(cls, value: Any, info: ValidationInfo) -> Any:
        return asks_for_nothing(value, HARMLESS[str(info.field_name)])

    @model_validator(mode="after")
    def _one_history(self) -> "ResponsesRequest":
        if self.conversation is not None and self.previous_response_id is not None:
            raise ValueError("previous_response_id and conversation are two histories; give one of them")
        if self.input is None and self.conversation is None and self.previous_response_id is None:
            raise ValueError("input is missing")
        return self

    @property
    def conversation_id(self) -> str | None:
        return self.conversation.id if isinstance(self.conversation, ConversationRef) else self.conversation


class ConversationRequest(Body):
    """To make a conversation; to change it, only metadata counts."""

    items: Annotated[list[InputItem], Field(max_length=MAX_MESSAGES)] | None = None
    metadata: Metadata | None = None


class ItemsRequest(Body):
    """To add to a conversation."""

    items: Annotated[list[InputItem], Field(min_length=1, max_length=MAX_MESSAGES)]
