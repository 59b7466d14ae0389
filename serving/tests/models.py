"""Random models of the real architectures, transformers' own answers of them, and a loop that drives a runner."""

from collections.abc import Sequence as List
from pathlib import Path
from typing import Any

import torch
from transformers import Glm4Config, Glm4ForCausalLM, Glm4vForConditionalGeneration

from autoglm_serving.engine.base import Prompt, Request, SamplingParams
from autoglm_serving.engine.block_manager import BlockManager
from autoglm_serving.engine.model_runner import Sampled
from autoglm_serving.engine.sequence import Sequence, Slice
from autoglm_serving.engine.torch_runner import TorchRunner
from autoglm_serving.nn.model import load

TEXT: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,  # not hidden_size / heads, as GLM-4 allows
    "max_position_embeddings": 8192,
    "pad_token_id": 0,
    "eos_token_id": [1, 2],
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
}


def glm4(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """A Glm4ForCausalLM whose answers vary: with the library's small random numbers it would repeat itself."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = Glm4ForCausalLM(Glm4Config(**(TEXT | {"dtype": "float32"} | changes)))
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.normal_(std=0.2)
    model.to(model.config.dtype).save_pretrained(folder, max_shard_size="200KB")
    return folder


def reference(folder: Path, dtype: torch.dtype | str = "auto") -> Any:
    kind = Glm4vForConditionalGeneration if (folder / "preprocessor_config.json").exists() else Glm4ForCausalLM
    return kind.from_pretrained(folder, dtype=dtype).eval()


def greedy(model: Any, prompt: Prompt, count: int) -> list[int]:
    """What transformers itself generates."""
    ids = torch.tensor([prompt.token_ids])
    inputs: dict[str, torch.Tensor] = {}
    if isinstance(model, Glm4vForConditionalGeneration):
        inputs["mm_token_type_ids"] = (ids == model.config.image_token_id).int()
        model.model.rope_deltas = None
    if prompt.images is not None:
        inputs["pixel_values"] = torch.as_tensor(prompt.images.pixel_values)
        inputs["image_grid_thw"] = torch.as_tensor(prompt.images.grid_thw)
    model.generation_config.eos_token_id = None
    output = model.generate(input_ids=ids, max_new_tokens=count, do_sample=False, pad_token_id=0, **inputs)
    return output[0, ids.shape[1] :].tolist()


def runner(folder: Path, *, dtype: str = "auto", num_blocks: int = 600, image_cache_bytes: int = 2**20) -> TorchRunner:
    model = load(folder, dtype=dtype, device="cpu")
    return TorchRunner(model, num_blocks=num_blocks, block_size=16, image_cache_bytes=image_cache_bytes)


class Driver:
    """The engine's work without its thread: every step, a chunk of every sequence."""

    def __init__(self, runner: TorchRunner) -> None:
        self.runner = runner
        self.blocks = BlockManager(runner.num_blocks, runner.block_size)

    def start(self, prompt: Prompt, **sampling: Any) -> Sequence:
        params = SamplingParams(**({"max_tokens": 1, "temperature": 0.0} | sampling))
        sequence = Sequence(Request(prompt=prompt, sampling=params, listener=print), 0.0)
        assert self.blocks.admit(sequence)
        return sequence

    def step(self, sequences: List[Sequence], chunk: int) -> list[Any]:
        for sequence in sequences:
            assert self.blocks.grow(sequence)
        batch = [Slice(one, one.computed, min(chunk, len(one.token_ids) - one.computed)) for one in sequences]
        results = self.runner.execute(batch)
        for piece, result in zip(batch, results, strict=True):
            if result is None or isinstance(result, Sampled):
                before = piece.sequence.computed
                piece.sequence.computed = piece.start + piece.count
                self.blocks.publish(piece.sequence, before)
            if isinstance(result, Sampled):
                piece.sequence.token_ids.append(result.token_id)
        return results

    def end(self, sequence: Sequence) -> list[int]:
        self.runner.release(sequence)
        self.blocks.release(sequence)
        return sequence.token_ids[sequence.prompt_length :]

    def generate(self, prompts: List[Prompt], count: int, chunk: int = 10**6) -> list[list[int]]:
        """Greedy tokens of prompts that are computed at the same time."""
        sequences = [self.start(prompt) for prompt in prompts]
        while open_ones := [one for one in sequences if one.generated < count]:
            for result in self.step(open_ones, chunk):
                if isinstance(result, Exception):
                    raise result
        return [self.end(sequence) for sequence in sequences]


def text_prompt(length: int, seed: int = 0) -> Prompt:
    """Random tokens that are nothing special in any of the models."""
    ids = torch.randint(20, 500, (length,), generator=torch.Generator().manual_seed(seed))
    return Prompt(token_ids=ids.tolist())
