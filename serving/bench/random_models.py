"""Models of random weights that are large enough to measure: `python3 -m bench.random_models text FOLDER`.

`text` is a GLM-4 of 196 million weights, `vision` a GLM-4V of 163 million, both in bfloat16, the same for the same
seed. They say no special token, so that an answer is as long as was asked, also of a server that knows no `ignore_eos`.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autoglm_serving.model import manifest
from autoglm_serving.model.tiny import PREPROCESSOR_CONFIG
from autoglm_serving.model.tiny_text import CHAT_TEMPLATE, EOS_TOKENS, SPECIAL_TOKENS

VOCABULARY = 8192
CONTEXT = 32768

TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "max_position_embeddings": CONTEXT,
}
VISION_TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 10000.0,
        "partial_rotary_factor": 0.5,
        "mrope_section": [8, 12, 12],
    },
}
VISION: dict[str, Any] = {
    "depth": 6,
    "hidden_size": 512,
    "num_heads": 8,
    "intermediate_size": 1536,
    "out_hidden_size": 1024,
    "image_size": 336,
    "patch_size": 14,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
}
# As the production model's: no bound but the flag's `max_pixels`, so a 1080x2400 screenshot takes 3,354 tokens.
PREPROCESSOR = PREPROCESSOR_CONFIG | {"size": {"shortest_edge": 112 * 112, "longest_edge": 28 * 28 * 15000}}


def make(kind: str, folder: Path, seed: int = 0) -> Path:
    """The folder of the `text` or `vision` model; one that is whole is left as it is."""
    if not (folder / manifest.NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        tokens = _write_tokenizer(folder)
        (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
        if kind == "vision":
            for name in ("image", "video"):
                processor = {f"{name}_processor_type": f"Glm4v{name.capitalize()}Processor"}
                file = {"image": "preprocessor_config.json", "video": "video_preprocessor_config.json"}[name]
                _write_json(folder / file, PREPROCESSOR | processor)
        _write_weights(kind, folder, tokens, seed)
        eos = [tokens[token] for token in EOS_TOKENS]
        _write_json(folder / "generation_config.json", {"eos_token_id": eos, "pad_token_id": eos[0]})
        manifest.write(folder)
    return folder


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """A byte-level BPE, trained on the source of Python's library, which every machine has; returns the vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(library_text(), trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": EOS_TOKENS[0],
        "pad_token": EOS_TOKENS[0],
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
    }
    _write_json(folder / "tokenizer_config.json", settings)
    return tokenizer.get_vocab()


def library_text(files: int = 60) -> Iterator[str]:
    """The largest of the Python library's own modules."""
    folder = Path(json.__file__).parents[1]
    for path in sorted(folder.glob("*.py"), key=lambda path: (-path.stat().st_size, path.name))[:files]:
        yield path.read_text(encoding="utf-8")


def _write_weights(kind: str, folder: Path, tokens: dict[str, int], seed: int) -> None:
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = _build(kind, tokens).to(torch.bfloat16)
        # Special tokens get the logit 0; the largest of 8,000 random ones is far above it.
        model.get_output_embeddings().weight[[tokens[token] for token in SPECIAL_TOKENS]] = 0
    model.save_pretrained(folder)


def _build(kind: str, tokens: dict[str, int]) -> Any:
    from transformers import Glm4Config, Glm4ForCausalLM, Glm4vConfig, Glm4vForConditionalGeneration

    pad, eos = tokens[EOS_TOKENS[0]], [tokens[token] for token in EOS_TOKENS]
    if kind == "text":
        return Glm4ForCausalLM(Glm4Config(**TEXT, pad_token_id=pad, eos_token_id=eos))
    config = Glm4vConfig(
        text_config=VISION_TEXT | {"pad_token_id": pad},
        vision_config=VISION,
        image_token_id=tokens["<|image|>"],
        video_token_id=tokens["<|video|>"],
        image_start_token_id=tokens["<|begin_of_image|>"],
        image_end_token_id=tokens["<|end_of_image|>"],
        video_start_token_id=tokens["<|begin_of_video|>"],
        video_end_token_id=tokens["<|end_of_video|>"],
    )
    return Glm4vForConditionalGeneration(config)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.random_models", description=__doc__)
    parser.add_argument("kind", choices=("text", "vision"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(make(options.kind, options.folder, options.seed))


if __name__ == "__main__":
    main()
