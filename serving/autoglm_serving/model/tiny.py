"""A GLM-4V small enough for any machine: random weights, the real architecture, files and request shapes."""

import json
from pathlib import Path
from typing import Any

from autoglm_serving.model import folder as model_folder
from autoglm_serving.model import manifest, whole
from autoglm_serving.model.tiny_text import CHAT_TEMPLATE, CORPUS, EOS_TOKENS, SPECIAL_TOKENS

VOCAB_SIZE = 1024
HIDDEN = 192
PATCH = 14
MERGE = 2
IMAGE_TOKENS = 128
"""Most tokens of one image; a 1080x2400 screenshot takes 112 of them."""

TEXT_CONFIG: dict[str, Any] = {
    "vocab_size": VOCAB_SIZE,
    "hidden_size": HIDDEN,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32768,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 10000.0,
        "partial_rotary_factor": 0.5,
        "mrope_section": [2, 3, 3],
    },
}
VISION_CONFIG: dict[str, Any] = {
    "depth": 3,
    "hidden_size": 128,
    "num_heads": 4,
    "intermediate_size": 256,
    "image_size": 336,
    "patch_size": PATCH,
    "spatial_merge_size": MERGE,
    "temporal_patch_size": 2,
    "out_hidden_size": HIDDEN,
}
PREPROCESSOR_CONFIG: dict[str, Any] = {
    # The processor counts pixels over both frames of a temporal patch.
    "size": {"shortest_edge": 112 * 112, "longest_edge": IMAGE_TOKENS * (PATCH * MERGE) ** 2 * 2},
    "do_rescale": True,
    "do_normalize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "patch_size": PATCH,
    "merge_size": MERGE,
    "temporal_patch_size": 2,
    "processor_class": "Glm4vProcessor",
}


def make(folder: Path, seed: int) -> str:
    """Make the model's folder, whole or not at all, and say what was done. Raises ModelError.

    A folder that is there already is verified and left as it is.
    """
    if not whole.make(folder, lambda part: _write(part, seed)):
        return f"{folder}: already there, every file as in {manifest.NAME}"
    report = model_folder.check(folder)
    return f"{folder}: made {report.files} files, {report.bytes} bytes, seed {seed}"


def _write(folder: Path, seed: int) -> None:
    tokens = _write_tokenizer(folder)
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    for kind, name in (("image", "preprocessor_config.json"), ("video", "video_preprocessor_config.json")):
        processor = f"Glm4v{kind.capitalize()}Processor"
        _write_json(folder / name, PREPROCESSOR_CONFIG | {f"{kind}_processor_type": processor})
    _write_weights(folder, tokens, seed)
    # After the weights: the library writes a generation_config.json of its own with them.
    eos = [tokens[token] for token in EOS_TOKENS]
    _write_json(folder / "generation_config.json", {"eos_token_id": eos, "pad_token_id": eos[0]})


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """A byte-level BPE like GLM-4's; returns the vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": EOS_TOKENS[0],
            "pad_token": EOS_TOKENS[0],
            "clean_up_tokenization_spaces": False,
            "model_max_length": TEXT_CONFIG["max_position_embeddings"],
        },
    )
    return tokenizer.get_vocab()


def _write_weights(folder: Path, tokens: dict[str, int], seed: int) -> None:
    import torch
    from transformers import Glm4vConfig, Glm4vForConditionalGeneration

    config = Glm4vConfig(
        text_config=TEXT_CONFIG | {"pad_token_id": tokens[EOS_TOKENS[0]]},
        vision_config=VISION_CONFIG,
        image_token_id=tokens["<|image|>"],
        video_token_id=tokens["<|video|>"],
        image_start_token_id=tokens["<|begin_of_image|>"],
        image_end_token_id=tokens["<|end_of_image|>"],
        video_start_token_id=tokens["<|begin_of_video|>"],
        video_end_token_id=tokens["<|end_of_video|>"],
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = Glm4vForConditionalGeneration(config)
        # Channel 0 is the same for every token, so that column 0 of the head is a bias. With it the model says
        # visible text only, and ends an answer now and then: its text can be read, if not understood.
        embedding = model.model.language_model.embed_tokens.weight
        embedding.normal_()
        embedding[:, 0] = HIDDEN**0.5
        head = model.lm_head.weight
        head.normal_(std=0.01)
        head[:, 0] = 0
        silent = [number for token, number in tokens.items() if not _is_text(token)]
        head[silent] = 0
        head[silent, 0] = -2
        head[tokens[EOS_TOKENS[0]], 0] = 0
    model.save_pretrained(folder)


def _is_text(token: str) -> bool:
    """Whether a token of the byte-level vocabulary is whole, visible characters by itself."""
    from tokenizers import decoders

    text: str = decoders.ByteLevel().decode([token])
    return token not in SPECIAL_TOKENS and "\ufffd" not in text and text.isprintable()


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
