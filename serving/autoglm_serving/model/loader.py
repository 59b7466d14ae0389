"""From a checked folder to a model in memory. Nothing is fetched: what is not in the folder is an error."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import GenerationConfig, Glm4vForConditionalGeneration

from autoglm_serving import logs
from autoglm_serving.errors import ModelError, SettingsError


def load(folder: Path, *, dtype: str, device: str) -> Glm4vForConditionalGeneration:
    """`dtype` and `device` as in ServeSettings. Raises ModelError, or SettingsError for a GPU that isn't there."""
    target = _device(device)
    from_pretrained: Any = Glm4vForConditionalGeneration.from_pretrained
    try:
        model, report = from_pretrained(
            folder,
            dtype=dtype if dtype == "auto" else getattr(torch, dtype),
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        raise ModelError(f"{folder} can't be loaded as a GLM-4V: {error}") from error
    # transformers fills a missing weight with random numbers and goes on.
    for fault in ("missing_keys", "mismatched_keys"):
        if report[fault]:
            names = ", ".join(sorted(str(key) for key in report[fault])[:3])
            raise ModelError(
                f"{folder}: {len(report[fault])} weights are wrong ({fault.replace('_', ' ')}): {names}, …"
            )
    if report["unexpected_keys"]:
        logs.warning("weights that the architecture does not use", count=len(report["unexpected_keys"]))
    loaded: Glm4vForConditionalGeneration = model.eval().to(target)
    return loaded


def eos_token_ids(folder: Path) -> frozenset[int]:
    """The tokens that end an answer; GLM-4V has several."""
    ids = GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id
    if ids is None:
        raise ModelError(f"{folder / 'generation_config.json'}: eos_token_id is missing, so no answer would end")
    return frozenset([ids] if isinstance(ids, int) else ids)


def _device(name: str) -> str:
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise SettingsError("--device: 'cuda' is not possible: torch sees no GPU; use --device cpu")
    return name if name != "auto" else "cuda" if available else "cpu"
