"""From screens and tasks to the arrays that a training step takes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from PIL import Image

from tinyphone import screens, shape, tasks, vocabulary
from tinyphone.screens import COLORS, FIELD, KEYBOARD, KINDS, Screen

DRAWN_WIDTH = 336
"""Screens are drawn at a third of their size, which costs a tenth of the time; the model sees less than that."""
LENGTH = 40
"""Most tokens of a task and its answer; the few that need more are made again."""
KIND_CLASSES = {"": 0, **{kind: number for number, kind in enumerate((*KINDS, FIELD, KEYBOARD), start=1)}}
COLOR_CLASSES = {"": 0, **{color: number for number, color in enumerate(COLORS, start=1)}}

BEFORE_IMAGE = "[gMASK]<sop><|user|>\n<|begin_of_image|>"
AFTER_IMAGE = "<|end_of_image|>\n"
ASSISTANT = "<|assistant|>\n"
END = "<|user|>"
"""The token that ends an answer."""


def prompt(task: str, last: str) -> str:
    """What the chat template writes after the image."""
    return f"{task}\n{last}{ASSISTANT}"


@dataclass
class Batch:
    """B screens, Q questions each, T tokens of task and answer, C cells of the image."""

    patches: torch.Tensor  # [B, C, 3 * 16 * 16], normalised
    cell_kinds: torch.Tensor  # [B, C], class of what covers the cell
    cell_colors: torch.Tensor  # [B, C]
    cell_places: torch.Tensor  # [B, C, 2], centre of what covers the cell in 0-999, -1 without
    tokens: torch.Tensor  # [B, Q, T]
    answer: torch.Tensor  # [B, Q, T], whether the next token is the model's to say
    looks: torch.Tensor  # [B, Q, T], whether to look for the target here
    target_cells: torch.Tensor  # [B, Q, C], cells that the target covers; none if it is absent
    sources: torch.Tensor  # [B, Q, T], the task's token to copy next, -1 without

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (getattr(self, item.name) for item in fields(self))


def make(rng: random.Random, size: int, questions: int, targets: tuple[int, int], slack: int = 0) -> Batch:
    """`targets` are the fewest and most coloured elements of a screen; `slack` is that of `tasks.make`."""
    rows = [_screen(rng, questions, targets, slack) for _ in range(size)]
    batch = Batch(*(torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)))
    # Few questions are as long as the longest may be.
    longest = int(batch.answer.nonzero()[:, -1].max()) + 2
    for name in ("tokens", "answer", "looks", "sources"):
        setattr(batch, name, getattr(batch, name)[..., :longest])
    return batch


def patches(image: Image.Image) -> np.ndarray:
    """As the image processor cuts them, without the second frame, which repeats the first. [C, 3 * 16 * 16]"""
    side = shape.PATCH
    small = image.resize((shape.COLUMNS * side, shape.ROWS * side), Image.Resampling.BICUBIC)
    pixels = (np.asarray(small, np.float32) / 255 - shape.IMAGE_MEAN[0]) / shape.IMAGE_STD[0]
    cut = pixels.reshape(shape.ROWS, side, shape.COLUMNS, side, 3).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(cut.reshape(shape.CELLS, -1))


def _screen(rng: random.Random, questions: int, targets: tuple[int, int], slack: int) -> list[np.ndarray]:
    screen = screens.make(rng, rng.randint(*targets), keyboard=rng.random() < 0.25)
    owner = _owners(screen)
    kinds, colors, places = np.zeros(shape.CELLS, int), np.zeros(shape.CELLS, int), np.full((shape.CELLS, 2), -1)
    for number, item in enumerate(screen.elements):
        covered = owner == number
        kinds[covered], colors[covered] = KIND_CLASSES[item.kind], COLOR_CLASSES[item.color]
        places[covered] = item.center
    asked = [_question(rng, screen, owner, slack) for _ in range(questions)]
    return [
        patches(screens.draw(screen, DRAWN_WIDTH)), kinds, colors, places,
        *(np.stack(part) for part in zip(*asked, strict=True)),
    ]  # fmt: skip


def _owners(screen: Screen) -> np.ndarray:
    """Number of the element that covers the most of each cell, -1 where less than a quarter is covered. [C]"""
    width, height = screens.WIDTH / shape.COLUMNS, screens.HEIGHT / shape.ROWS
    columns, rows = np.arange(shape.COLUMNS) * width, np.arange(shape.ROWS)[:, None] * height
    covered = [np.full((shape.ROWS, shape.COLUMNS), 0.25)]
    for item in screen.elements:
        left, top, right, bottom = item.box
        across = np.clip(np.minimum(right, columns + width) - np.maximum(left, columns), 0, None) / width
        down = np.clip(np.minimum(bottom, rows + height) - np.maximum(top, rows), 0, None) / height
        covered.append(across * down)
    owners: np.ndarray = np.stack(covered).argmax(0).reshape(-1) - 1
    return owners


def _question(rng: random.Random, screen: Screen, owner: np.ndarray, slack: int) -> list[np.ndarray]:
    while True:
        example = tasks.make(rng, screen, slack)
        start = vocabulary.encode(prompt(example.task, example.last))
        ids = [*start, *vocabulary.encode("".join(example.pieces) + END)]
        if len(ids) <= LENGTH:
            break
    tokens, answer, looks = np.zeros(LENGTH, int), np.zeros(LENGTH, bool), np.zeros(LENGTH, bool)
    tokens[: len(ids)] = ids
    answer[len(start) - 1 : len(ids) - 1] = True
    cells = np.zeros(shape.CELLS, bool)
    if example.grounded:
        # The place decides the answer's first token, and both numbers of a tap.
        numbers = [place - 1 for place in range(len(start), len(ids)) if ids[place] in _NUMBERS]
        looks[[len(start) - 1, *numbers]] = True
    if example.target is not None:
        cells = owner == screen.elements.index(example.target)
    sources = np.full(LENGTH, -1)
    if example.copied:
        copied = vocabulary.encode(example.copied)
        source = _find(start, copied)
        first = _find(ids[len(start) :], copied) + len(start)
        for number in range(len(copied)):
            sources[first + number - 1] = source + number
        looks[first - 1 : first + len(copied)] = False
    return [tokens, answer, looks, cells, sources]


_NUMBERS = frozenset(vocabulary.number_ids())


def _find(ids: list[int], wanted: list[int]) -> int:
    return next(place for place in range(len(ids)) if ids[place : place + len(wanted)] == wanted)
