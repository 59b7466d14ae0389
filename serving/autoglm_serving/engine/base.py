"""What every engine offers the API: token ids in, token ids out. Text, HTTP and JSON stay outside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any, Protocol


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, kw_only=True)
class SamplingParams:
    """vLLM's names and meanings. `top_k` 0 and `min_p` 0 switch the filter off; temperature 0 is greedy."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    ignore_eos: bool = False
    logprobs: int | None = None
    """Most likely tokens to report beside each generated one; 0 reports the generated one alone, None nothing."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """The images of one prompt, ready for the vision tower.

    `pixel_values` is a float array [patches, channels * temporal_patch * patch * patch], `grid_thw` an integer
    array [images, 3] of the patches in time, height and width. Arrays, not tensors: the seam imports no torch.
    `spans` has the first place in the prompt and the number of tokens of each image, `digests` a hash of its pixels:
    equal digests are equal pictures, so what was computed for one serves the other.
    """

    pixel_values: Any
    grid_thw: Any
    spans: tuple[tuple[int, int], ...]
    digests: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Prompt:
    token_ids: list[int]
    images: Images | None = None


@dataclass(frozen=True, kw_only=True)
class Logprob:
    """Natural logarithms of probabilities after penalties and temperature 1, as OpenAI gives them."""

    chosen: float
    top: tuple[tuple[int, float], ...]
    """Token ids and their logprobs, the most likely first."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """One generated token; the last one of an answer says why it is the last."""

    token_id: int
    finish_reason: FinishReason | None = None
    logprob: Logprob | None = None
    scheduled: float | None = None
    """When its request left the queue, on the monotonic clock."""
    cached_tokens: int = 0
    """Tokens of the prompt that were found in the cache, so that they were not computed."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The request has ended without an answer; `error` is one of the classes below."""

    error: "EngineError"


Output = Token | Failure
Listener = Callable[[Output], None]


class Guide(Protocol):
    """What an answer may hold (a choice, a JSON schema, a regular expression), token by token. One answer's state."""

    def fill(self, bits: Any) -> None:
        """Write the tokens allowed next into `bits`, a writable int32 array [ceil(vocabulary / 32)], a bit a token."""

    def accept(self, token_id: int) -> bool:
        """Take the token that was chosen; True when the answer is complete and must end."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """`listener` is called on the engine's thread, once a token, and must return at once.

    `user` is who waits for it: places and tokens are shared out by user. Of two requests, the one of lower `priority`
    goes first, as in vLLM. At `deadline`, on the monotonic clock, a request that is not complete ends with
    DeadlineExceeded.
    """

    prompt: Prompt
    sampling: SamplingParams
    listener: Listener = field(compare=False)
    request_id: str = ""
    user: str = ""
    priority: int = 0
    deadline: float = inf
    guide: Guide | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class EngineStats:
    running: int
    waiting: int
    cached_tokens: int
    """Tokens whose keys and values are held now."""
    capacity_tokens: int
    """Tokens that can be held at most."""
    prefix_queries: int = 0
    """Prompt tokens that were looked for in the cache, since the start."""
    prefix_hits: int = 0
    """Of these, tokens that were found."""
    preemptions: int = 0
    """Requests that gave their place up, to be computed again, since the start."""


class EngineError(Exception):
    """A request can't be answered."""


class QueueFull(EngineError):
    """No place to wait; the same request may succeed after `retry_after` seconds, at the present rate."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EngineDead(EngineError):
    """The engine has stopped for good; the process must be started again."""


class Aborted(EngineError):
    """The engine was told to stop before the answer was complete."""


class DeadlineExceeded(EngineError):
    """The request's own time was up before the answer was complete."""


class RequestFailed(EngineError):
    """This request broke a step; the engine serves the others on."""


class Ticket(Protocol):
    def cancel(self) -> None:
        """Free what the request holds; its listener hears no more. Any thread, any number of times."""


class Engine(Protocol):
    def submit(self, request: Request) -> Ticket:
        """Queue a request. Any thread. Raises QueueFull or EngineDead."""

    def alive(self) -> bool:
        """False once the engine is dead or a step hangs: then only a new process helps."""

    def stats(self) -> EngineStats: ...

    def stop(self) -> None:
        """End every request with Aborted, then the engine. Returns after the step under way, if it returns."""
