"""What of a model's folder decides vLLM's flags: read from config.json and the sizes of its files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoglm_serving.errors import ModelError

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`kv_bytes_per_token`: of all layers, in 16 bits. `packed`: the folder's own quantization, if any.

    `parameters`: of the weights that every token passes, counted from the files.
    """

    vision: bool
    packed: str | None
    weights_bytes: int
    parameters: int
    kv_bytes_per_token: int
    kv_heads: int
    context: int


def read(folder: Path) -> Shape:
    """Raises ModelError for a config.json that is not one of a language model."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        text = config.get("text_config") or config
        heads = int(text["num_attention_heads"])
        kv_heads = int(text.get("num_key_value_heads") or heads)
        head_dim = int(text.get("head_dim") or int(text["hidden_size"]) // heads)
        layers, context = int(text["num_hidden_layers"]), int(text["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / 'config.json'} can't be read as a language model's: {error!r}") from error
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    packed = _packed(config, text)
    width = 1 if packed else BYTES.get(str(config.get("dtype") or config.get("torch_dtype") or text.get("dtype")), 2)
    return Shape(
        vision="vision_config" in config,
        packed=packed,
        # vLLM holds 16-bit numbers of a model of 32-bit ones, unless it is told otherwise.
        weights_bytes=weights if width <= 2 else weights // 2,
        parameters=weights // width,
        kv_bytes_per_token=2 * layers * kv_heads * head_dim * 2,
        kv_heads=kv_heads,
        context=context,
    )


def _packed(config: dict[str, Any], text: dict[str, Any]) -> str | None:
    quantization = config.get("quantization_config") or text.get("quantization_config")
    return str(quantization.get("quant_method", "unknown")) if isinstance(quantization, dict) else None
