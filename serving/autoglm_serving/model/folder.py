"""What must hold of a model folder before torch is let near it: verified files, no pickles, a GLM-4 inside."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from autoglm_serving.errors import ModelError
from autoglm_serving.model import manifest

MODEL_TYPES = ("glm4v", "glm4")
"""With images, and for text alone."""
INDEX = "model.safetensors.index.json"
WEIGHTS = "model.safetensors"
REQUIRED = ("config.json", "generation_config.json", "tokenizer.json")
FOR_IMAGES = ("preprocessor_config.json",)
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


@dataclass(frozen=True)
class Report:
    files: int
    bytes: int


def check(folder: Path) -> Report:
    """Raises ModelError that names the file at fault."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise ModelError(f"model folder {folder} {what}: give the folder that holds config.json and {WEIGHTS}")
    sizes = manifest.verify(folder)
    for name in sizes:
        if name.endswith(PICKLES):
            raise ModelError(
                f"{folder / name} may be a pickle, which can run code when it is loaded:"
                " only safetensors are accepted; remove it and make SHA256SUMS again"
            )
    _require(folder, REQUIRED, sizes)
    for name in _weights(folder, sizes):
        if name not in sizes:
            raise ModelError(f"{folder / name} is missing: {INDEX} names it as a part of the weights")
    model_type = read_json(folder / "config.json").get("model_type")
    if model_type not in MODEL_TYPES:
        raise ModelError(
            f"{folder / 'config.json'}: model_type {model_type!r} can't be served:"
            f" it must be {MODEL_TYPES[0]!r}, as in AutoGLM-Phone-9B, or {MODEL_TYPES[1]!r}"
        )
    _require(folder, FOR_IMAGES if model_type == "glm4v" else (), sizes)
    return Report(files=len(sizes), bytes=sum(sizes.values()))


def _require(folder: Path, names: tuple[str, ...], sizes: dict[str, int]) -> None:
    for name in names:
        if name not in sizes:
            every = ", ".join(REQUIRED + FOR_IMAGES)
            raise ModelError(f"{folder / name} is missing: a GLM-4V folder has {every} and {WEIGHTS}")


def read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} can't be read as JSON: {error}") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path} must hold a JSON object, not {type(content).__name__}")
    return content


def _weights(folder: Path, sizes: dict[str, int]) -> set[str]:
    if INDEX not in sizes:
        if WEIGHTS not in sizes:
            raise ModelError(f"{folder} has no weights: neither {WEIGHTS} nor {INDEX}")
        return {WEIGHTS}
    parts = read_json(folder / INDEX).get("weight_map")
    if not isinstance(parts, dict) or not parts:
        raise ModelError(f"{folder / INDEX}: `weight_map` must name the file of each weight")
    for part in set(parts.values()):
        if not isinstance(part, str) or PurePosixPath(part).name != part or not part.endswith(".safetensors"):
            raise ModelError(f"{folder / INDEX}: {part!r} is no safetensors file of this folder")
    return set(parts.values())
