"""The real server over the real engine, but without a model: it starts at once and computes next to nothing.

What it says is a number that depends on every token of its prompt, so equal answers mean equal prompts.
"""

import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fake_runner import FakeRunner

from autoglm_serving import cli, server
from autoglm_serving.api.models import OneModel, ServedModel
from autoglm_serving.api.service import Limits, Service
from autoglm_serving.engine.base import Images, Prompt
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.engine import Engine
from autoglm_serving.engine.sequence import Sequence
from autoglm_serving.metrics import Metrics
from autoglm_serving.model.messages import Message, PromptTooLong
from autoglm_serving.quarantine.guard import GuardedEngine
from autoglm_serving.quarantine.ledger import Ledger
from autoglm_serving.settings import ServeSettings
from autoglm_serving.store.settings import build_store

EOS = 0
IMAGE_TOKENS = 16
WORDS = 8
"""Tokens of an answer before its end."""


def main() -> int:
    server.load = load  # type: ignore[assignment]
    return cli.main(["serve", "--model", "light", *sys.argv[1:]])


def load(settings: ServeSettings, ledger: Ledger | None = None) -> Service:
    config = EngineConfig(
        max_num_seqs=settings.max_num_seqs,
        max_num_waiting=settings.max_num_waiting,
        step_timeout=settings.step_timeout,
    )
    runner = FakeRunner(num_blocks=20_000, block_size=16, next_token=number_of, step_seconds=0.001)
    engine = Engine(runner, config)
    engine.start()
    length = settings.max_model_len or 25_480
    model = ServedModel(
        name=settings.served_model_name,
        version="1",
        created=int(time.time()),
        engine=GuardedEngine(engine, ledger) if ledger else engine,
        prompts=BytePrompts(length),
        max_model_len=length,
    )
    models = OneModel(model)
    limits = Limits(
        max_images=settings.limit_mm_per_prompt.image,
        max_image_pixels=settings.max_image_pixels,
        max_body_bytes=settings.max_body_bytes,
        max_bodies=settings.max_num_seqs + settings.max_num_waiting,
        max_conversation_bytes=settings.max_conversation_bytes,
    )
    store = build_store(settings)
    return Service(
        models=models, limits=limits, metrics=Metrics(models), identity_header=settings.identity_header, store=store
    )


def number_of(sequence: Sequence) -> int:
    """The next digit, as a token; then the end."""
    if sequence.generated % (WORDS + 1) == WORDS:
        return EOS
    number = zlib.crc32(repr(sequence.token_ids[: sequence.prompt_length]).encode())
    return 1 + ord(f"{number:010d}"[sequence.generated % (WORDS + 1)])


class BytePrompts:
    """A token is a byte and one more, for 0 is the end."""

    def __init__(self, max_model_len: int) -> None:
        self._max_model_len = max_model_len

    def build(self, messages: list[Message]) -> Prompt:
        tokens: list[int] = []
        spans, digests = [], []
        for message in messages:
            tokens += [1 + byte for byte in f"\n{message.role}:".encode()]
            for part in message.parts:
                if isinstance(part, str):
                    tokens += [1 + byte for byte in part.encode()]
                else:
                    digest = zlib.crc32(part.tobytes()).to_bytes(4, "big")
                    spans.append((len(tokens), IMAGE_TOKENS))
                    digests.append(digest)
                    tokens += [257 + digest[place % 4] for place in range(IMAGE_TOKENS)]
        if len(tokens) >= self._max_model_len:
            raise PromptTooLong(
                f"This model's maximum context length is {self._max_model_len} tokens, and the prompt has {len(tokens)}"
                " tokens. Shorten the messages."
            )
        images = Images(pixel_values=None, grid_thw=None, spans=tuple(spans), digests=tuple(digests))
        return Prompt(token_ids=tokens, images=images if spans else None)

    def decode(self, token_ids: list[int]) -> str:
        return bytes(token - 1 for token in token_ids if 0 < token <= 256).decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
