"""Hits on screens that the training never saw, by task."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeGuard

from PIL import Image

from tinyphone import answers, screens, tasks
from tinyphone.tasks import Example

Ask = Callable[[str, str, Image.Image], str]
"""From a task, the last action's name ("none" at first) and a screenshot to the model's answer."""

SEED = "unseen"
"""The training's screens follow from numbers, so none of them is made from this."""
TARGETS = (1, 8)
SLACK = 50
"""Thousandths of the screen."""


@dataclass
class Score:
    right: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, kind: str, right: bool, note: str) -> None:
        self.asked[kind] = self.asked.get(kind, 0) + 1
        self.right[kind] = self.right.get(kind, 0) + right
        if not right:
            self.wrong.append(note)

    def shares(self) -> dict[str, float]:
        return {kind: round(self.right[kind] / asked, 3) for kind, asked in sorted(self.asked.items())}


def evaluate(ask: Ask, count: int, seed: str = SEED) -> Score:
    """Asks `count` questions of each task, each about a screen of its own."""
    score = Score()
    for number in range(count):
        for maker, _ in tasks.MAKERS:
            rng = random.Random(f"{seed} {number} {maker.__name__}")  # noqa: S311  screens, not secrets
            example = None
            while example is None:
                screen = screens.make(rng, rng.randint(*TARGETS), keyboard=rng.random() < 0.3)
                example = maker(rng, screen)
            said = ask(example.task, example.last, screens.draw(screen))
            score.add(maker.__name__, right(example, said), f"{maker.__name__}: {example.task!r} -> {said}")
    return score


def right(example: Example, said: str) -> bool:
    """A tap must land on the target; everything else must be the perfect agent's action."""
    try:
        action = answers.parse(answers.split(said)[1])
        wanted = answers.parse(answers.split("".join(example.pieces))[1])
    except answers.AnswerError:
        return False
    if action.name != wanted.name:
        return False
    if action.name == "Swipe":
        return all(_near(action.values.get(key), wanted.values[key]) for key in ("start", "end"))
    if action.name != "Tap":
        return action == wanted
    place = action.values.get("element")
    return example.target is not None and _is_place(place) and example.target.holds(*place)


def _is_place(place: object) -> TypeGuard[list[int]]:
    return isinstance(place, list) and len(place) == 2 and all(type(part) is int for part in place)


def _near(place: object, wanted: list[int]) -> bool:
    """A swipe needs no exact ends."""
    return _is_place(place) and all(abs(part - right) <= SLACK for part, right in zip(place, wanted, strict=True))
