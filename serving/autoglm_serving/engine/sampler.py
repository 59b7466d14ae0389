"""From a batch of logits to a token a row: penalties, guides, then the best token or a drawn one, as vLLM does it.

A row's token depends on its own logits and state alone, never on the rest of the batch.
"""

from collections.abc import Sequence as List

import torch
from torch import Tensor

from autoglm_serving.engine import logit_rules
from autoglm_serving.engine.base import Logprob
from autoglm_serving.engine.draws import draw
from autoglm_serving.engine.model_runner import Sampled
from autoglm_serving.engine.sample_state import SampleState

GREEDY_BELOW = 1e-5
"""Temperatures below this are greedy, as in vLLM: dividing by them overflows."""


def sample(logits: Tensor, states: List[SampleState]) -> list[Sampled | Exception]:
    """One token a row of [rows, vocabulary] logits, or the error of that row alone. float32 logits are overwritten."""
    values = logits.float().contiguous()
    errors = _not_numbers(values)
    logit_rules.penalise(values, states)
    asked = [row for row, state in enumerate(states) if state.params.logprobs is not None]
    # What is reported are the model's own wishes, whatever a guide allows.
    wishes = values[asked].log_softmax(dim=-1) if asked else values
    errors = logit_rules.guide(values, states) | errors
    tokens = _choose(values, states, errors)
    logprobs = _logprobs(wishes, [(tokens[row], states[row].params.logprobs or 0) for row in asked])
    reported = dict(zip(asked, logprobs, strict=True))
    return [
        errors[row] if row in errors else _said(states[row], tokens[row], reported.get(row))
        for row in range(len(states))
    ]


def _not_numbers(values: Tensor) -> dict[int, Exception]:
    # A sum is not finite when one of its terms is not, and takes a thirtieth of the time of looking at each.
    finite = values.sum(dim=-1).isfinite().tolist()
    return {row: ArithmeticError("the model's logits are not finite") for row, good in enumerate(finite) if not good}


def _choose(values: Tensor, states: List[SampleState], errors: dict[int, Exception]) -> list[int]:
    """A token for each row; of a row with an error, any."""
    tokens = _best(values)
    drawn = [row for row, state in enumerate(states) if state.params.temperature >= GREEDY_BELOW and row not in errors]
    if drawn:
        rows = values if len(drawn) == len(states) else values[drawn]
        for row, token in zip(drawn, draw(rows, [states[row] for row in drawn]).tolist(), strict=True):
            tokens[row] = token
    return tokens


def _best(values: Tensor) -> list[int]:
    """The first of the largest of each row."""
    # numpy's argmax is vectorised on a CPU, torch's is not: 0.01 and 0.14 ms a row of 151,552.
    best: list[int] = (values.numpy() if values.device.type == "cpu" else values).argmax(-1).tolist()
    return best


def _logprobs(wishes: Tensor, asked: list[tuple[int, int]]) -> list[Logprob]:
    """`asked` has the chosen token and the number of likely ones of each row of logprobs."""
    if not asked:
        return []
    most = min(max(count for _, count in asked), wishes.shape[1])
    top, ids = (part.tolist() for part in wishes.topk(most, dim=-1))
    chosen = wishes.gather(1, torch.tensor([[token] for token, _ in asked], device=wishes.device))[:, 0].tolist()
    return [
        Logprob(chosen=chosen[row], top=tuple(zip(ids[row][:count], top[row][:count], strict=True)))
        for row, (_, count) in enumerate(asked)
    ]


def _said(state: SampleState, token: int, logprob: Logprob | None) -> Sampled | Exception:
    try:
        complete = state.guide is not None and state.guide.accept(token)
    except Exception as error:
        return error
    return Sampled(token_id=token, logprob=logprob, complete=complete)
