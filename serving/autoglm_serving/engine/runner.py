"""The forward pass of a GLM-4V, one sequence at a time, each with its own growing cache."""

from dataclasses import dataclass

import torch
from transformers import DynamicCache, Glm4vForConditionalGeneration

from autoglm_serving.engine.base import Images, Request
from autoglm_serving.engine.sampler import Sampler


@dataclass(eq=False)
class SequenceState:
    sampler: Sampler
    cache: DynamicCache
    images: Images | None
    unseen: torch.Tensor
    """Token ids [1, n] that the model has not been given yet: the prompt, then the latest token."""
    next_position: int = 0
    """Rotary position of the next token. An image takes fewer positions than tokens, so this is no count."""


class Glm4vRunner:
    def __init__(self, model: Glm4vForConditionalGeneration, eos_token_ids: frozenset[int]) -> None:
        self._model = model
        self._device = model.device
        self._image_token_id: int = model.config.image_token_id
        self._vocab_size: int = model.config.get_text_config().vocab_size
        self.eos_token_ids = eos_token_ids

    def start(self, request: Request) -> SequenceState:
        prompt = torch.tensor(request.prompt.token_ids, device=self._device)
        return SequenceState(
            sampler=Sampler(request.sampling, prompt, self._vocab_size),
            cache=DynamicCache(config=self._model.config.get_text_config()),
            images=request.prompt.images,
            unseen=prompt[None],
        )

    @torch.inference_mode()
    def step(self, state: SequenceState) -> int:
        if state.cache.get_seq_length() == 0:
            logits = self._prefill(state)
        else:
            position = torch.full((3, 1, 1), state.next_position, device=self._device)
            logits = self._forward(state, position)
            state.next_position += 1
        token = state.sampler.sample(logits)
        state.unseen = torch.tensor([[token]], device=self._device)
        return token

    @torch.inference_mode()
    def probe(self) -> None:
        self._model(input_ids=torch.zeros((1, 1), dtype=torch.long, device=self._device), use_cache=False)

    def _prefill(self, state: SequenceState) -> torch.Tensor:
        images = state.images
        state.images = None
        grid = None if images is None else torch.as_tensor(images.grid_thw, device=self._device)
        # The model would keep the positions' offset in itself, which is one for all sequences: so it is given them.
        position, _ = self._model.model.get_rope_index(
            state.unseen, (state.unseen == self._image_token_id).int(), image_grid_thw=grid
        )
        state.next_position = int(position.max()) + 1
        if images is None:
            return self._forward(state, position)
        pixels = torch.as_tensor(images.pixel_values, device=self._device, dtype=self._model.dtype)
        return self._forward(state, position, pixel_values=pixels, image_grid_thw=grid)

    def _forward(self, state: SequenceState, position: torch.Tensor, **images: torch.Tensor | None) -> torch.Tensor:
        """Logits [vocab_size] after the last of the unseen tokens; they are in the cache from then on."""
        output = self._model(
            input_ids=state.unseen,
            position_ids=position,
            past_key_values=state.cache,
            use_cache=True,
            logits_to_keep=1,
            **images,
        )
        logits: torch.Tensor = output.logits[0, -1]
        return logits
