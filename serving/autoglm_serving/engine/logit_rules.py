"""What changes a batch's logits before a token is chosen: penalties, and what a guide allows."""

from collections.abc import Sequence as List
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autoglm_serving.engine.sample_state import SampleState


def penalise(logits: Tensor, states: List[SampleState]) -> None:
    """Repetition, frequency and presence penalties, in place; only tokens that were said or asked are touched."""
    vocabulary = logits.shape[1]
    repeated: list[Any] = []
    factors: list[Any] = []
    said: list[Any] = []
    amounts: list[Any] = []
    for row, state in enumerate(states):
        params = state.params
        if params.repetition_penalty != 1.0:
            tokens = state.seen()
            repeated.append(tokens + row * vocabulary)
            factors.append(np.full(len(tokens), params.repetition_penalty, dtype=np.float32))
        if params.frequency_penalty or params.presence_penalty:
            tokens, counts = state.said()
            said.append(tokens + row * vocabulary)
            amounts.append(params.frequency_penalty * counts + np.float32(params.presence_penalty))
    flat = logits.view(-1)
    if repeated:
        places, factor = _joined(repeated, logits), _joined(factors, logits)
        old = flat[places]
        flat[places] = torch.where(old > 0, old / factor, old * factor)
    if said:
        flat[_joined(said, logits)] -= _joined(amounts, logits)


def guide(logits: Tensor, states: List[SampleState]) -> dict[int, Exception]:
    """Set what a row's guide does not allow to -inf, in place. Returns the rows whose guide fails or allows nothing."""
    guides = [(row, state.guide) for row, state in enumerate(states) if state.guide is not None]
    if not guides:
        return {}
    failed: dict[int, Exception] = {}
    bits = np.zeros((len(guides), -(-logits.shape[1] // 32)), dtype=np.int32)
    for place, (row, one) in enumerate(guides):
        try:
            one.fill(bits[place])
        except Exception as error:
            failed[row] = error
    allowed = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")[:, : logits.shape[1]].astype(bool)
    for place, (row, _) in enumerate(guides):
        if not allowed[place].any():
            failed.setdefault(row, ValueError("the guide allows no token"))
    rows = [row for row, _ in guides]
    forbidden = torch.from_numpy(~allowed).to(logits.device)
    logits[rows] = logits[rows].masked_fill(forbidden, -torch.inf)
    return failed


def _joined(parts: list[Any], like: Tensor) -> Tensor:
    return torch.from_numpy(np.concatenate(parts)).to(like.device)
