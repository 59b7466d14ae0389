"""The trained model's folder: config, tokenizer, chat template, image processor, weights and their manifest."""

import json
from pathlib import Path
from typing import Any

from transformers import Glm4vForConditionalGeneration

from autoglm_serving.model import manifest, tinyphone
from autoglm_serving.model.tiny_text import EOS_TOKENS
from tinyphone import shape, vocabulary
from tinyphone.chat_template import CHAT_TEMPLATE


def write(model: Glm4vForConditionalGeneration, folder: Path, made: dict[str, Any]) -> None:
    """`made` is what to remember of the training."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.write(folder, shape.CONTEXT)
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    for kind, name in (("image", "preprocessor_config.json"), ("video", "video_preprocessor_config.json")):
        _json(folder / name, shape.PREPROCESSOR | {f"{kind}_processor_type": f"Glm4v{kind.capitalize()}Processor"})
    model.save_pretrained(folder)
    ids = vocabulary.tokenizer().get_vocab()
    eos = [ids[token] for token in EOS_TOKENS]
    # After the weights: the library writes a generation_config.json of its own with them.
    _json(folder / "generation_config.json", {"eos_token_id": eos, "pad_token_id": eos[0]})
    _json(folder / tinyphone.NOTE, made)
    for path in folder.iterdir():
        path.chmod(0o644)
    manifest.write(folder)


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
