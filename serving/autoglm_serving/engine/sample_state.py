"""What the sampler remembers of one answer: how often each token was said, and its random numbers. Imports no torch."""

import secrets
import struct
from hashlib import blake2b
from typing import Any

import numpy as np

from autoglm_serving.engine.base import Guide, SamplingParams
from autoglm_serving.engine.sequence import Sequence

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


class SampleState:
    """Made anew after a preemption: all of it follows from the sequence's tokens."""

    def __init__(self, params: SamplingParams, token_ids: list[int], prompt_length: int, guide: Guide | None) -> None:
        """`token_ids` is the sequence's own list, which grows by each token that is said."""
        self.params = params
        self.guide = guide
        self._token_ids = token_ids
        self._prompt_length = prompt_length
        self._seed = secrets.randbits(64) if params.seed is None else params.seed
        self._seen = prompt_length
        self._places: dict[int, int] = {}
        self._tokens: Ints = np.empty(16, dtype=np.int64)
        self._counts: Floats = np.empty(16, dtype=np.float32)
        self._prompt: Ints | None = None

    @classmethod
    def of(cls, sequence: Sequence) -> "SampleState":
        request = sequence.request
        return cls(request.sampling, sequence.token_ids, sequence.prompt_length, request.guide)

    def said(self) -> tuple[Ints, Floats]:
        """The different tokens of the answer until now, and how often each was said."""
        for token in self._token_ids[self._seen :]:
            place = self._places.get(token)
            if place is None:
                place = self._add(token)
            self._counts[place] += 1
        self._seen = len(self._token_ids)
        return self._tokens[: len(self._places)], self._counts[: len(self._places)]

    def seen(self) -> Ints:
        """The different tokens of the prompt and the answer."""
        if self._prompt is None:
            self._prompt = np.unique(np.asarray(self._token_ids[: self._prompt_length], dtype=np.int64))
        return np.union1d(self._prompt, self.said()[0])

    def uniform(self) -> float:
        """A number in [0, 1) that depends on the seed and the place in the answer alone.

        So an answer is the same in whatever batch it is made, on whatever device, and after a preemption. The seed may
        be any integer, as in OpenAI's API.
        """
        place = len(self._token_ids) - self._prompt_length
        digest = blake2b(struct.pack("<Qq", self._seed & (2**64 - 1), place), digest_size=8).digest()
        return (int.from_bytes(digest, "little") >> 11) * 2.0**-53

    def _add(self, token: int) -> int:
        place = self._places[token] = len(self._places)
        if place == len(self._tokens):
            self._tokens = np.resize(self._tokens, 2 * place)
            self._counts = np.resize(self._counts, 2 * place)
        self._tokens[place], self._counts[place] = token, 0
        return place
