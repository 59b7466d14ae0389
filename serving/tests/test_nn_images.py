"""The forward pass against transformers' own, with images."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import png
from models import Driver, greedy, reference, runner
from PIL import Image

from autoglm_serving.engine.base import Prompt
from autoglm_serving.model.messages import Message
from autoglm_serving.model.prompts import PromptBuilder
from autoglm_serving.nn import rope
from autoglm_serving.nn.config import read

COUNT = 12


@pytest.fixture(scope="module")
def prompts(tiny_model: Path) -> PromptBuilder:
    image_token_id = read(tiny_model).image_token_id
    return PromptBuilder(
        tiny_model, image_token_id=image_token_id, content_format="openai", max_pixels=None, max_model_len=4096
    )


def picture(width: int = 300, height: int = 200, color: str = "blue") -> Image.Image:
    return Image.open(io.BytesIO(png(width, height, color))).convert("RGB")


def image_prompts(prompts: PromptBuilder) -> list[Prompt]:
    chats: list[tuple[Any, ...]] = [
        (picture(), "Tap the red button."),
        ("Compare these two.", picture(200, 400, "green"), "and", picture(60, 30), "Now."),
        ("word " * 300, picture(1080, 2400, "white"), "Tap."),
    ]
    return [prompts.build([Message(role="user", parts=parts)]) for parts in chats]


def test_greedy_tokens_of_images_are_those_of_transformers(tiny_model: Path, prompts: PromptBuilder):
    together = image_prompts(prompts)
    expected = [greedy(reference(tiny_model), prompt, COUNT) for prompt in together]
    for chunk in (10**6, 50):
        # Each time with nothing kept.
        assert Driver(runner(tiny_model)).generate(together, COUNT, chunk) == expected
    driver = Driver(runner(tiny_model))
    assert [driver.generate([prompt], COUNT)[0] for prompt in together + together] == expected + expected
    assert driver.blocks.prefix_hits > 0


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (27, 29), (5000, 5000)])
def test_images_of_any_size_are_computed_as_transformers_does(
    tiny_model: Path, prompts: PromptBuilder, size: tuple[int, int]
):
    prompt = prompts.build([Message(role="user", parts=(Image.new("RGB", size, "red"), "Tap."))])
    assert Driver(runner(tiny_model)).generate([prompt], 4) == [greedy(reference(tiny_model), prompt, 4)]


def test_positions_are_those_of_transformers(tiny_model: Path, prompts: PromptBuilder):
    model = reference(tiny_model).model
    for prompt in image_prompts(prompts):
        ids = torch.tensor([prompt.token_ids])
        kinds = (ids == model.config.image_token_id).int()
        assert prompt.images is not None
        expected, delta = model.get_rope_index(ids, kinds, image_grid_thw=torch.as_tensor(prompt.images.grid_thw))
        found, offset = rope.positions(len(prompt.token_ids), prompt.images, 2)
        assert torch.equal(torch.from_numpy(found), expected[:, 0])
        assert offset == int(delta)


def test_in_bfloat16_the_tower_sees_what_exact_arithmetic_sees(tiny_model: Path, prompts: PromptBuilder):
    """The same weights and pixels, rounded to 8 bits on the way."""
    exact = reference(tiny_model, torch.bfloat16).float().model
    tower = runner(tiny_model, dtype="bfloat16")._model.vision
    assert tower is not None
    for prompt in image_prompts(prompts):
        images = prompt.images
        assert images is not None
        patches, grids = torch.as_tensor(images.pixel_values), torch.as_tensor(images.grid_thw)
        expected = exact.get_image_features(patches, grids).pooler_output
        ends = grids.prod(1).cumsum(0).tolist()
        for number, grid in enumerate(grids.tolist()):
            work = tower.embed(patches[ends[number - 1] if number else 0 : ends[number]], tuple(grid))
            found = drained(work).float()
            assert torch.cosine_similarity(found, expected[number], dim=-1).min() > 0.999


def drained(work: Any) -> torch.Tensor:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
