"""A simulated phone: it shows a screen, does what it is told, and shows what comes of it."""

import io
import random
from dataclasses import replace

from PIL import Image

from tinyphone import screens
from tinyphone.answers import Action
from tinyphone.screens import FIELD, KEYBOARD, KEYBOARD_TOP, KINDS, Element, Screen

SYSTEM_HOME = "System Home"


class Phone:
    """`tapped`, `typed`, `swiped`, `app` and `pages` tell what was done to it: what a test asks for."""

    def __init__(self, screen: Screen, seed: int = 0) -> None:
        self._rng = random.Random(seed)  # noqa: S311  screens, not secrets
        self.pages = [screen]
        self.app = SYSTEM_HOME
        self.tapped: list[Element] = []
        self.typed = ""
        self.swiped: list[tuple[tuple[int, int], tuple[int, int]]] = []

    @property
    def screen(self) -> Screen:
        return self.pages[-1]

    def screenshot(self) -> bytes:
        """PNG of 1080x2400 pixels."""
        buffer = io.BytesIO()
        self.image().save(buffer, "PNG")
        return buffer.getvalue()

    def image(self) -> Image.Image:
        return screens.draw(self.screen)

    def do(self, action: Action) -> None:
        """Actions that a phone has no answer to change nothing, as on a real one."""
        match action.name:
            case "Tap":
                self._tap(*action.values["element"])
            case "Type":
                self._type(action.values["text"])
            case "Swipe":
                (x, y), (to_x, to_y) = action.values["start"], action.values["end"]
                self.swiped.append(((x, y), (to_x, to_y)))
            case "Back":
                self.pages = self.pages[:-1] or self.pages
            case "Home":
                self.app, self.pages = SYSTEM_HOME, self.pages[:1]
            case "Launch":
                self.app = action.values["app"]
                self.pages.append(screens.make(self._rng, 3))

    def _tap(self, x: int, y: int) -> None:
        found = next((item for item in self.screen.elements if item.holds(x, y)), None)
        if found is None or found.kind == KEYBOARD:
            return
        self.tapped.append(found)
        if found.kind in KINDS:
            self.pages.append(self._page_of(found))
        elif self.screen.find(KEYBOARD) is None:
            keyboard = Element(KEYBOARD, "", (0, KEYBOARD_TOP, screens.WIDTH, screens.HEIGHT))
            self._change(*self._above_keyboard(), keyboard)

    def _type(self, text: str) -> None:
        """Without the keyboard no field is listening."""
        if self.screen.find(KEYBOARD) is None:
            return
        self.typed = text
        self._change(*(replace(item, text=text) if item.kind == FIELD else item for item in self.screen.elements))

    def _page_of(self, element: Element) -> Screen:
        """What opens when something is tapped: another page, without it."""
        while True:
            page = screens.make(self._rng, 3)
            if page.find(element.kind, element.color) is None:
                return page

    def _above_keyboard(self) -> list[Element]:
        """The keyboard hides what is under it, and moves a text field up that would be."""
        kept = [item for item in self.screen.elements if item.box[3] < KEYBOARD_TOP]
        field = self.screen.find(FIELD)
        if field is not None and field not in kept:
            left, top, right, bottom = field.box
            up = bottom - KEYBOARD_TOP + 40
            moved = replace(field, box=(left, top - up, right, bottom - up))
            kept = [item for item in kept if item.box[3] < moved.box[1] - 40] + [moved]
        return kept

    def _change(self, *elements: Element) -> None:
        self.pages[-1] = replace(self.screen, elements=elements, lines=())
