"""From a row of logits to a token: penalties, temperature, top-k, top-p and min-p in vLLM's order."""

import torch

from autoglm_serving.engine.base import SamplingParams

GREEDY_BELOW = 1e-5
"""Temperatures below this are greedy, as in vLLM: dividing by them overflows."""


class Sampler:
    """Holds one request's counts and random state."""

    def __init__(self, params: SamplingParams, prompt: torch.Tensor, vocab_size: int) -> None:
        """`prompt` is a 1-D tensor of token ids; its device is where the logits come from."""
        self._params = params
        self._counts = torch.zeros(vocab_size, device=prompt.device)
        self._in_prompt = torch.zeros(vocab_size, dtype=torch.bool, device=prompt.device)
        self._in_prompt[prompt] = True
        self._random = torch.Generator(device=prompt.device)
        if params.seed is None:
            self._random.seed()
        else:
            # torch takes 64 bits; OpenAI's seed may be any integer, negative ones too.
            self._random.manual_seed(params.seed & (2**63 - 1))

    def sample(self, logits: torch.Tensor) -> int:
        """`logits` is [vocab_size]. Raises ArithmeticError when they are not numbers."""
        row = self._penalised(logits.float())
        if not bool(torch.isfinite(row).all()):
            raise ArithmeticError("the model's logits are not finite")
        token = int(row.argmax()) if self._params.temperature < GREEDY_BELOW else self._drawn(row)
        self._counts[token] += 1
        return token

    def _penalised(self, logits: torch.Tensor) -> torch.Tensor:
        params = self._params
        if params.repetition_penalty != 1.0:
            seen = self._in_prompt | (self._counts > 0)
            factor = torch.where(logits > 0, 1 / params.repetition_penalty, params.repetition_penalty)
            logits = torch.where(seen, logits * factor, logits)
        if params.frequency_penalty:
            logits = logits - params.frequency_penalty * self._counts
        if params.presence_penalty:
            logits = logits - params.presence_penalty * (self._counts > 0)
        return logits

    def _drawn(self, logits: torch.Tensor) -> int:
        params = self._params
        ordered, tokens = (logits / params.temperature).sort(descending=True)
        if params.top_k:
            ordered = ordered[: params.top_k]
        probabilities = ordered.softmax(dim=-1)
        # A token stays while the mass before it is under top_p, so the first always does.
        keep = probabilities.cumsum(dim=-1) - probabilities < params.top_p
        keep &= probabilities >= params.min_p * probabilities[0]
        choice = torch.multinomial(probabilities * keep, 1, generator=self._random)
        return int(tokens[choice])
