"""Prompts of a known number of tokens, no two alike: what one request left in a cache must not help the next."""

import base64
import io
import random
from pathlib import Path
from typing import Any

from bench.random_models import library_text


class Prompts:
    """`seed` and the order of calls decide every prompt, so that each side gets the same ones."""

    def __init__(self, folder: Path, seed: int, files: int = 12) -> None:
        """`files`: how many of the library's modules the texts are cut from."""
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        text = "".join(library_text(files))
        self._tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        self._random = random.Random(seed)  # noqa: S311  not a secret

    def text(self, tokens: int) -> str:
        """About this many tokens, with a beginning that no other has."""
        salt = f"{self._random.getrandbits(48):012x} "
        start = self._random.randrange(len(self._tokens) - tokens)
        body: str = self._tokenizer.decode(self._tokens[start : start + max(1, tokens - 8)])
        return salt + body

    def image(self, width: int, height: int) -> str:
        """A data URL of a picture like a screenshot: flat areas and text-like noise."""
        from PIL import Image, ImageDraw

        picture = Image.new("RGB", (width, height), self._color())
        draw = ImageDraw.Draw(picture)
        for _ in range(40):
            x, y = self._random.randrange(width), self._random.randrange(height)
            draw.rectangle((x, y, x + width // 5, y + height // 30), fill=self._color())
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    def _color(self) -> tuple[int, int, int]:
        value = self._random.getrandbits(24)
        return (value >> 16, value >> 8 & 255, value & 255)


def body(model: str, text: str, tokens: int, *, image: str | None = None, ignore_eos: bool) -> dict[str, Any]:
    """A chat request; the image comes first, as Open-AutoGLM's client sends it."""
    content: str | list[dict[str, Any]] = text
    if image is not None:
        content = [{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": text}]
    request = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": tokens,
        "temperature": 0,
    }
    return request | ({"ignore_eos": True} if ignore_eos else {})
