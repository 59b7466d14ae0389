"""The torch engine of a folder, as the settings ask for it."""

from dataclasses import dataclass
from pathlib import Path

import torch

from autoglm_serving import logs
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.engine import Engine
from autoglm_serving.engine.torch_runner import TorchRunner
from autoglm_serving.errors import SettingsError
from autoglm_serving.lifecycle.memory import default_budget
from autoglm_serving.nn.cache import bytes_a_token
from autoglm_serving.nn.config import read
from autoglm_serving.nn.model import Model, load
from autoglm_serving.settings import ServeSettings

BLOCK_SIZE = 16
"""Tokens of a block, as in vLLM: smaller ones waste less of an answer's last block and share more of a prompt."""

STEP_TOKENS = 2048
"""Tokens that a step computes at most, when nothing else was asked for (vLLM's default)."""

CACHE_SHARE = {"cpu": 0.4, "cuda": 0.9}
"""Of the memory that is left beside the weights. On a CPU, an image, a body or another model may want some too."""

IMAGE_CACHE_BYTES = 256 * 1024 * 1024
"""Embeddings of about ten large screenshots of a 9B model; a dialogue's images come with every request."""


HALVES = ("bfloat16", "float16")
BUFFERS = 1.1
"""Beside each byte of weights: packed copies of small ones, and what a step computes (estimate)."""


@dataclass(frozen=True)
class Built:
    engine: Engine
    model: Model
    max_model_len: int
    """Tokens of prompt and answer together."""


def build(settings: ServeSettings, folder: Path) -> Built:
    """Raises ServingError. The folder is verified, the engine not started."""
    model = load(folder, dtype=settings.dtype, device=settings.device)
    max_model_len = context(settings.max_model_len, model.config.text.max_position_embeddings)
    blocks = _blocks(settings, model, folder, max_model_len)
    runner = TorchRunner(model, num_blocks=blocks, block_size=BLOCK_SIZE, image_cache_bytes=IMAGE_CACHE_BYTES)
    config = EngineConfig(
        max_num_seqs=settings.max_num_seqs,
        max_num_waiting=settings.max_num_waiting,
        step_timeout=settings.step_timeout,
        max_num_batched_tokens=settings.max_num_batched_tokens or max(STEP_TOKENS, settings.max_num_seqs),
        prefix_caching=settings.enable_prefix_caching,
    )
    text = model.text
    logs.info(
        "engine",
        device=str(text.device),
        dtype=str(text.dtype),
        threads=torch.get_num_threads(),
        max_model_len=max_model_len,
        cache_tokens=blocks * BLOCK_SIZE,
    )
    return Built(Engine(runner, config), model, max_model_len)


def memory_budget(settings: ServeSettings) -> int:
    """Bytes for all models of a repository, when nothing else was asked for: the container's, or the GPU's."""
    if _kind(settings) == "cpu":
        return default_budget()
    _, total = torch.cuda.mem_get_info()
    return total


def memory_of(settings: ServeSettings, folder: Path) -> int:
    """Bytes that an engine of this folder takes at most: its weights, a step's buffers, and a full cache.

    Quick: nothing but config.json is read. Raises ModelError, or OSError where the folder can't be read.
    """
    config = read(folder)
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    wider = settings.dtype == "float32" and config.dtype in HALVES
    dtype = torch.float32 if wider or config.dtype not in HALVES else torch.bfloat16
    tokens = settings.max_num_seqs * context(settings.max_model_len, config.text.max_position_embeddings)
    room = int((memory_budget(settings) - weights) * CACHE_SHARE[_kind(settings)])
    cache = min(tokens * bytes_a_token(config.text, dtype), room)
    return int(weights * (2 if wider else 1) * BUFFERS) + max(0, cache)


def context(asked: int | None, possible: int) -> int:
    """Tokens of prompt and answer. Raises SettingsError for more than is possible."""
    if asked is not None and asked > possible:
        raise SettingsError(f"--max-model-len: {asked} is more than the {possible} tokens the model was made for")
    return asked or possible


def _kind(settings: ServeSettings) -> str:
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"


def _blocks(settings: ServeSettings, model: Model, folder: Path, max_model_len: int) -> int:
    """Enough for every place at full length, if memory allows; at least for one. Raises SettingsError if it doesn't."""
    each = bytes_a_token(model.config.text, model.text.dtype) * BLOCK_SIZE
    device = model.text.device
    free = _free_bytes(device, sum(path.stat().st_size for path in folder.glob("*.safetensors")))
    possible = int(free * CACHE_SHARE[device.type]) // each
    one = -(-max_model_len // BLOCK_SIZE)
    if possible < one:
        raise SettingsError(
            f"--max-model-len: {max_model_len} tokens need {one * each} bytes of cache, and {possible * each} are free"
            f" for it; at most {possible * BLOCK_SIZE} tokens are possible here"
        )
    return min(possible, settings.max_num_seqs * one)


def _free_bytes(device: torch.device, weights: int) -> int:
    if device.type == "cpu":
        return default_budget() - weights
    free, _ = torch.cuda.mem_get_info(device)
    return free
