"""The forward pass against transformers' own, for text, on random models of both architectures."""

from pathlib import Path
from typing import Any

import pytest
import torch
from models import Driver, glm4, greedy, reference, runner, text_prompt

COUNT = 12
LENGTHS = (1, 2, 15, 16, 17, 100, 1000, 4000)


@pytest.fixture(scope="module", params=["glm4", "glm4v"])
def folder(request: pytest.FixtureRequest, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model if request.param == "glm4v" else glm4(tmp_path_factory.mktemp("glm4"))


def test_greedy_tokens_are_those_of_transformers_alone_batched_and_in_chunks(folder: Path):
    exact = reference(folder)
    expected = [greedy(exact, text_prompt(length, length), COUNT) for length in LENGTHS]
    driver = Driver(runner(folder, num_blocks=1200))
    alone = [driver.generate([text_prompt(length, length)], COUNT)[0] for length in LENGTHS[:-1]]
    assert alone == expected[:-1]
    # The second time, blocks of the first are found; chunks end inside and at the ends of blocks.
    for chunk in (10**6, 47):
        assert driver.generate([text_prompt(length, length) for length in LENGTHS], COUNT, chunk) == expected
    assert len({tuple(tokens) for tokens in expected}) == len(LENGTHS)
    assert driver.blocks.prefix_hits > 0


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
