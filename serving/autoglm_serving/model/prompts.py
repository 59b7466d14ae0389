"""From a chat to the model's input: chat template, image patches, token ids."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from transformers import PreTrainedTokenizerFast

from autoglm_serving.engine.base import Images, Prompt
from autoglm_serving.errors import ModelError
from autoglm_serving.model import patches
from autoglm_serving.model.messages import Message, PromptError, PromptTooLong

IMAGE_TOKEN = "<|image|>"  # noqa: S105  a token of text
IMAGE_PLACEHOLDER = f"<|begin_of_image|>{IMAGE_TOKEN}<|end_of_image|>"


class PromptBuilder:
    """Safe to call from several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        image_token_id: int | None,
        content_format: str,
        max_pixels: int | None,
        max_model_len: int,
    ) -> None:
        """`max_pixels` overrides the folder's limit of one image, which counts both frames of a temporal patch.

        Without an `image_token_id`, the model takes text alone.
        """
        try:
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            # The loader raises whatever its parsers do.
            raise ModelError(f"{folder}: the tokenizer can't be loaded: {error}") from error
        if not tokenizer.chat_template:
            raise ModelError(f"{folder / 'chat_template.jinja'} is missing: without it a chat can't be written out")
        if image_token_id is not None and tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) != image_token_id:
            raise ModelError(f"{folder}: {IMAGE_TOKEN} in tokenizer.json is not config.json's image_token_id")
        self._cutter = None if image_token_id is None else patches.read(folder, max_pixels=max_pixels)
        self._tokenizer = tokenizer
        self._backend = tokenizer.backend_tokenizer
        self._image_token_id = image_token_id
        self._content_format = content_format
        self._max_model_len = max_model_len
        self._longest_token = max(len(token.encode()) for token in tokenizer.get_vocab())

    def build(self, messages: Sequence[Message]) -> Prompt:
        """Raises PromptError. CPU-bound: tens of milliseconds for a screenshot."""
        text = self._render(messages)
        # Tokenizing takes seconds on megabytes, so what can't possibly fit is not tokenized.
        self._check_length(-(-len(text.encode()) // self._longest_token), "at least ")
        token_ids = self._backend.encode(text, add_special_tokens=False).ids
        pictures = [image for message in messages for image in message.images]
        if pictures and self._cutter is None:
            raise PromptError("this model takes no images: send text alone, or ask for another model")
        if token_ids.count(self._image_token_id) != len(pictures):
            raise PromptError(f"the text of a message must not contain {IMAGE_TOKEN}; send images as image_url parts")
        if not pictures or self._cutter is None:
            self._check_length(len(token_ids), "")
            return Prompt(token_ids=token_ids)
        cut = self._cutter(pictures)
        token_ids, spans = self._with_image_tokens(token_ids, cut.grids, self._cutter.merge**2)
        self._check_length(len(token_ids), "")
        images = Images(pixel_values=cut.values, grid_thw=cut.grids, spans=spans, digests=_digests(cut))
        return Prompt(token_ids=token_ids, images=images)

    def decode(self, token_ids: list[int]) -> str:
        text: str = self._backend.decode(token_ids, skip_special_tokens=True)
        return text

    def _check_length(self, tokens: int, qualifier: str) -> None:
        # One place is for the answer.
        if tokens >= self._max_model_len:
            raise PromptTooLong(
                f"This model's maximum context length is {self._max_model_len} tokens, and the prompt has"
                f" {qualifier}{tokens} tokens. Shorten the messages or send smaller images."
            )

    def _render(self, messages: Sequence[Message]) -> str:
        chat = [{"role": message.role, "content": self._content(message)} for message in messages]
        try:
            text = self._tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        except jinja2.TemplateError as error:
            raise PromptError(f"the model's chat template refused the messages: {error}") from None
        assert isinstance(text, str)  # noqa: S101  as asked by tokenize=False
        return text

    def _content(self, message: Message) -> str | list[dict[str, str]]:
        """With "string", images come first, then the texts, a line each: as vLLM does with this setting."""
        texts = [part for part in message.parts if isinstance(part, str)]
        if self._content_format == "string" or not message.images:
            return "\n".join([IMAGE_PLACEHOLDER] * len(message.images) + texts)
        return [
            {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"} for part in message.parts
        ]

    def _with_image_tokens(
        self, token_ids: list[int], grids: Any, merged: int
    ) -> tuple[list[int], tuple[tuple[int, int], ...]]:
        """Each image's one token as many times as it has embeddings; and where each image is: its place and length.

        `merged` patches make one token.
        """
        counts = iter([int(grid.prod()) // merged for grid in grids])
        expanded: list[int] = []
        spans = []
        for token_id in token_ids:
            if token_id == self._image_token_id:
                spans.append((len(expanded), next(counts)))
                expanded += [token_id] * spans[-1][1]
            else:
                expanded.append(token_id)
        return expanded, tuple(spans)


def _digests(cut: patches.Patches) -> tuple[bytes, ...]:
    """A hash of each image's patches and their grid."""
    ends = cut.grids.prod(axis=1).cumsum()
    starts = [0, *ends[:-1]]
    digests = []
    for grid, start, end in zip(cut.grids, starts, ends, strict=True):
        digest = hashlib.blake2b(grid.tobytes(), digest_size=16)
        digest.update(cut.values[start:end].data)
        digests.append(digest.digest())
    return tuple(digests)
