"""What an engine may hold and how long a step may take: one place for its bounds. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    max_num_seqs: int
    """Requests that generate at the same time."""
    max_num_waiting: int
    """Requests that wait for a place; one more gets QueueFull."""
    step_timeout: float
    """Seconds after which a step that has not returned means a dead engine."""
    max_num_batched_tokens: int = 2048
    """Tokens that one step computes at most (vLLM's name and default)."""
    prefix_caching: bool = True
    """Keep the blocks of ended requests, for those that begin with the same tokens and images."""
    stall_factor: float = 2.0
    """A step that carries a piece of a prompt may take this many times as long as one that carries none."""
    user_quantum: float = 2048.0
    """Tokens that a user may get ahead of another who waits before a place changes hands, an answer's counted twice.

    With less, answers would be computed again and again; this many are a long answer.
    """

    def __post_init__(self) -> None:
        for name, least in (("max_num_seqs", 1), ("max_num_waiting", 0), ("max_num_batched_tokens", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}: {getattr(self, name)} is less than {least}")
        if self.max_num_batched_tokens < self.max_num_seqs:
            raise ValueError(
                f"max_num_batched_tokens: {self.max_num_batched_tokens} is less than max_num_seqs"
                f" ({self.max_num_seqs}), and each of these needs a token in every step"
            )
        if not self.step_timeout > 0:
            raise ValueError(f"step_timeout: {self.step_timeout} seconds leave a step no time")
        if not self.user_quantum > 0:
            raise ValueError(f"user_quantum: {self.user_quantum} tokens would change places in every step")
        if not self.stall_factor > 1:
            raise ValueError(f"stall_factor: {self.stall_factor} leaves prompts no time; it must be over 1")
