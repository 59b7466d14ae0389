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
    "kinds": 1.0, "colors": 1.0, "places": 0.7,
    "words": 1.0, "numbers": 1.0,
    "look": 0.5, "copy": 0.5, "previous": 0.05,
}  # fmt: skip
"""How much each loss counts."""
SCREENS, QUESTIONS = 16, 6
WARMUP = 50
DECAY_OF_WEIGHTS = 0.02
DECAY = 0.35
"""The learning rate falls to nothing over this last part of the steps."""


@dataclass(frozen=True)
class Stage:
    """From step `start` on: the fewest and most coloured elements of a screen; whether the language side learns too;
    how far a swipe's ends may be from the table's. A number that is said is nearly right, seldom exact: without the
    last, the model knows no way on from a swipe's number that it has never seen there.
    """

    start: int
    targets: tuple[int, int]
    speaks: bool
    slack: int = 0


CURRICULUM = (
    Stage(0, (1, 6), speaks=False),
    Stage(350, (1, 3), speaks=True),
    Stage(600, (1, 6), speaks=True),
    Stage(900, (1, 8), speaks=True),
    Stage(1325, (1, 8), speaks=True, slack=25),
)


@dataclass(frozen=True)
class Options:
    steps: int
    seed: int = 0
    learning_rate: float = 3e-3
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
    optimizers = _optimizers(net, options.learning_rate)
    first = _resume(options, net, optimizers)
    sums: dict[str, float] = {}
    began = time.monotonic()
    for step, batch in _batches(options, first):
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = options.learning_rate * rate(step, options.steps)
        parts = _losses(net, batch, stage(step, options.curriculum).speaks)
        net.zero_grad()
        total = torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
        total.backward()  # type: ignore[no-untyped-call]  # as torch has it
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item()
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            count = (step % options.every) + 1
            means = {name: round(value / count, 4) for name, value in sums.items()}
            line = {"step": step + 1, "seconds": round(time.monotonic() - began), **means}
            print(json.dumps(line), file=log, flush=True)
            sums = {}
            _save(options, net, optimizers, step + 1)
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
        return batches.make(rng, SCREENS, QUESTIONS if now.speaks else 1, now.targets, now.slack)

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


def _optimizers(net: Trainable, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside of layers, AdamW for the rest: half again as good per step as AdamW alone here."""
    model = net.model
    # What `write_back` fills is not trained itself.
    filled = {id(model.lm_head.weight), id(model.model.language_model.embed_tokens.weight)}
    trained = {name: weight for name, weight in net.named_parameters() if id(weight) not in filled}
    inside = {
        name: weight
        for name, weight in trained.items()
        if weight.dim() == 2 and ("blocks." in name or "layers." in name)
    }
    others = [weight for name, weight in trained.items() if name not in inside]
    return [
        torch.optim.Muon(
            list(inside.values()), lr=learning_rate, weight_decay=DECAY_OF_WEIGHTS, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _save(options: Options, net: Trainable, optimizers: list[torch.optim.Optimizer], step: int) -> None:
    if options.checkpoint is None:
        return
    part = options.checkpoint.with_suffix(".part")
    states = [optimizer.state_dict() for optimizer in optimizers]
    torch.save({"step": step, "net": net.state_dict(), "optimizers": states}, part)
    part.rename(options.checkpoint)


def _resume(options: Options, net: Trainable, optimizers: list[torch.optim.Optimizer]) -> int:
    """The step to go on with."""
    if options.checkpoint is None or not options.checkpoint.exists():
        return 0
    saved = torch.load(options.checkpoint, weights_only=True)
    net.load_state_dict(saved["net"])
    for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return int(saved["step"])
