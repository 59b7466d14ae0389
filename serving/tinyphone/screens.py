"""Made-up phone screens: what is on them, and their picture."""

import random
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1080, 2400
"""Pixels of a screen, as the real client's screenshots have them."""

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (215, 35, 40),
    "orange": (250, 140, 20),
    "yellow": (245, 215, 40),
    "green": (45, 165, 70),
    "blue": (35, 95, 220),
    "purple": (130, 55, 175),
    "pink": (250, 130, 190),
}
KINDS = ("button", "circle", "row")
"""What can be told apart by its colour and tapped."""
FIELD, KEYBOARD = "field", "keyboard"

LABELS = (
    "OK",
    "Cancel",
    "Send",
    "Save",
    "Next",
    "Play",
    "Share",
    "Edit",
    "Delete",
    "Search",
    "Login",
    "Open",
    "Help",
    "",
    "",
)
LINES = (
    "Welcome back",
    "Recent items",
    "Today",
    "All messages",
    "3 new",
    "Details",
    "About this page",
    "Tap to see",
    "",
    "",
)
BACKGROUNDS = ((255, 255, 255), (244, 244, 246), (232, 238, 245), (250, 245, 235), (38, 40, 44), (18, 18, 20))
KEYBOARD_TOP = 1600
MARGIN = 40


@dataclass(frozen=True)
class Element:
    """`box` is left, top, right, bottom in pixels of the screen; `color` is empty for fields and the keyboard."""

    kind: str
    color: str
    box: tuple[int, int, int, int]
    text: str = ""

    @property
    def center(self) -> tuple[int, int]:
        """In thousandths of the screen, as the model says places: 0-999."""
        left, top, right, bottom = self.box
        return (left + right) * 500 // WIDTH, (top + bottom) * 500 // HEIGHT

    def holds(self, x: int, y: int) -> bool:
        """Whether a tap at this place, in thousandths of the screen, lands on the element."""
        left, top, right, bottom = self.box
        return left <= (x + 0.5) * WIDTH / 1000 <= right and top <= (y + 0.5) * HEIGHT / 1000 <= bottom


@dataclass(frozen=True)
class Screen:
    background: tuple[int, int, int]
    elements: tuple[Element, ...]
    title: str = ""
    lines: tuple[tuple[int, int, str], ...] = field(default=())
    """Texts that are nothing to tap: left, top, words."""

    def find(self, kind: str, color: str = "") -> Element | None:
        return next((item for item in self.elements if (item.kind, item.color) == (kind, color)), None)


def make(rng: random.Random, targets: int, keyboard: bool = False) -> Screen:
    """A screen with at most `targets` coloured elements, no two of one kind and colour, and often a text field."""
    bottom = KEYBOARD_TOP if keyboard else HEIGHT
    pairs = rng.sample([(kind, color) for kind in KINDS for color in COLORS], targets)
    wanted = [*([(FIELD, "")] if keyboard or rng.random() < 0.4 else []), *pairs]
    placed: list[Element] = []
    for kind, color in wanted:
        box = _place(rng, kind, bottom, [item.box for item in placed])
        if box is not None:
            text = rng.choice(LINES if kind in (FIELD, "row") else LABELS)
            placed.append(Element(kind, color, box, text))
    lines = tuple(
        (rng.randint(20, 600), rng.randint(200, bottom - 80), rng.choice(LINES)) for _ in range(rng.randint(0, 4))
    )
    if keyboard:
        placed.append(Element(KEYBOARD, "", (0, KEYBOARD_TOP, WIDTH, HEIGHT)))
    return Screen(rng.choice(BACKGROUNDS), tuple(placed), rng.choice(("", *LINES)), lines)


def draw(screen: Screen, width: int = WIDTH) -> Image.Image:
    """The picture, `width` pixels wide; the real client sends 1080."""
    scale = width / WIDTH
    image = Image.new("RGB", (width, round(HEIGHT * scale)), screen.background)
    pen = ImageDraw.Draw(image)
    ink = (30, 30, 30) if sum(screen.background) > 380 else (225, 225, 225)
    if screen.title:
        pen.text((40 * scale, 60 * scale), screen.title, ink, _font(round(64 * scale)))
    for left, top, words in screen.lines:
        pen.text((left * scale, top * scale), words, ink, _font(round(44 * scale)))
    for item in screen.elements:
        _DRAW[item.kind](pen, item, scale, ink)
    return image


