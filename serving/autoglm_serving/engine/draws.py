"""One token for each row, drawn by temperature, top-k, top-p and min-p in vLLM's order."""

from collections.abc import Callable
from collections.abc import Sequence as List

import torch
from torch import Tensor

from autoglm_serving.engine.sample_state import SampleState

CANDIDATES = (128, 2048)
"""Tokens that are put in order first; nearly always all that the filters keep are among them. Ordering a vocabulary of
151,552 takes 12 ms a row on a CPU, its 128 best 0.3 ms, its 2,048 best under 1 ms."""


def draw(logits: Tensor, states: List[SampleState]) -> Tensor:
    """Token ids [rows] from float32 logits [rows, vocabulary], in which -inf is never drawn."""
    columns = _columns(logits, states)
    logits = logits / columns(lambda state: state.params.temperature)
    chosen = torch.empty(len(states), dtype=torch.long, device=logits.device)
    plain = [row for row, state in enumerate(states) if not _needs_order(state)]
    if plain:
        chosen[plain] = _draw_plain(logits[plain], [states[row] for row in plain])
    left = [row for row, state in enumerate(states) if _needs_order(state)]
    for size in (*CANDIDATES, logits.shape[1]):
        size = min(size, logits.shape[1])
        rows = [row for row in left if states[row].params.top_k <= size or size == logits.shape[1]]
        if rows:
            tokens, settled = _draw_ordered(logits[rows], [states[row] for row in rows], size)
            chosen[rows] = tokens
            done = {row for row, good in zip(rows, settled.tolist(), strict=True) if good}
            left = [row for row in left if row not in done]
    return chosen


def _needs_order(state: SampleState) -> bool:
    return state.params.top_k > 0 or state.params.top_p < 1


def _draw_plain(logits: Tensor, states: List[SampleState]) -> Tensor:
    """No filter but min-p, which needs no order."""
    columns = _columns(logits, states)
    probabilities = logits.softmax(dim=-1)
    least = columns(lambda state: state.params.min_p) * probabilities.amax(dim=-1, keepdim=True)
    return _inverse(torch.where(probabilities >= least, probabilities, 0.0), columns)


def _draw_ordered(logits: Tensor, states: List[SampleState], size: int) -> tuple[Tensor, Tensor]:
    """Tokens [rows] drawn from the `size` best, and whether [rows] these hold all that the filters keep."""
    columns = _columns(logits, states)
    ordered, tokens = logits.topk(size, dim=-1)
    top_k = columns(lambda state: state.params.top_k or logits.shape[1])
    cut = torch.arange(size, device=logits.device) < top_k
    ordered = ordered.masked_fill(~cut, -torch.inf)
    # Without top-k the probabilities are those of the whole vocabulary.
    whole = torch.where(top_k > size, logits.logsumexp(-1, keepdim=True), ordered.logsumexp(-1, keepdim=True))
    probabilities = (ordered - whole).exp()
    mass = probabilities.cumsum(dim=-1)
    top_p = columns(lambda state: state.params.top_p)
    # A token stays while the mass before it is under top_p, so the first always does.
    keep = (mass - probabilities < top_p) & (
        probabilities >= columns(lambda state: state.params.min_p) * probabilities[:, :1]
    )
    settled = (top_k <= size) | (mass[:, -1:] >= top_p) | ~keep[:, -1:]
    drawn = _inverse(torch.where(keep, probabilities, 0.0), columns)
    return tokens.gather(1, drawn[:, None])[:, 0], settled[:, 0]


Columns = Callable[[Callable[[SampleState], float]], Tensor]


def _columns(logits: Tensor, states: List[SampleState]) -> Columns:
    """Maker of columns [rows, 1] of one setting of each row."""
    return lambda setting: torch.tensor([[setting(state)] for state in states], device=logits.device)


def _inverse(weights: Tensor, columns: Columns) -> Tensor:
    """The place of each row's random number in its running sum; the weights need not add up to one."""
    running = weights.cumsum(dim=-1)
    total = running[:, -1:].contiguous()
    place = torch.searchsorted(running, columns(SampleState.uniform).to(running.dtype) * total, right=True)
    # Rounding may carry a number up to the whole sum; its place is the last that has a weight.
    last = torch.searchsorted(running, total)
    return torch.minimum(place, last)[:, 0]
