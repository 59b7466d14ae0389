"""From a checked folder to a model in memory. Nothing is fetched: what is not in the folder is an error."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from autoglm_serving import logs
from autoglm_serving.errors import ModelError, SettingsError
from autoglm_serving.nn import config as model_config
from autoglm_serving.nn.config import ModelConfig
from autoglm_serving.nn.glm4 import Glm4
from autoglm_serving.nn.vision import VisionTower
from autoglm_serving.nn.weights import Weights


@dataclass(frozen=True)
class Model:
    config: ModelConfig
    text: Glm4
    vision: VisionTower | None
    eos_token_ids: frozenset[int]
    """The tokens that end an answer; GLM-4 has several."""


def load(folder: Path, *, dtype: str, device: str) -> Model:
    """`dtype` and `device` as in ServeSettings. Raises ModelError, or SettingsError for a GPU that isn't there."""
    target = _device(device)
    config = model_config.read(folder)
    prefix = "model." if config.vision is None else "model.language_model."
    with Weights(folder) as weights:
        name = dtype if dtype != "auto" else config.dtype
        kind = weights.dtype_of(f"{prefix}norm.weight") if name is None else getattr(torch, name)
        text = Glm4(config.text, weights, prefix, kind, target)
        vision = None if config.vision is None else VisionTower(config.vision, weights, kind, target)
        if unused := weights.unused():
            logs.warning("weights that the architecture does not use", count=len(unused), first=unused[0])
    return Model(config, text, vision, eos_token_ids(folder))


def eos_token_ids(folder: Path) -> frozenset[int]:
    path = folder / "generation_config.json"
    try:
        ids = json.loads(path.read_bytes()).get("eos_token_id")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} can't be read: {error}") from error
    found = [ids] if isinstance(ids, int) else ids
    if not isinstance(found, list) or not found or not all(isinstance(one, int) for one in found):
        raise ModelError(f"{path}: eos_token_id is {ids!r}; without a token's number, or several, no answer would end")
    return frozenset(found)


def _device(name: str) -> torch.device:
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise SettingsError("--device: 'cuda' is not possible: torch sees no GPU; use --device cpu")
    return torch.device(name if name != "auto" else "cuda" if available else "cpu")
