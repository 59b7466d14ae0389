"""One request as the phone agent sends it: a screenshot through the gateway, the answer streamed."""

import base64
import io
import time
from collections.abc import Callable

import openai
from openai.types.chat import ChatCompletionMessageParam
from PIL import Image, ImageDraw

from tools.process import ToolError

WIDTH, HEIGHT = 1080, 2400  # pixels of a common phone
WAIT = 120.0  # seconds for the whole answer
TOKENS = 32


def screenshot() -> str:
    """A home screen with a grid of icons, as the data URL of a PNG."""
    screen = Image.new("RGB", (WIDTH, HEIGHT), "#203040")
    draw = ImageDraw.Draw(screen)
    for row in range(6):
        for column in range(4):
            left, top = 90 + column * 240, 300 + row * 300
            shade = ("#e05050", "#50a0e0", "#60c060", "#e0b040")[(row + column) % 4]
            draw.rounded_rectangle((left, top, left + 180, top + 180), radius=40, fill=shade)
    buffer = io.BytesIO()
    screen.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def ask(endpoint: str, key: str, model: str, write: Callable[[str], None]) -> str:
    """Gives each piece of the answer to `write` as it comes. Returns the figures. Raises ToolError."""
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "You operate a phone."},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": screenshot()}},
                {"type": "text", "text": "Open Settings"},
            ],
        },
    ]
    began, first, pieces, reason = time.monotonic(), 0.0, list[str](), None
    try:
        # No proxy of the environment is between this machine and its cluster; it would see the key.
        direct = openai.DefaultHttpxClient(trust_env=False)
        with openai.OpenAI(base_url=endpoint, api_key=key, timeout=WAIT, max_retries=3, http_client=direct) as client:
            answer = client.chat.completions.create(
                model=model, messages=messages, max_tokens=TOKENS, temperature=0.0, stream=True
            )
            for chunk in answer:
                for choice in chunk.choices:
                    reason = choice.finish_reason or reason
                    if choice.delta.content:
                        first = first or time.monotonic() - began
                        pieces.append(choice.delta.content)
                        write(printable(choice.delta.content))
    except openai.OpenAIError as error:
        raise ToolError(f"smoke request: {endpoint}: {error}; `make status` shows the cluster's processes") from None
    if not pieces or reason is None:
        raise ToolError(f"smoke request: {endpoint}: the answer has {len(pieces)} pieces and ends with {reason}")
    write("\n")
    seconds = time.monotonic() - began
    return f"{len(pieces)} pieces in {seconds:.1f} s, the first after {first:.2f} s, a {WIDTH}x{HEIGHT} screenshot in"


def printable(text: str) -> str:
    """For a terminal: a model with random weights may say anything, control characters included."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
