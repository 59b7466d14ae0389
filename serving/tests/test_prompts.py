import io
import re
from pathlib import Path

import pytest
from harness import png
from PIL import Image

from autoglm_serving.model.messages import Message, PromptError, PromptTooLong
from autoglm_serving.model.prompts import PromptBuilder
from autoglm_serving.nn.config import read


def builder(folder: Path, **changes: object) -> PromptBuilder:
    options = {"content_format": "string", "max_pixels": None, "max_model_len": 4096}
    return PromptBuilder(folder, image_token_id=image_token(folder), **(options | changes))


def image_token(folder: Path) -> int:
    number = read(folder).image_token_id
    assert number is not None
    return number


@pytest.fixture(scope="module")
def prompts(tiny_model: Path) -> PromptBuilder:
    return builder(tiny_model)


def picture(width: int = 300, height: int = 200, color: str = "blue") -> Image.Image:
    return Image.open(io.BytesIO(png(width, height, color))).convert("RGB")


def chat(*parts: str | Image.Image) -> list[Message]:
    return [Message(role="system", parts=("Operate the phone.",)), Message(role="user", parts=parts)]


def test_a_screenshot_takes_about_a_hundred_tokens(prompts: PromptBuilder, tiny_model: Path):
    prompt = prompts.build(chat(picture(1080, 2400), "Tap."))
    assert 100 <= prompt.token_ids.count(image_token(tiny_model)) <= 150


def test_max_pixels_bounds_an_images_tokens(tiny_model: Path):
    small = builder(tiny_model, max_pixels=28 * 28 * 2 * 20)
    assert small.build(chat(picture(1080, 2400))).token_ids.count(image_token(tiny_model)) <= 20


def test_string_format_puts_images_first_and_openai_format_keeps_the_order(tiny_model: Path):
    message = [Message(role="user", parts=("before", picture(28, 28), "after"))]
    image = "<|begin_of_image|><|image|><|end_of_image|>"
    for content_format, expected in (
        ("string", f"[gMASK]<sop><|user|>\n{image}\nbefore\nafter<|assistant|>\n"),
        ("openai", f"[gMASK]<sop><|user|>\nbefore{image}after<|assistant|>\n"),
    ):
        built = builder(tiny_model, content_format=content_format)
        token_ids = built.build(message).token_ids
        text = built._backend.decode(token_ids, skip_special_tokens=False)
        assert re.sub(r"(<\|image\|>)+", "<|image|>", text) == expected


def test_a_prompt_over_the_context_says_both_numbers(tiny_model: Path):
    short = builder(tiny_model, max_model_len=20)
    with pytest.raises(PromptTooLong, match=r"maximum context length is 20 tokens, and the prompt has \d+ tokens"):
        short.build(chat("Tap the red button at the bottom of the screen, please."))
    with pytest.raises(PromptTooLong, match="at least"):
        short.build(chat("x" * 1_000_000))


def test_an_image_token_in_the_text_is_refused(prompts: PromptBuilder):
    with pytest.raises(PromptError, match="must not contain"):
        prompts.build(chat("look: <|image|>"))


def test_a_model_for_text_alone_refuses_images(tiny_model: Path):
    text = PromptBuilder(tiny_model, image_token_id=None, content_format="string", max_pixels=None, max_model_len=99)
    assert text.build(chat("Tap.")).images is None
    with pytest.raises(PromptError, match="takes no images"):
        text.build(chat(picture(), "Tap."))
