"""A ModelRunner without a model: deterministic, and so strict that a wrong block table fails its request."""

import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from collections.abc import Sequence as List
from typing import Any

from autoglm_serving.engine.base import Output, Prompt, Request, SamplingParams
from autoglm_serving.engine.model_runner import Pending, Sampled
from autoglm_serving.engine.sequence import Sequence, Slice

EOS = 0
POISON = -1
"""A prompt that begins with it breaks every step it is part of."""
BROKEN_DEVICE = -2
"""A prompt that begins with it breaks every step from then on, the probe too."""
BAD_LOGITS = -3
"""A prompt that begins with it fails alone, as a row of logits that are no numbers does."""


def counting(sequence: Sequence) -> int:
    """Says 1, 2, 3, … up to the prompt's first token, then EOS."""
    said = sequence.generated
    return EOS if said >= sequence.token_ids[0] else said + 1


def hashing(sequence: Sequence) -> int:
    """A token that depends on every token before it, and is never EOS."""
    return 1 + zlib.crc32(repr(sequence.token_ids).encode()) % 1000


class FakeRunner:
    """Its cache keeps what each place of each block depends on; answering reads it all."""

    eos_token_ids = frozenset([EOS])

    def __init__(
        self,
        *,
        num_blocks: int = 1024,
        block_size: int = 4,
        next_token: Callable[[Sequence], int] = counting,
        step_seconds: float = 0.0,
        memory_tokens: int = 10**9,
        image_steps: int = 0,
    ) -> None:
        self.num_blocks = num_blocks
        self.block_size = block_size
        self.gate = threading.Event()
        """Cleared, it holds the next step up."""
        self.gate.set()
        self.steps: list[list[tuple[str, int, int]]] = []
        """Request id, start and count of every slice that was computed."""
        self.live: dict[Sequence, list[int]] = {}
        """Sequences whose state is held: a hash of all that each place of theirs depends on."""
        self.memory_tokens = memory_tokens
        """A step of more tokens finds no memory."""
        self.during: Callable[[], None] = lambda: None
        """Called amid every step."""
        self.faults: list[str] = []
        """What the engine did wrong."""
        self._image_steps = image_steps
        """Steps that are given to an image before its prompt is computed."""
        self._encoded: Counter[bytes] = Counter()
        self._next_token = next_token
        self._step_seconds = step_seconds
        self._cells: dict[tuple[int, int], int] = {}
        self._broken = False

    def execute(self, batch: List[Slice]) -> list[Sampled | Pending | Exception | None]:
        assert self.gate.wait(20)
        time.sleep(self._step_seconds)
        self.during()
        first = [piece.sequence.request.prompt.token_ids[0] for piece in batch]
        self._broken = self._broken or BROKEN_DEVICE in first
        if self._broken or POISON in first:
            raise RuntimeError("poison")
        if sum(piece.count for piece in batch) > self.memory_tokens:
            raise MemoryError
        for piece in batch:
            if len(piece.sequence.blocks) * self.block_size < piece.start + piece.count:
                self.faults.append(f"{piece.sequence.request.request_id} has no block for its tokens")
        self.steps.append([(piece.sequence.request.request_id, piece.start, piece.count) for piece in batch])
        return [Pending() if self._encodes(piece) else self._compute(piece) for piece in batch]

    def release(self, sequence: Sequence) -> None:
        self.live.pop(sequence, None)

    def probe(self) -> None:
        if self._broken:
            raise RuntimeError("no device")

    def _encodes(self, piece: Slice) -> bool:
        """A step's share of work on the images of a slice; False when they are ready."""
        digests = [] if piece.sequence.images is None else piece.sequence.images.digests
        missing = [digest for digest in digests if self._encoded[digest] < self._image_steps]
        self._encoded.update(missing)
        return bool(missing)

    def _compute(self, piece: Slice) -> Sampled | Exception | None:
        _extend(self.live.setdefault(piece.sequence, []), piece.sequence)
        self._write(piece)
        return self._result(piece)

    def _write(self, piece: Slice) -> None:
        for place in range(piece.start, piece.start + piece.count):
            self._cells[self._cell(piece.sequence, place)] = self.live[piece.sequence][place]

    def _result(self, piece: Slice) -> Sampled | Exception | None:
        sequence = piece.sequence
        for place in range(piece.start + piece.count):
            if self._cells.get(self._cell(sequence, place)) != self.live[sequence][place]:
                self.faults.append(f"place {place} of {sequence.request.request_id} holds another's token")
        if not piece.samples:
            return None
        if sequence.token_ids[0] == BAD_LOGITS:
            return ArithmeticError("the model's logits are not finite")
        return Sampled(self._next_token(sequence))

    def _cell(self, sequence: Sequence, place: int) -> tuple[int, int]:
        return sequence.blocks[place // self.block_size], place % self.block_size


def _extend(hashes: list[int], sequence: Sequence) -> None:
    """A hash for each of the sequence's tokens, over all tokens and images up to it."""
    images = sequence.images
    digests = {} if images is None else {span[0]: d for span, d in zip(images.spans, images.digests, strict=True)}
    for place in range(len(hashes), len(sequence.token_ids)):
        before = hashes[-1] if hashes else 0
        hashes.append(hash((before, sequence.token_ids[place], digests.get(place))))


def request(tokens: int | list[int], listener: Callable[[Output], None], **fields: Any) -> Request:
    """`fields` are Request's and SamplingParams' together."""
    prompt = Prompt(token_ids=[tokens] if isinstance(tokens, int) else tokens, images=fields.pop("images", None))
    known = {name: fields.pop(name) for name in list(fields) if name in SamplingParams.__dataclass_fields__}
    sampling = SamplingParams(**({"max_tokens": 10**9} | known))
    return Request(prompt=prompt, sampling=sampling, listener=listener, **fields)
