"""What a model is made of, from its config.json: the few figures that the forward pass needs, checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from autoglm_serving.errors import ModelError

MODEL_TYPES = ("glm4", "glm4v")


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    rms_norm_eps: float
    attention_bias: bool
    tied_head: bool
    """The head is the embedding table."""
    max_position_embeddings: int
    rope_theta: float
    rotary_dim: int
    """Leading channels of a head that are rotated; the others pass."""
    mrope_section: tuple[int, ...]
    """Frequencies that follow the position in time, height, width (and so on in turn); empty for text alone."""


@dataclass(frozen=True, kw_only=True)
class VisionConfig:
    depth: int
    hidden_size: int
    num_heads: int
    intermediate_size: int
    """Of the merger; the blocks' is `out_hidden_size`, as in the reference."""
    out_hidden_size: int
    patch_shape: tuple[int, int, int, int]
    """Channels, frames, height and width of a patch."""
    positions_a_side: int
    """Rows and columns of the learned position table."""
    merge_size: int
    rms_norm_eps: float
    attention_bias: bool
    rope_theta: float


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    text: TextConfig
    vision: VisionConfig | None
    image_token_id: int | None
    dtype: str | None
    """Of the weights, as config.json says; None when it does not."""


def read(folder: Path) -> ModelConfig:
    """Raises ModelError. transformers' own classes read the file: they know every older spelling of it."""
    path = folder / "config.json"
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in MODEL_TYPES:
            raise ModelError(f"{path}: model_type {config.model_type!r} can't be served; it must be in {MODEL_TYPES}")
        vision = config.vision_config if config.model_type == "glm4v" else None
        text = config.get_text_config()
        return ModelConfig(
            text=_text(path, text, tied=config.tie_word_embeddings, multimodal=vision is not None),
            vision=None if vision is None else _vision(path, vision, text.hidden_size),
            image_token_id=None if vision is None else config.image_token_id,
            dtype=None if config.dtype is None else str(config.dtype).removeprefix("torch."),
        )
    except ModelError:
        raise
    except Exception as error:
        # The parser raises whatever it meets: KeyError, TypeError, its own validation errors.
        raise ModelError(f"{path} is not the configuration of a GLM-4 or GLM-4V: {error}") from error


def _text(path: Path, text: Any, *, tied: bool, multimodal: bool) -> TextConfig:
    rope = text.rope_parameters
    # The multimodal attention knows no head_dim of its own.
    own_head_dim = None if multimodal else getattr(text, "head_dim", None)
    head_dim = own_head_dim or text.hidden_size // text.num_attention_heads
    rotary_dim = int(head_dim * rope.get("partial_rotary_factor", 1.0))
    sections = tuple(rope.get("mrope_section", (8, 12, 12))) if multimodal else ()
    _require(path, "rope_parameters.rope_type", rope.get("rope_type"), "default")
    _require(path, "hidden_act", text.hidden_act, "silu")
    if multimodal:
        _require(path, "the sum of mrope_section", sum(sections), rotary_dim // 2)
    _require(
        path, "num_attention_heads modulo num_key_value_heads", text.num_attention_heads % text.num_key_value_heads, 0
    )
    return TextConfig(
        vocab_size=text.vocab_size,
        hidden_size=text.hidden_size,
        intermediate_size=text.intermediate_size,
        num_layers=text.num_hidden_layers,
        num_heads=text.num_attention_heads,
        num_kv_heads=text.num_key_value_heads,
        head_dim=head_dim,
        rms_norm_eps=text.rms_norm_eps,
        attention_bias=True if multimodal else text.attention_bias,
        tied_head=tied,
        max_position_embeddings=text.max_position_embeddings,
        rope_theta=rope["rope_theta"],
        rotary_dim=rotary_dim,
        mrope_section=sections,
    )


def _vision(path: Path, vision: Any, text_hidden_size: int) -> VisionConfig:
    _require(path, "vision_config.hidden_act", vision.hidden_act, "silu")
    _require(path, "vision_config.out_hidden_size", vision.out_hidden_size, text_hidden_size)
    patch = vision.patch_size
    return VisionConfig(
        depth=vision.depth,
        hidden_size=vision.hidden_size,
        num_heads=vision.num_heads,
        intermediate_size=vision.intermediate_size,
        out_hidden_size=vision.out_hidden_size,
        patch_shape=(vision.in_channels, vision.temporal_patch_size, patch, patch),
        positions_a_side=vision.image_size // patch,
        merge_size=vision.spatial_merge_size,
        rms_norm_eps=vision.rms_norm_eps,
        attention_bias=vision.attention_bias,
        rope_theta=vision.rope_parameters["rope_theta"],
    )


def _require(path: Path, name: str, value: object, needed: object) -> None:
    if value != needed:
        raise ModelError(f"{path}: {name} is {value!r}, and only {needed!r} can be computed")
