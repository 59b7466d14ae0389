"""The tiny model's shape: a real Glm4vForConditionalGeneration, of the sizes that its few tasks need."""

from typing import Any

from transformers import Glm4vConfig

from autoglm_serving.model.tiny_text import EOS_TOKENS
from tinyphone import vocabulary

PATCH = 16
COLUMNS, ROWS = 7, 15
"""Patches of a 1080x2400 screenshot, as the image processor scales it."""
CELLS = COLUMNS * ROWS
HIDDEN = 128
CONTEXT = 32768
IMAGE_MEAN, IMAGE_STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)

VISION: dict[str, Any] = {
    "depth": 4,
    "hidden_size": 128,
    "num_heads": 4,
    "intermediate_size": 192,
    "image_size": 16 * PATCH,
    "patch_size": PATCH,
    # One token a patch: the coarsest patches that still show where an edge is.
    "spatial_merge_size": 1,
    "temporal_patch_size": 2,
    "out_hidden_size": HIDDEN,
}
TEXT: dict[str, Any] = {
    "hidden_size": HIDDEN,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 10000.0,
        "partial_rotary_factor": 0.5,
        "mrope_section": [2, 3, 3],
    },
}
PREPROCESSOR: dict[str, Any] = {
    # The processor counts pixels over both frames of a temporal patch; this most makes 112x240 of 1080x2400.
    "size": {"shortest_edge": 2 * 64 * 64, "longest_edge": 57344},
    "do_rescale": True,
    "do_normalize": True,
    "image_mean": IMAGE_MEAN,
    "image_std": IMAGE_STD,
    "patch_size": PATCH,
    "merge_size": 1,
    "temporal_patch_size": 2,
    "processor_class": "Glm4vProcessor",
}


def config() -> Glm4vConfig:
    ids = vocabulary.tokenizer().get_vocab()
    return Glm4vConfig(
        text_config=TEXT | {"vocab_size": len(ids), "pad_token_id": ids[EOS_TOKENS[0]]},
        vision_config=VISION,
        image_token_id=ids["<|image|>"],
        video_token_id=ids["<|video|>"],
        image_start_token_id=ids["<|begin_of_image|>"],
        image_end_token_id=ids["<|end_of_image|>"],
        video_start_token_id=ids["<|begin_of_video|>"],
        video_end_token_id=ids["<|end_of_video|>"],
    )
