"""The ModelRunner on torch: a step's slices, of any sequences, in one forward pass over the paged cache."""

import time
from collections.abc import Sequence as List
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from autoglm_serving.engine.embeddings import Embeddings
from autoglm_serving.engine.model_runner import Pending, Sampled
from autoglm_serving.engine.sample_state import SampleState
from autoglm_serving.engine.sampler import sample
from autoglm_serving.engine.sequence import Sequence, Slice
from autoglm_serving.nn import rope
from autoglm_serving.nn.cache import PagedCache
from autoglm_serving.nn.model import Model
from autoglm_serving.nn.plan import Piece, lay_out

ALONE_SECONDS = 0.5
"""Of image encoding in a step that holds up no answer, so that those who come or leave are noticed."""

FIRST_SECONDS = 0.02
"""Of image encoding beside answers, before the first step has shown how long one takes."""

Result = Sampled | Pending | Exception | None


@dataclass(eq=False)
class _State:
    positions: rope.Positions
    """[3, prompt_length]"""
    offset: int
    """From a later token's place to its position."""
    sampling: SampleState
    embeddings: dict[int, Tensor] = field(default_factory=dict)
    """Of the images whose tokens are being computed, by number."""
    wanted: set[int] = field(default_factory=set)
    """Images that are being encoded."""


