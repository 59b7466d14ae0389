"""One answer in the making: its tokens, its blocks of the cache, how far it is computed. Imports no torch."""

from dataclasses import dataclass, field
from typing import Any

from autoglm_serving.engine.base import Images, Request


@dataclass(eq=False)
class Sequence:
    request: Request
    arrival: float
    """On the monotonic clock."""
    token_ids: list[int] = field(init=False)
    """The prompt, then what was generated."""
    blocks: list[int] = field(default_factory=list, init=False)
    """Numbers of the cache's blocks, in order; set by the block manager."""
    computed: int = field(default=0, init=False)
    """Tokens from the start whose keys and values are held; set by the scheduler."""
    block_names: list[bytes] = field(default_factory=list, init=False)
    """Of its full blocks, as far as they were asked for; see prefix.py."""
    state: Any = field(default=None, init=False)
    """The runner's own (sampler, positions, image embeddings); None until it is first run, and after a preemption."""
    cancelled: bool = field(default=False, init=False)
    scheduled: float | None = field(default=None, init=False)
    """When something of it was first computed, on the monotonic clock; set by the engine."""
    cached: int = field(default=0, init=False)
    """Tokens of the prompt that were found computed when it first got a place; set by the scheduler."""
    admitted: bool = field(default=False, init=False)
    """It has had a place; set by the scheduler."""
    strikes: int = field(default=0, init=False)
    """How often a smallest step of it alone found no memory; set by the engine."""

    def __post_init__(self) -> None:
        self.token_ids = list(self.request.prompt.token_ids)

    @property
    def prompt_length(self) -> int:
        return len(self.request.prompt.token_ids)

    @property
    def generated(self) -> int:
        return len(self.token_ids) - self.prompt_length

    @property
    def images(self) -> Images | None:
        return self.request.prompt.images


@dataclass(frozen=True)
class Slice:
    """What one step computes of one sequence: `count` tokens from place `start`.

    The slice that ends with the sequence's last token yields the next one.
    """

    sequence: Sequence
    start: int
    count: int

    @property
    def samples(self) -> bool:
        return self.start + self.count == len(self.sequence.token_ids)
