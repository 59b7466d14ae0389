"""The runner's own duties: images in pieces, by their digests, and what is left of a sequence that ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from models import Driver, runner, text_prompt
from PIL import Image

from autoglm_serving.engine import torch_runner
from autoglm_serving.engine.base import Prompt
from autoglm_serving.engine.model_runner import Pending, Sampled
from autoglm_serving.engine.torch_runner import TorchRunner
from autoglm_serving.model.messages import Message
from autoglm_serving.model.prompts import PromptBuilder
from autoglm_serving.nn import vision
from autoglm_serving.nn.config import read


@pytest.fixture(scope="module")
def prompts(tiny_model: Path) -> PromptBuilder:
    number = read(tiny_model).image_token_id
    return PromptBuilder(
        tiny_model, image_token_id=number, content_format="string", max_pixels=None, max_model_len=4096
    )


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A step's share is one piece, and a piece is 32 patches."""
    monkeypatch.setitem(vision.PIECE_FLOPS, "cpu", 1)
    monkeypatch.setattr(torch_runner, "ALONE_SECONDS", 0.0)
    monkeypatch.setattr(torch_runner, "FIRST_SECONDS", 0.0)
    yield


def ask(prompts: PromptBuilder, color: str, text: str = "Tap.") -> Prompt:
    return prompts.build([Message(role="user", parts=(Image.new("RGB", (112, 112), color), text))])


def encoded(driver: Driver) -> int:
    embeddings = driver.runner._embeddings
    assert embeddings is not None
    return embeddings.encoded


def under_way(driver: Driver) -> int:
    embeddings = driver.runner._embeddings
    assert embeddings is not None
    return len(embeddings._under_way)


@pytest.mark.usefixtures("small_pieces")
def test_an_image_is_encoded_in_pieces_while_answers_go_on(tiny_model: Path, prompts: PromptBuilder):
    driver = Driver(runner(tiny_model))
    driver.runner._step_seconds = 0.0
    beside = driver.start(text_prompt(5))
    driver.step([beside], 100)
    seeing = driver.start(ask(prompts, "red"))
    steps = 0
    while seeing.generated == 0:
        driver.runner._step_seconds = 0.0
        answer, waiting = driver.step([beside, seeing], 1000)
        assert isinstance(answer, Sampled)
        assert isinstance(waiting, Sampled | Pending)
        steps += 1
    assert steps > 5
    assert beside.generated == steps + 1
    assert driver.generate([ask(prompts, "red")], 4) == Driver(runner(tiny_model)).generate([ask(prompts, "red")], 4)


def test_an_image_is_encoded_once_for_all_that_show_it(tiny_model: Path, prompts: PromptBuilder):
    driver = Driver(runner(tiny_model))
    driver.generate([ask(prompts, "red"), ask(prompts, "red", "Wait."), ask(prompts, "blue")], 2)
    assert encoded(driver) == 2
    driver.generate([ask(prompts, "red", "Go back."), ask(prompts, "blue", "Go back.")], 2)
    assert encoded(driver) == 2


def test_images_that_are_found_in_the_cache_are_not_encoded_again(tiny_model: Path, prompts: PromptBuilder):
    driver = Driver(runner(tiny_model, image_cache_bytes=0))
    driver.generate([ask(prompts, "red", "one " * 30)], 2)
    driver.generate([ask(prompts, "red", "one " * 30 + "two")], 2)
    assert driver.blocks.prefix_hits > 32
    assert encoded(driver) == 1


def test_the_least_recently_used_image_is_given_up_first(tiny_model: Path, prompts: PromptBuilder):
    tokens = ask(prompts, "red").token_ids.count(read(tiny_model).image_token_id or 0)
    driver = Driver(runner(tiny_model, image_cache_bytes=2 * tokens * 192 * 4))
    for number, (color, expected) in enumerate(
        [("red", 1), ("blue", 2), ("red", 2), ("lime", 3), ("red", 3), ("blue", 4)]
    ):
        driver.generate([ask(prompts, color, f"{number}")], 1)
        driver.blocks = type(driver.blocks)(driver.runner.num_blocks, driver.runner.block_size)
        assert encoded(driver) == expected, color


@pytest.mark.usefixtures("small_pieces")
def test_work_on_an_image_ends_with_the_last_sequence_that_wants_it(tiny_model: Path, prompts: PromptBuilder):
    driver = Driver(runner(tiny_model))
    one, two = driver.start(ask(prompts, "red")), driver.start(ask(prompts, "red", "Wait."))
    assert driver.step([one, two], 1000) == [Pending(), Pending()]
    assert under_way(driver) == 1
    driver.end(one)
    assert under_way(driver) == 1
    driver.end(two)
    assert under_way(driver) == 0


def test_a_broken_image_fails_its_own_sequence_alone(tiny_model: Path, prompts: PromptBuilder):
    driver = Driver(runner(tiny_model))
    broken = ask(prompts, "red")
    assert broken.images is not None
    broken.images.grid_thw[0] = (1, 3, 7)
    results = driver.step([driver.start(text_prompt(9)), driver.start(broken), driver.start(ask(prompts, "blue"))], 999)
    assert [type(result) for result in results[:2]] == [Sampled, ValueError]
    assert isinstance(results[2], Sampled | Pending)
    assert len(driver.generate([ask(prompts, "blue")], 3)[0]) == 3


def test_an_answer_goes_on_after_a_preemption_as_if_there_was_none(tiny_model: Path, prompts: PromptBuilder):
    options = {"temperature": 1.0, "seed": 7, "frequency_penalty": 0.5}
    driver = Driver(runner(tiny_model))
    whole = driver.start(ask(prompts, "red"), **options)
    while whole.generated < 12:
        driver.step([whole], 1000)
    cut = driver.start(ask(prompts, "red"), **options)
    while cut.generated < 12:
        driver.step([cut], 1000)
        if cut.generated == 5:
            driver.runner.release(cut)
            driver.blocks.release(cut)
            assert driver.blocks.admit(cut)
    assert driver.end(cut) == driver.end(whole)


def test_the_probe_changes_nothing_that_is_kept(tiny_model: Path):
    model = runner(tiny_model, num_blocks=4)
    driver = Driver(model)
    driver.generate([text_prompt(50)], 3)
    before = model._cache.layers.clone()
    model.probe()
    assert torch.equal(before, model._cache.layers)
    assert isinstance(model, TorchRunner)