def _place(
    rng: random.Random, kind: str, bottom: int, taken: list[tuple[int, int, int, int]]
) -> tuple[int, int, int, int] | None:
    """A free place, or none after some tries."""
    for _ in range(30):
        width, height = _size(rng, kind)
        left, top = rng.randint(0, WIDTH - width), rng.randint(160, bottom - height - 10)
        if all(
            left > right + MARGIN or left + width < x - MARGIN or top > below + MARGIN or top + height < y - MARGIN
            for x, y, right, below in taken
        ):
            return left, top, left + width, top + height
    return None


def _size(rng: random.Random, kind: str) -> tuple[int, int]:
    if kind == "circle":
        return (rng.randint(160, 300),) * 2
    if kind == "row":
        return WIDTH, rng.randint(180, 260)
    if kind == FIELD:
        return rng.randint(640, 1000), rng.randint(150, 210)
    return rng.randint(260, 900), rng.randint(150, 260)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    size = max(size, 6)
    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size)
    return _FONTS[size]


_FONTS: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}


def _scaled(item: Element, scale: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (edge * scale for edge in item.box)
    return left, top, right, bottom


def _shade(item: Element) -> tuple[int, int, int]:
    """The element's colour, a little different for each element."""
    jitter = random.Random(repr(item.box))  # noqa: S311  shades, not secrets
    red, green, blue = (max(0, min(255, part + jitter.randint(-14, 14))) for part in COLORS[item.color])
    return red, green, blue


def _corner(item: Element) -> int:
    return (0, 15, 30, 60)[item.box[0] % 4]


def _button(pen: ImageDraw.ImageDraw, item: Element, scale: float, _: tuple[int, int, int]) -> None:
    left, top, right, bottom = _scaled(item, scale)
    pen.rounded_rectangle((left, top, right, bottom), _corner(item) * scale, _shade(item))
    pen.text(
        ((left + right) / 2, (top + bottom) / 2), item.text, (255, 255, 255), _font(round(64 * scale)), anchor="mm"
    )


def _circle(pen: ImageDraw.ImageDraw, item: Element, scale: float, _: tuple[int, int, int]) -> None:
    left, top, right, bottom = _scaled(item, scale)
    pen.ellipse((left, top, right, bottom), _shade(item))
    pen.text(
        ((left + right) / 2, (top + bottom) / 2), item.text[:1], (255, 255, 255), _font(round(90 * scale)), anchor="mm"
    )


def _row(pen: ImageDraw.ImageDraw, item: Element, scale: float, ink: tuple[int, int, int]) -> None:
    left, top, right, bottom = _scaled(item, scale)
    pen.line((left, top, right, top), (150, 150, 150), max(1, round(4 * scale)))
    pen.line((left, bottom, right, bottom), (150, 150, 150), max(1, round(4 * scale)))
    inset = 30 * scale
    pen.rectangle((left + inset, top + inset, left + bottom - top - inset, bottom - inset), _shade(item))
    pen.text((left + 320 * scale, (top + bottom) / 2), item.text, ink, _font(round(56 * scale)), anchor="lm")


def _field(pen: ImageDraw.ImageDraw, item: Element, scale: float, ink: tuple[int, int, int]) -> None:
    left, top, right, bottom = _scaled(item, scale)
    pen.rounded_rectangle((left, top, right, bottom), 20 * scale, (252, 252, 252), ink, max(1, round(8 * scale)))
    pen.text((left + 40 * scale, (top + bottom) / 2), item.text, (90, 90, 90), _font(round(56 * scale)), anchor="lm")


def _keyboard(pen: ImageDraw.ImageDraw, item: Element, scale: float, _: tuple[int, int, int]) -> None:
    left, top, right, bottom = _scaled(item, scale)
    pen.rectangle((left, top, right, bottom), (205, 208, 214))
    for number, keys in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm", " ")):
        width = (right - left) / max(len(keys), 3)
        y = top + (number + 0.1) * (bottom - top) / 4
        start = (right - left - width * len(keys)) / 2
        for place, key in enumerate(keys):
            x = start + place * width
            box = (x + 6 * scale, y, x + width - 6 * scale, y + 150 * scale)
            pen.rounded_rectangle(box, 12 * scale, (252, 252, 252))
            pen.text((x + width / 2, y + 75 * scale), key, (30, 30, 30), _font(round(60 * scale)), anchor="mm")


_DRAW = {"button": _button, "circle": _circle, "row": _row, FIELD: _field, KEYBOARD: _keyboard}
