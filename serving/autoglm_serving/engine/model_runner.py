"""What the engine asks of a model: compute a step's slices, all in one forward pass."""

from collections.abc import Sequence as List
from dataclasses import dataclass
from typing import Protocol

from autoglm_serving.engine.base import Logprob
from autoglm_serving.engine.sequence import Sequence, Slice


@dataclass(frozen=True)
class Sampled:
    """The next token of a slice that samples; `complete` when its guide says that the answer must end here."""

    token_id: int
    logprob: Logprob | None = None
    complete: bool = False


@dataclass(frozen=True)
class Pending:
    """Nothing of this slice counts yet: a piece of its image was encoded. Give the slice again, in any later step.

    A large screenshot takes seconds in the vision tower, and the answers beside it must not wait for all of them.
    """


class ModelRunner(Protocol):
    """Owns the weights, the cache's memory and the samplers. Called on the engine's thread alone."""

    eos_token_ids: frozenset[int]
    block_size: int
    """Tokens of one block."""
    num_blocks: int

    def execute(self, batch: List[Slice]) -> list[Sampled | Pending | Exception | None]:
        """One result a slice: None where it does not sample, Pending where its image is not ready, an Exception where
        only this sequence failed (its sampling, its logits). Raises when the step as a whole failed; then nothing of it
        counts, and the engine may run its slices again, each alone. Tokens before `start` are in the blocks already.
        """

    def release(self, sequence: Sequence) -> None:
        """The sequence has ended or lost its place: forget its state."""

    def probe(self) -> None:
        """A smallest forward pass. Raises when the device no longer computes."""
