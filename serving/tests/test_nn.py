"""The forward pass against transformers' own, on random models of both architectures."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import png
from models import Driver, glm4, greedy, reference, runner, text_prompt
from PIL import Image

from autoglm_serving.engine.base import Prompt
from autoglm_serving.model.messages import Message
from autoglm_serving.model.prompts import PromptBuilder
from autoglm_serving.nn import rope
from autoglm_serving.nn.model import load

COUNT = 12
LENGTHS = (1, 2, 15, 16, 17, 100, 1000, 4000)


@pytest.fixture(scope="module", params=["glm4", "glm4v"])
def folder(request: pytest.FixtureRequest, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model if request.param == "glm4v" else glm4(tmp_path_factory.mktemp("glm4"))


@pytest.fixture(scope="module")
def prompts(tiny_model: Path) -> PromptBuilder:
    image_token_id = load(tiny_model, dtype="auto", device="cpu").config.image_token_id
    assert image_token_id is not None
    return PromptBuilder(
        tiny_model, image_token_id=image_token_id, content_format="openai", max_pixels=None, max_model_len=4096
    )


def picture(width: int = 300, height: int = 200, color: str = "blue") -> Image.Image:
    return Image.open(io.BytesIO(png(width, height, color))).convert("RGB")


def image_prompts(prompts: PromptBuilder) -> list[Prompt]:
    chats: list[tuple[Any, ...]] = [
        (picture(), "Tap the red button."),
        ("Compare these two.", picture(200, 400, "green"), "and", picture(60, 30), "Now."),
        ("word " * 600, picture(1080, 2400, "white"), "Tap."),
    ]
    return [prompts.build([Message(role="user", parts=parts)]) for parts in chats]


def test_greedy_tokens_are_those_of_transformers_alone_batched_and_in_chunks(folder: Path):
    expected = [greedy(reference(folder), text_prompt(length, length), COUNT) for length in LENGTHS]
    driver = Driver(runner(folder, num_blocks=1200))
    alone = [driver.generate([text_prompt(length, length)], COUNT)[0] for length in LENGTHS[:-1]]
    assert alone == expected[:-1]
    # The second time, blocks of the first are found; chunks end inside and at the ends of blocks.
    for chunk in (10**6, 512, 47):
        assert driver.generate([text_prompt(length, length) for length in LENGTHS], COUNT, chunk) == expected
    assert len({tuple(tokens) for tokens in expected}) == len(LENGTHS)
    assert driver.blocks.prefix_hits > 0


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


@pytest.mark.parametrize(
    "changes", [{"tie_word_embeddings": True}, {"attention_bias": False}, {"num_key_value_heads": 4}]
)
def test_variants_of_the_architecture(tmp_path: Path, changes: dict[str, Any]):
    folder = glm4(tmp_path, **changes)
    prompt = text_prompt(40)
    assert Driver(runner(folder)).generate([prompt], COUNT) == [greedy(reference(folder), prompt, COUNT)]


def test_in_bfloat16_every_token_is_one_that_exact_arithmetic_also_rates_highest(folder: Path):
    """Rounding may choose among nearly equal tokens, so the choices are rated by the same weights in float32."""
    model = runner(folder, dtype="bfloat16")
    exact = reference(folder, torch.bfloat16).float()
    together = [text_prompt(length, length) for length in (3, 40, 300, 41, 600)]
    for prompt, tokens in zip(together, Driver(model).generate(together, 10, 128), strict=True):
        ids = torch.tensor([prompt.token_ids + tokens])
        logits = exact(input_ids=ids).logits[0, len(prompt.token_ids) - 1 : -1]
        chosen = logits.gather(1, torch.tensor(tokens)[:, None])[:, 0]
        # Of scores that spread by several units, bfloat16's 8 bits miss a few hundredths a layer.
        assert (logits.max(1).values - chosen).max() < 0.15 * logits.std()


def test_a_sequence_with_broken_numbers_does_not_spoil_those_beside_and_behind_it(folder: Path):
    prompt = text_prompt(40)
    expected = greedy(reference(folder), prompt, COUNT)
    driver = Driver(runner(folder, num_blocks=8))
    broken = driver.start(text_prompt(100, seed=1))
    driver.step([broken], 100)
    driver.runner._cache.layers[:, broken.blocks] = float("nan")
    assert isinstance(driver.step([broken], 1)[0], ArithmeticError)
    driver.end(broken)
    # Its blocks are given out again, with what it left in them.
    assert driver.generate([prompt], COUNT) == [expected]
