"""All layers in one call against the same kernels layer by layer, and against oneDNN's products."""

from pathlib import Path

import pytest
import torch
from models import Driver, glm4, runner, text_prompt

from autoglm_serving.engine.torch_runner import TorchRunner
from autoglm_serving.nn import linear

LENGTHS = (1, 15, 40, 300)


@pytest.fixture(scope="module", params=[{}, {"attention_bias": False}, {"num_key_value_heads": 1}])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return glm4(tmp_path_factory.mktemp("glm4"), **request.param)


def whole(folder: Path) -> TorchRunner:
    found = runner(folder, dtype="bfloat16", num_blocks=60)
    if found._model.text._whole is None:
        pytest.skip("this machine has no kernels for products")
    return found


def test_one_call_leaves_the_same_numbers_as_layer_by_layer(folder: Path):
    one, several = whole(folder), whole(folder)
    several._model.text._whole = None
    prompts = [text_prompt(length, length) for length in LENGTHS]
    assert Driver(one).generate(prompts, 8, chunk=64) == Driver(several).generate(prompts, 8, chunk=64)
    assert torch.equal(one._cache.layers, several._cache.layers)


def test_an_answer_is_the_same_alone_and_beside_others(folder: Path):
    """Sums have one order, whatever else a step computes."""
    prompts = [text_prompt(length, length) for length in LENGTHS]
    together = Driver(whole(folder)).generate(prompts, 8, chunk=10**6)
    assert [Driver(whole(folder)).generate([prompt], 8)[0] for prompt in prompts] == together


def test_where_oneDNN_has_the_products_layers_go_one_by_one(folder: Path, monkeypatch: pytest.MonkeyPatch):
    ours = whole(folder)
    monkeypatch.setattr(linear, "_products", lambda: None)
    other = runner(folder, dtype="bfloat16", num_blocks=60)
    assert other._model.text._whole is None
    prompt = text_prompt(300)
    for model in (ours, other):
        driver = Driver(model)
        driver.step([driver.start(prompt)], 300)
    # Rounding differs by the order of sums, and grows from layer to layer.
    torch.testing.assert_close(other._cache.layers[0], ours._cache.layers[0], rtol=0.05, atol=0.05)
