"""From a folder to weights in memory: what is refused, and how it is said."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from models import Driver, glm4, runner, text_prompt
from safetensors.torch import load_file, save_file

from autoglm_serving.errors import ModelError, SettingsError
from autoglm_serving.nn.model import eos_token_ids, load

Change = Callable[[dict[str, torch.Tensor]], None]


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """To be damaged."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def change_weights(folder: Path, change: Change) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder: Path, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        load(folder, dtype="auto", device="cpu")


def test_a_missing_weight_is_named(folder: Path):
    change_weights(folder, lambda weights: weights.pop("lm_head.weight"))
    refused(folder, r"weight lm_head\.weight is missing")


def test_a_weight_of_another_shape_is_named_with_both_shapes(folder: Path):
    change_weights(folder, lambda weights: weights.update({"lm_head.weight": torch.zeros(7, 7)}))
    refused(folder, r"lm_head\.weight has shape \[7, 7\], and config\.json needs \[1024, 192\]")


def test_a_weight_that_is_no_floating_point_is_refused(folder: Path):
    change_weights(folder, lambda weights: weights.update({"lm_head.weight": weights["lm_head.weight"].to(torch.int8)}))
    refused(folder, r"lm_head\.weight is torch\.int8")


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\xff" * 7, b"\x10" + bytes(7) + b"{}"])
def test_a_file_that_is_no_safetensors_is_named(folder: Path, content: bytes):
    (folder / "model.safetensors").write_bytes(content)
    refused(folder, r"model\.safetensors can't be read as safetensors")


def test_a_truncated_file_is_named(folder: Path):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    refused(folder, r"model\.safetensors can't be read as safetensors")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"model_type": "llama"}, "model_type 'llama' can't be served"),
        ({"vision_config": {"out_hidden_size": 7}}, "out_hidden_size is 7, and only 192"),
        ({"text_config": "x"}, "is not the configuration of a GLM-4"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(folder: Path, changes: dict[str, Any], match: str):
    change_config(folder, **changes)
    refused(folder, match)


@pytest.mark.parametrize("content", ["{}", '{"eos_token_id": []}', '{"eos_token_id": "x"}', "no JSON", "[]"])
def test_without_a_token_that_ends_answers_the_folder_is_refused(tmp_path: Path, content: str):
    (tmp_path / "generation_config.json").write_text(content)
    with pytest.raises(ModelError, match=r"generation_config\.json"):
        eos_token_ids(tmp_path)


def test_one_token_or_several_end_an_answer(tmp_path: Path):
    for written, expected in (("7", {7}), ("[7, 9]", {7, 9})):
        (tmp_path / "generation_config.json").write_text(f'{{"eos_token_id": {written}}}')
        assert eos_token_ids(tmp_path) == expected


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float16"])
def test_the_dtype_is_the_one_asked_for(tmp_path: Path, dtype: str):
    model = runner(glm4(tmp_path), dtype=dtype)
    assert model._cache.layers.dtype == getattr(torch, dtype)
    model.probe()


def test_a_gpu_that_is_not_there_is_a_fault_of_the_settings(tiny_model: Path):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(SettingsError, match="torch sees no GPU"):
        load(tiny_model, dtype="auto", device="cuda")


def test_names_of_checkpoints_before_the_renaming_are_known(folder: Path, tiny_model: Path):
    """As of transformers before 4.54: `visual.` and `model.` at the top."""

    def rename(weights: dict[str, torch.Tensor]) -> None:
        for name in list(weights):
            old = name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")
            weights[old] = weights.pop(name)

    change_weights(folder, rename)
    prompt = text_prompt(20)
    assert Driver(runner(folder)).generate([prompt], 5) == Driver(runner(tiny_model)).generate([prompt], 5)


def test_the_configuration_of_autoglm_phone_is_read_as_its_weights_are_shaped(tmp_path: Path):
    """The fields that its config.json has, in the spelling of transformers 4: the rope's are beside the others."""
    from autoglm_serving.nn.config import read

    text = {
        "model_type": "glm4v_text", "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40,
        "num_attention_heads": 32, "num_key_value_heads": 2, "vocab_size": 151552, "rms_norm_eps": 1e-05,
        "max_position_embeddings": 65536, "rope_theta": 10000.0, "partial_rotary_factor": 0.5, "dtype": "bfloat16",
        "rope_scaling": {"rope_type": "default", "mrope_section": [8, 12, 12]},
    }  # fmt: skip
    vision = {"model_type": "glm4v", "hidden_size": 1536, "depth": 24, "num_heads": 12, "out_hidden_size": 4096}
    content = {"model_type": "glm4v", "text_config": text, "vision_config": vision, "torch_dtype": "bfloat16"}
    (tmp_path / "config.json").write_text(json.dumps(content))
    config = read(tmp_path)
    assert (config.text.head_dim, config.text.rotary_dim, config.text.mrope_section) == (128, 64, (8, 12, 12))
    assert config.vision is not None
    assert (config.vision.positions_a_side, config.vision.patch_shape) == (24, (3, 2, 14, 14))
    assert (config.dtype, config.image_token_id, config.text.tied_head) == ("bfloat16", 151343, False)
