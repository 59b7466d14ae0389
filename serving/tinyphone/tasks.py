"""What the phone's user asks, and what a perfect agent answers: examples to learn from and to be tested with."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from tinyphone import vocabulary as v
from tinyphone.screens import COLORS, FIELD, KEYBOARD, KINDS, Element, Screen

TAP_ENGLISH = ("tap the {}", "Tap the {}", "tap the {}.", "Tap the {}.", "click the {}", "Click on the {}",
               "press the {}", "Please tap the {}", "please press the {}", "tap on the {}")  # fmt: skip
TAP_CHINESE = ("点击{}", "请点击{}", "点击那个{}", "点一下{}")
TYPE_ENGLISH = ("type {}", "Type {}", "type {} in the field", "Type {} into the text field", "enter {}", 'type "{}"',
                "Enter {} in the field", "please type {}")  # fmt: skip
TYPE_CHINESE = ("输入{}", "请输入{}")
SWIPE = ("swipe {}", "Swipe {}", "scroll {}", "Scroll {}", "swipe {} on the screen", "please swipe {}")
BACK = ("go back", "Go back", "go back.", "back", "go to the previous page", "返回", "返回上一页", "请返回")
HOME = ("go home", "Go home", "go to the home screen", "Home", "回到桌面", "回到主屏幕")
LAUNCH = ("open {}", "Open {}", "open the {} app", "please open {}", "打开{}")
FINISHED = (v.FINISH, v.DONE, v.CLOSE_TEXT)


@dataclass(frozen=True)
class Example:
    """`pieces` make up the answer, a token or text each. `target` is what it is about on the screen: to look there is
    what the model must learn first. `grounded` says that the answer depends on whether the target is there."""

    kind: str
    task: str
    last: str
    pieces: tuple[str, ...]
    target: Element | None = None
    grounded: bool = False
    copied: str = ""


def tap(rng: random.Random, screen: Screen) -> Example | None:
    """The target is there, so tap it: also when the last tap did not do it."""
    targets = [item for item in screen.elements if item.kind in KINDS]
    if not targets:
        return None
    target = rng.choice(targets)
    task = tap_task(rng, target.kind, target.color)
    return Example("tap", task, rng.choice(("none", "none", "none", "Tap")), _tap(target), target, grounded=True)


def tapped(rng: random.Random, screen: Screen) -> Example | None:
    """The target is gone after a tap: the task is done."""
    kind, color = rng.choice(KINDS), rng.choice(list(COLORS))
    if screen.find(kind, color):
        return None
    return Example("finish", tap_task(rng, kind, color), "Tap", FINISHED, grounded=True)


def typing(rng: random.Random, screen: Screen) -> Example | None:
    """With the keyboard up the text can be typed; before that the field must be tapped."""
    target = screen.find(FIELD)
    if target is None:
        return None
    words, task = type_task(rng)
    keyboard = screen.find(KEYBOARD)
    if keyboard is None:
        return Example("type", task, rng.choice(("none", "none", "Tap")), _tap(target), target, grounded=True)
    pieces = (v.TYPE, words, v.CLOSE_TEXT)
    return Example("type", task, rng.choice(("Tap", "Tap", "none")), pieces, keyboard, True, words)


def swipe(rng: random.Random, screen: Screen) -> Example:
    direction = rng.choice(list(v.DIRECTIONS))
    task = rng.choice(SWIPE).format(direction) if rng.random() < 0.7 else f"向{v.CHINESE[direction]}滑动"
    start, end = v.DIRECTIONS[direction]
    pieces = (v.I_SWIPE, direction, v.SWIPE, str(start[0]), ",", str(start[1]), v.SWIPE_END)
    return Example("swipe", task, "none", (*pieces, str(end[0]), ",", str(end[1]), v.CLOSE))


def back(rng: random.Random, screen: Screen) -> Example:
    return Example("back", rng.choice(BACK), "none", (v.BACK,))


def home(rng: random.Random, screen: Screen) -> Example:
    return Example("home", rng.choice(HOME), "none", (v.HOME,))


def launch(rng: random.Random, screen: Screen) -> Example:
    app = rng.choice(v.APPS)
    return Example("launch", rng.choice(LAUNCH).format(app), "none", (v.LAUNCH, app, v.CLOSE_TEXT), copied=app)


def finish(rng: random.Random, screen: Screen) -> Example:
    """What needs one action is done after it."""
    made = rng.choice((swipe, back, home, launch))(rng, screen)
    last = {"swipe": "Swipe", "back": "Back", "home": "Home", "launch": "Launch"}[made.kind]
    return Example("finish", made.task, last, FINISHED)


def typed(rng: random.Random, screen: Screen) -> Example:
    return Example("finish", type_task(rng)[1], "Type", FINISHED)


MAKERS: tuple[tuple[Callable[[random.Random, Screen], Example | None], int], ...] = (
    (tap, 10), (tapped, 4), (typing, 5), (swipe, 2), (back, 1), (home, 1), (launch, 1), (finish, 1), (typed, 1),
)  # fmt: skip
"""Who makes examples, and how often: taps are the most difficult."""

_OFTEN = [maker for maker, times in MAKERS for _ in range(times)]


def make(rng: random.Random, screen: Screen, slack: int = 0) -> Example:
    """`slack` is how far a swipe's ends may be from the table's, in thousandths."""
    while (example := rng.choice(_OFTEN)(rng, screen)) is None:
        pass
    if slack and example.kind == "swipe":
        vary = (
            str(int(piece) + rng.randint(-slack, slack)) if piece.isdecimal() else piece for piece in example.pieces
        )
        return replace(example, pieces=tuple(vary))
    return example


def tap_task(rng: random.Random, kind: str, color: str) -> str:
    if rng.random() < 0.3:
        return rng.choice(TAP_CHINESE).format(v.CHINESE[color] + v.CHINESE[kind])
    return rng.choice(TAP_ENGLISH).format(f"{color} {kind}")


def type_task(rng: random.Random) -> tuple[str, str]:
    """The words to type and the task."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    kind = rng.random()
    if kind < 0.7:
        words = " ".join(rng.sample(v.TYPED, rng.choice((1, 1, 1, 2, 2, 3))))
    elif kind < 0.85:
        words = "".join(rng.choices(letters, k=rng.randint(2, 5)))
    else:
        words = str(rng.randint(10, 999))
    templates = TYPE_CHINESE if rng.random() < 0.2 else TYPE_ENGLISH
    return words, rng.choice(templates).format(words)


def _tap(target: Element) -> tuple[str, ...]:
    name = (FIELD,) if target.kind == FIELD else (target.color, " ", target.kind)
    x, y = target.center
    return (v.I_TAP, *name, v.TAP, str(x), ",", str(y), v.CLOSE)
