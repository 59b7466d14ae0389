"""The chat completion request: OpenAI's fields, vLLM's extra ones, and a bound for each."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from autoglm_serving.api.constraints import Constrained
from autoglm_serving.api.messages import Body, ChatMessage, ImagePart, asks_for_nothing
from autoglm_serving.engine.base import SamplingParams

MAX_STOPS = 16
MAX_STOP_LENGTH = 256
MAX_MESSAGES = 1024
MAX_ANSWERS = 16
MAX_LOGPROBS = 20
MAX_REPORTED = 2_000_000
"""Log probabilities of one request, which are held until they are sent: about 100 bytes each."""

SEED_BOUND = 2**63
PRIORITY_BOUND = 2**31
TOP_K_BOUND = 2**31
DAY = 86_400

Number = Annotated[float, Field(allow_inf_nan=False)]
StopString = Annotated[str, Field(min_length=1, max_length=MAX_STOP_LENGTH)]
Timeout = Annotated[Number, Field(gt=0, le=DAY)]

HARMLESS: dict[str, tuple[Any, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logit_bias": ({},),
    "bad_words": ([],),
    "min_tokens": (0,),
    "best_of": (1,),
    "use_beam_search": (False,),
    "prompt_logprobs": (),
    "echo": (False,),
    "continue_final_message": (False,),
    "add_generation_prompt": (True,),
    "chat_template": (),
    "documents": ([],),
    "audio": (),
    "prediction": (),
    "modalities": (["text"], []),
    "guided_grammar": ("",),
}
"""Fields that are not offered, with the values (null beside them) that ask for nothing."""


class NotOffered(Body):
    """Left out in silence, these would give an answer of another kind than the client was promised."""

    tools: Any = None
    tool_choice: Any = None
    functions: Any = None
    function_call: Any = None
    logit_bias: Any = None
    bad_words: Any = None
    min_tokens: Any = None
    best_of: Any = None
    use_beam_search: Any = None
    prompt_logprobs: Any = None
    echo: Any = None
    continue_final_message: Any = None
    add_generation_prompt: Any = None
    chat_template: Any = None
    documents: Any = None
    audio: Any = None
    prediction: Any = None
    modalities: Any = None
    guided_grammar: Any = None

    @field_validator(*HARMLESS)
    @classmethod
    def _asks_for_nothing(cls, value: Any, info: ValidationInfo) -> Any:
        return asks_for_nothing(value, HARMLESS[str(info.field_name)])


class StreamOptions(Body):
    include_usage: bool = False


def _stop_kind(value: Any) -> str:
    return "union:list" if isinstance(value, list) else "union:one"


class Sampled(Body):
    """How tokens are drawn. Fields that are null or absent take the defaults of SamplingParams, which are OpenAI's."""

    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1, lt=TOP_K_BOUND)] | None = None
    min_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    repetition_penalty: Annotated[Number, Field(gt=0, le=10)] | None = None
    seed: Annotated[int, Field(ge=-SEED_BOUND, lt=SEED_BOUND)] | None = None
    ignore_eos: bool = False
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MAX_LOGPROBS)] | None = None

    @model_validator(mode="after")
    def _top_needs_logprobs(self) -> "Sampled":
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs is only allowed when logprobs is true")
        return self

    def sampling(self, max_tokens: int) -> SamplingParams:
        names = ("temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "seed")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return SamplingParams(
            max_tokens=max_tokens,
            top_k=max(self.top_k or 0, 0),
            ignore_eos=self.ignore_eos,
            logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            **given,
        )


class ChatCompletionRequest(Sampled, Constrained, NotOffered):
    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    model: str | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: (
        Annotated[
            Annotated[StopString, Tag("union:one")]
            | Annotated[list[StopString], Field(max_length=MAX_STOPS), Tag("union:list")],
            Discriminator(_stop_kind),
        ]
        | None
    ) = None
    stop_token_ids: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MAX_STOPS)] | None = None
    n: Annotated[int, Field(ge=1, le=MAX_ANSWERS)] | None = 1
    priority: Annotated[int, Field(ge=-PRIORITY_BOUND, lt=PRIORITY_BOUND)] | None = 0
    timeout: Timeout | None = None
    user: Annotated[str, Field(max_length=512)] | None = None

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