class TorchRunner:
    def __init__(self, model: Model, *, num_blocks: int, block_size: int, image_cache_bytes: int) -> None:
        text = model.text
        self.eos_token_ids = model.eos_token_ids
        self.num_blocks, self.block_size = num_blocks, block_size
        self._model = model
        self._cache = PagedCache(
            text.config, num_blocks=num_blocks, block_size=block_size, dtype=text.dtype, device=text.device
        )
        self._embeddings = None if model.vision is None else Embeddings(model.vision, image_cache_bytes)
        self._merge_size = 1 if model.config.vision is None else model.config.vision.merge_size
        self._step_seconds = FIRST_SECONDS

    @torch.inference_mode()
    def execute(self, batch: List[Slice]) -> list[Result]:
        results: list[Result] = [None] * len(batch)
        for place, piece in enumerate(batch):
            try:
                self._prepare(piece)
            except Exception as error:
                results[place] = error
        self._encode(batch, results)
        ready = [place for place, result in enumerate(results) if result is None]
        if ready:
            began = time.perf_counter()
            for place, result in zip(ready, self._compute([batch[place] for place in ready]), strict=True):
                results[place] = result
            self._step_seconds = time.perf_counter() - began
        return results

    def release(self, sequence: Sequence) -> None:
        state: _State | None = sequence.state
        sequence.state = None
        if state is not None and self._embeddings is not None and sequence.images is not None:
            for number in state.wanted:
                self._embeddings.unwant(sequence.images.digests[number])

    @torch.inference_mode()
    def probe(self) -> None:
        text = self._model.text
        memory = PagedCache(text.config, num_blocks=1, block_size=16, dtype=text.dtype, device=text.device)
        plan = lay_out([Piece(0, 1, [0])], 16, text.dtype, text.device, masks=text.masks)
        start = torch.zeros((3, 1), dtype=torch.long, device=text.device)
        text.logits(text.forward(text.embed(start[0]), start, memory, plan)).sum().item()

    def _prepare(self, piece: Slice) -> None:
        sequence = piece.sequence
        if sequence.state is None:
            positions, offset = rope.positions(sequence.prompt_length, sequence.images, self._merge_size)
            sequence.state = _State(positions, offset, SampleState.of(sequence))
        for number in _images(piece):
            self._want(sequence, number)

    def _want(self, sequence: Sequence, number: int) -> None:
        state: _State = sequence.state
        if number in state.embeddings or number in state.wanted:
            return
        if self._embeddings is None or sequence.images is None:
            raise ValueError("the model has no vision tower, and the prompt has an image")
        found = self._embeddings.get(sequence.images.digests[number])
        if found is not None:
            state.embeddings[number] = found
            return
        self._embeddings.want(sequence.images, number)
        state.wanted.add(number)

    def _encode(self, batch: List[Slice], results: list[Result]) -> None:
        """Give the images of this step a share of its time. What is not ready then is Pending."""
        missing = [place for place, piece in enumerate(batch) if results[place] is None and _wanted(piece)]
        answers = any(piece.samples and piece.count == 1 for place, piece in enumerate(batch) if place not in missing)
        until = time.perf_counter() + (self._step_seconds if answers else ALONE_SECONDS)
        for turn, place in enumerate(missing):
            try:
                # The first in turn gets on in every step, however short its share.
                if not self._finish(batch[place], until, must=turn == 0):
                    results[place] = Pending()
            except Exception as error:
                results[place] = error

    def _finish(self, piece: Slice, until: float, *, must: bool) -> bool:
        """Encode the slice's images as far as time allows. Whether it can be computed in this very step.

        Not in a step that encoded: what a step's tokens take is learned from those that did nothing else.
        """
        state, images, ready = piece.sequence.state, piece.sequence.images, True
        assert self._embeddings is not None and images is not None  # noqa: S101  as something is wanted
        for number in _wanted(piece):
            # Another sequence may have finished the same image.
            found = self._embeddings.get(images.digests[number])
            if found is None:
                if not must and time.perf_counter() >= until:
                    return False
                must = ready = False
                found = self._embeddings.advance(images.digests[number], until)
            if found is None:
                return False
            state.wanted.discard(number)
            state.embeddings[number] = found
        return ready

    def _compute(self, batch: List[Slice]) -> list[Result]:
        text = self._model.text
        plan = lay_out(
            [Piece(piece.start, piece.count, piece.sequence.blocks) for piece in batch],
            self.block_size,
            text.dtype,
            text.device,
            masks=text.masks,
        )
        ordered = [batch[place] for place in plan.order]
        x, places = self._inputs(ordered)
        ends = np.cumsum([piece.count for piece in ordered]) - 1
        sampling = [place for place, piece in enumerate(ordered) if piece.samples]
        wanted = None if len(sampling) == len(x) else torch.from_numpy(ends[sampling]).to(text.device)
        x = text.forward(x, places, self._cache, plan, wanted)
        results: list[Result] = [None] * len(batch)
        if sampling:
            logits = text.logits(x)
            chosen = sample(logits, [ordered[place].sequence.state.sampling for place in sampling])
            for place, result in zip(sampling, chosen, strict=True):
                results[plan.order[place]] = result
        for piece in batch:
            _let_go(piece)
        return results

    def _inputs(self, ordered: List[Slice]) -> tuple[Tensor, Tensor]:
        """Embeddings [rows, hidden] and positions [3, rows]."""
        text = self._model.text
        tokens: list[int] = []
        parts = []
        for piece in ordered:
            end = piece.start + piece.count
            tokens += piece.sequence.token_ids[piece.start : end]
            parts.append(_positions(piece.sequence, piece.start, end))
        x = text.embed(torch.tensor(tokens, device=text.device))
        first = 0
        for piece in ordered:
            for number in _images(piece):
                start, count = piece.sequence.images.spans[number]  # type: ignore[union-attr]
                low, high = max(start, piece.start), min(start + count, piece.start + piece.count)
                embedding = piece.sequence.state.embeddings[number]
                shift = first - piece.start
                x[low + shift : high + shift] = embedding[low - start : high - start]
            first += piece.count
        return x, torch.from_numpy(np.concatenate(parts, axis=1)).to(text.device)


def _positions(sequence: Sequence, start: int, end: int) -> rope.Positions:
    state: _State = sequence.state
    known = state.positions[:, start:end]
    if known.shape[1] == end - start:
        return known
    later = np.arange(max(start, sequence.prompt_length), end) + state.offset
    return np.concatenate([known, np.broadcast_to(later, (3, len(later)))], axis=1)


def _images(piece: Slice) -> list[int]:
    """Numbers of the images with a token in the slice."""
    images = piece.sequence.images
    if images is None:
        return []
    end = piece.start + piece.count
    return [number for number, (start, count) in enumerate(images.spans) if start < end and start + count > piece.start]


def _wanted(piece: Slice) -> list[int]:
    state: _State | None = piece.sequence.state
    return [] if state is None or not state.wanted else [number for number in _images(piece) if number in state.wanted]


def _let_go(piece: Slice) -> None:
    """Of embeddings that no later slice needs."""
    state, images = piece.sequence.state, piece.sequence.images
    for number in _images(piece):
        if images is not None and piece.start + piece.count >= sum(images.spans[number]):
            state.embeddings.pop(number, None)
