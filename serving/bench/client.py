"""Requests as Open-AutoGLM's client sends them (phone_agent/model/client.py and agent.py, a01a70e): a stream, one
screenshot before the text, the earlier steps without theirs. No two are alike."""

import base64
import io
import random
from typing import Any

_SYSTEM = "You are an agent that operates a phone. Answer with one action.\n" * 40  # about the length of the real one
_STEP = '<think>The screen shows the list, so the next entry is to be opened.</think><answer>do(action="Tap")</answer>'
_SAMPLING = {"temperature": 0.0, "top_p": 0.85, "frequency_penalty": 0.2, "stream": True}


class Client:
    """`size`: of screenshots, None for text alone. `tokens`: at most, of an answer."""

    def __init__(self, model: str, *, size: tuple[int, int] | None, tokens: int, seed: int) -> None:
        self._model, self._size, self._tokens = model, size, tokens
        self._chance = random.Random(seed)  # noqa: S311  not a secret

    def request(self) -> dict[str, Any]:
        """Some step of some task."""
        content: list[dict[str, Any]] = [{"type": "text", "text": self._text()}]
        if self._size:
            content.insert(0, {"type": "image_url", "image_url": {"url": self._screenshot(*self._size)}})
        history: list[dict[str, Any]] = []
        for _ in range(self._chance.randrange(8)):
            history += [{"role": "user", "content": self._text()}, {"role": "assistant", "content": _STEP}]
        messages = [{"role": "system", "content": _SYSTEM}, *history, {"role": "user", "content": content}]
        return {"model": self._model, "messages": messages, "max_tokens": self._tokens, **_SAMPLING}

    def _text(self) -> str:
        return f"** Screen Info **\napp {self._chance.getrandbits(48):012x}"

    def _screenshot(self, width: int, height: int) -> str:
        """A data URL: flat areas and small marks, as an app's screen has them."""
        from PIL import Image, ImageDraw

        picture = Image.new("RGB", (width, height), self._color())
        draw = ImageDraw.Draw(picture)
        for _ in range(40):
            x, y = self._chance.randrange(width), self._chance.randrange(height)
            draw.rectangle((x, y, x + width // 5, y + height // 30), fill=self._color())
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    def _color(self) -> tuple[int, int, int]:
        value = self._chance.getrandbits(24)
        return (value >> 16, value >> 8 & 255, value & 255)
