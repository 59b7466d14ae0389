"""The training: fixed seed, one thread, checkpoints that a killed run goes on from."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import torch
from transformers import Glm4vForConditionalGeneration

from tinyphone import batches, losses, shape
from tinyphone.batches import Batch
from tinyphone.network import Trainable

WEIGHTS = {
    "kinds": 1.0, "colors": 1.0, "places": 0.5,
    "words": 1.0, "numbers": 1.0,
    "look": 0.5, "copy": 0.5, "previous": 0.05,
}  # fmt: skip
"""How much each loss counts."""
SCREENS, QUESTIONS = 16, 6
WARMUP = 50
DECAY = 0.35
"""The learning rate falls to nothing over this last part of the steps."""


@dataclass(frozen=True)
class Stage:
    """From step `start` on: the fewest and most coloured elements of a screen; whether the language side learns too."""

    start: int
    targets: tuple[int, int]
    speaks: bool


CURRICULUM = (
    Stage(0, (1, 6), speaks=False),
    Stage(300, (1, 3), speaks=True),
    Stage(600, (1, 6), speaks=True),
    Stage(1000, (1, 8), speaks=True),
)


@dataclass(frozen=True)
class Options:
    steps: int
    seed: int = 0
    learning_rate: float = 2e-3
    checkpoint: Path | None = None
    every: int = 25
    """Steps between checkpoints and lines of the log."""
    curriculum: tuple[Stage, ...] = CURRICULUM


def start(seed: int) -> Trainable:
    torch.manual_seed(seed)
    return Trainable(Glm4vForConditionalGeneration(shape.config()))


def run(options: Options, log: TextIO) -> Trainable:
    """Trains, or goes on from the checkpoint; a JSON line of mean losses every so often."""
    torch.set_num_threads(1)
    net = start(options.seed)
    optimizer = torch.optim.AdamW(_groups(net), lr=options.learning_rate, betas=(0.9, 0.98))
    first = _resume(options, net, optimizer)
    sums: dict[str, float] = {}
    began = time.monotonic()
    for step, batch in _batches(options, first):
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * rate(step, options.steps)
        parts = _losses(net, batch, stage(step, options.curriculum).speaks)
        optimizer.zero_grad()
        total = torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
        total.backward()  # type: ignore[no-untyped-call]  # as torch has it
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item()
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            count = (step % options.every) + 1
            means = {name: round(value / count, 4) for name, value in sums.items()}
            line = {"step": step + 1, "seconds": round(time.monotonic() - began), **means}
            print(json.dumps(line), file=log, flush=True)
            sums = {}
            _save(options, net, optimizer, step + 1)
    net.write_back()
    return net


def rate(step: int, steps: int) -> float:
    """Share of the learning rate: up, level, and down to nothing at the end."""
    return min(1.0, (step + 1) / WARMUP, (steps - step) / (DECAY * steps))


def stage(step: int, curriculum: tuple[Stage, ...]) -> Stage:
    return next(item for item in reversed(curriculum) if step >= item.start)


def _batches(options: Options, first: int) -> Iterator[tuple[int, Batch]]:
    """Steps and their batches; the next batch is drawn while the model learns from this one."""

    def make(step: int) -> Batch:
        now = stage(step, options.curriculum)
        # Each step's screens follow from the seed and its number: a run that goes on sees what it would have seen.
        rng = random.Random(f"{options.seed} {step}")  # noqa: S311  screens, not secrets
        return batches.make(rng, SCREENS, QUESTIONS if now.speaks else 1, now.targets)

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(make, first)
        for step in range(first, options.steps):
            batch, following = following.result(), pool.submit(make, step + 1)
            yield step, batch


def _losses(net: Trainable, batch: Batch, speaks: bool) -> dict[str, torch.Tensor]:
    if not speaks:
        return losses.vision(net, net.see(batch.patches), batch)
    output = net(batch, losses.GUIDED)
    return (
        losses.vision(net, output.cells, batch)
        | losses.answers(net, output, batch)
        | losses.attention(net, output, batch)
    )


def _groups(net: Trainable) -> list[dict[str, object]]:
    """Decay for matrices only. What `write_back` fills is not trained itself."""
    model = net.model
    skipped = {id(model.lm_head.weight), id(model.model.language_model.embed_tokens.weight)}
    trained = [weight for weight in net.parameters() if id(weight) not in skipped]
    tables = {id(net.words), id(net.numbers)}
    decayed = [weight for weight in trained if weight.dim() >= 2 and id(weight) not in tables]
    kept = [weight for weight in trained if weight.dim() < 2 or id(weight) in tables]
    return [{"params": decayed, "weight_decay": 0.02}, {"params": kept, "weight_decay": 0.0}]


def _save(options: Options, net: Trainable, optimizer: torch.optim.Optimizer, step: int) -> None:
    if options.checkpoint is None:
        return
    part = options.checkpoint.with_suffix(".part")
    torch.save({"step": step, "net": net.state_dict(), "optimizer": optimizer.state_dict()}, part)
    part.rename(options.checkpoint)


def _resume(options: Options, net: Trainable, optimizer: torch.optim.Optimizer) -> int:
    """The step to go on with."""
    if options.checkpoint is None or not options.checkpoint.exists():
        return 0
    saved = torch.load(options.checkpoint, weights_only=True)
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
    return int(saved["step"])
