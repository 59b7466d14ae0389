"""The patches are those of transformers' own processor, bit by bit; what it can do and we can't is refused."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import environment
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil, smart_resize

from autoglm_serving.errors import ModelError
from autoglm_serving.model import patches
from autoglm_serving.model.tinyphone import SHIPPED

PRODUCTION = {"size": {"shortest_edge": 112 * 112, "longest_edge": 28 * 28 * 15000}}
"""AutoGLM-Phone-9B's; the rest are the class's defaults."""
SIZES = [(1, 1), (1, 200), (200, 1), (13, 27), (28, 28), (42, 70), (70, 42), (300, 200), (1600, 720)]
"""Height, width; with halves of a token to round."""


def folder(path: Path, **settings: Any) -> Path:
    (path / patches.NAME).write_text(json.dumps(settings))
    return path


@pytest.fixture(scope="module", params=["production", "tinyphone"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SHIPPED if request.param == "tinyphone" else folder(tmp_path_factory.mktemp("production"), **PRODUCTION)


def noise(height: int, width: int) -> Image.Image:
    values = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("max_pixels", [None, 28 * 28 * 2 * 20])
def test_patches_and_grids_are_the_references_bit_by_bit(model: Path, max_pixels: int | None):
    reference = Glm4vImageProcessorPil.from_pretrained(model, local_files_only=True)
    if max_pixels:
        reference.size["longest_edge"] = max_pixels
    images = [noise(*size) for size in SIZES]
    wanted = reference(images=images, return_tensors="np")
    made = patches.read(model, max_pixels=max_pixels)(images)
    np.testing.assert_array_equal(made.grids, wanted["image_grid_thw"], strict=True)
    np.testing.assert_array_equal(made.values, wanted["pixel_values"], strict=True)


SIDES = st.integers(1, 5000)


@given(height=SIDES, width=SIDES, least=st.integers(1, 10**6), most=st.integers(10**6, 10**8))
def test_every_size_is_scaled_as_the_reference_scales_it(height: int, width: int, least: int, most: int):
    height, width = min(height, 200 * width), min(width, 200 * height)
    table = np.zeros((3, 256), np.float32)
    cutter = patches.Cutter(min_pixels=least, max_pixels=most, patch=14, frames=2, merge=2, table=table)
    assert cutter.size(height, width) == smart_resize(2, height, width, min_pixels=least, max_pixels=most)


def test_settings_that_transformers_5_saved_come_first(tmp_path: Path):
    folder(tmp_path, **PRODUCTION, patch_size=14)
    (tmp_path / patches.NESTED).write_text(json.dumps({"image_processor": PRODUCTION | {"patch_size": 16}}))
    assert patches.read(tmp_path, max_pixels=None).patch == 16


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"do_resize": False}, "do_resize is False, and only True can be computed"),
        ({"resample": 2}, "resample is 2, and only 3 can be computed"),
        ({"patch_size": 0}, "0 is given where a whole number above 0 is needed"),
        ({"merge_size": "two"}, "'two' is given where a whole number"),
        ({"size": {"longest_edge": -1}}, "-1 is given where a whole number"),
        ({"size": 5}, "is not the image processor of a GLM-4V"),
        ({"image_mean": [0.5, 0.5]}, "is not the image processor of a GLM-4V"),
        ({"image_std": [0.5, 0, 0.5]}, "image_std .* has a 0"),
        ({"rescale_factor": "x"}, "is not the image processor of a GLM-4V"),
    ],
)
def test_settings_that_cant_be_computed_are_refused_by_name(tmp_path: Path, settings: dict[str, Any], fault: str):
    with pytest.raises(ModelError, match=fault) as caught:
        patches.read(folder(tmp_path, **settings), max_pixels=None)
    assert patches.NAME in str(caught.value)


def test_a_model_is_loaded_without_torchs_compiler_which_takes_long_to_import(tiny_model: Path):
    code = f"""
import sys
from pathlib import Path
from autoglm_serving import loading, server
from autoglm_serving.settings import ServeSettings
loading.load(ServeSettings(model=Path({str(tiny_model)!r}), threads=1)).stop()
print(sys.modules.keys() & {{"torch._dynamo", "torch._inductor", "sympy", "transformers.modeling_utils"}})
"""
    result = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "set()"
