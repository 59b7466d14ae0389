"""The engine's forward pass beside the floor: `python3 -m bench.decode FOLDER --batches 1 4 16 64`.

The floor is transformers' own forward pass of a batch that decodes in step, with a static cache, in the same process
and threads. Both sides take turns, and a side's figure is its fastest step: what else the machine does only adds.
The bound is the bytes of the weights over the bandwidth that a copy of them reaches.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PROMPT_TOKENS = 54
BLOCK_SIZE = 16


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.decode", description=__doc__)
    parser.add_argument("folder", type=Path, help="of a GLM-4 for text, as bench.random_models makes it")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--steps", type=int, default=30, help="of each side and batch (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-floor", action="store_true", help="leave transformers out: it takes time and memory")
    options = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import torch

    torch.set_num_threads(options.threads)
    most = max(options.batches)
    ours = Ours(options.folder, most, PROMPT_TOKENS + options.steps + 2)
    floor = None if options.no_floor else Floor(options.folder, PROMPT_TOKENS + options.steps + 2)
    bound = _bound_seconds(options.folder)
    print(f"torch {torch.__version__}, {options.threads} threads; read at {1 / bound:.1f} steps/s: one stream's bound")
    print("batch   ours tok/s   of bound  floor tok/s    ratio")
    for batch in options.batches:
        sides: list[Callable[[], None]] = [ours.start(batch)]
        if floor is not None:
            sides.append(floor.start(batch))
        best = _fastest(sides, options.steps)
        line = f"{batch:5d} {batch / best[0]:12.1f} {bound / best[0]:9.0%}"
        print(line + (f" {batch / best[1]:12.1f} {best[1] / best[0]:8.2f}" if len(best) > 1 else ""), flush=True)


class Ours:
    """The runner, without the engine's scheduling."""

    def __init__(self, folder: Path, batch: int, length: int) -> None:
        from autoglm_serving.engine.torch_runner import TorchRunner
        from autoglm_serving.nn.model import load

        self._blocks = -(-length // BLOCK_SIZE)
        model = load(folder, dtype="auto", device="cpu")
        self._runner = TorchRunner(
            model, num_blocks=batch * self._blocks, block_size=BLOCK_SIZE, image_cache_bytes=2**20
        )

    def start(self, batch: int) -> Callable[[], None]:
        """A step of this many answers, whose prompts are computed."""
        from autoglm_serving.engine.base import Prompt, Request, SamplingParams
        from autoglm_serving.engine.model_runner import Sampled
        from autoglm_serving.engine.sequence import Sequence, Slice

        sampling = SamplingParams(max_tokens=10**6, temperature=0)
        sequences = []
        for number in range(batch):
            tokens = [100 + (number * 31 + place * 7) % 5000 for place in range(PROMPT_TOKENS)]
            request = Request(prompt=Prompt(token_ids=tokens), sampling=sampling, listener=print)
            sequences.append(Sequence(request, 0.0))
            sequences[-1].blocks = list(range(number * self._blocks, (number + 1) * self._blocks))

        def step() -> None:
            pieces = [Slice(one, one.computed, len(one.token_ids) - one.computed) for one in sequences]
            for piece, result in zip(pieces, self._runner.execute(pieces), strict=True):
                assert isinstance(result, Sampled)  # noqa: S101  a bench that fails must not look fast
                piece.sequence.computed += piece.count
                piece.sequence.token_ids.append(result.token_id)

        step()
        return step


class Floor:
    def __init__(self, folder: Path, length: int) -> None:
        from transformers import Glm4ForCausalLM

        load: Any = Glm4ForCausalLM.from_pretrained
        self._model = load(folder, dtype="auto").eval()
        self._length = length

    def start(self, batch: int) -> Callable[[], None]:
        import torch
        from transformers import StaticCache

        cache: Any = StaticCache(config=self._model.config, max_cache_len=self._length)
        ids = torch.arange(100, 100 + batch * PROMPT_TOKENS).view(batch, -1) % 5000
        seen = 0

        @torch.inference_mode()
        def step() -> None:
            nonlocal ids, seen
            places = torch.arange(seen, seen + ids.shape[1])[None]
            output = self._model(input_ids=ids, position_ids=places, past_key_values=cache, logits_to_keep=1)
            seen += ids.shape[1]
            ids = output.logits[:, -1].argmax(-1)[:, None]

        step()
        return step


def _fastest(sides: Sequence[Callable[[], None]], steps: int) -> list[float]:
    best = [float("inf")] * len(sides)
    for _ in range(steps):
        for number, step in enumerate(sides):
            began = time.perf_counter()
            step()
            best[number] = min(best[number], time.perf_counter() - began)
    return best


def _bound_seconds(folder: Path) -> float:
    """To read all weights but the embedding table once, at the speed that summing a large array reaches."""
    import torch
    from safetensors import safe_open

    read = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            read += sum(file.get_tensor(name).nbytes for name in file.keys() if "embed_tokens" not in name)  # noqa: SIM118
    array = torch.zeros(2**26, dtype=torch.float32)
    best = min(_timed(array.sum) for _ in range(10))
    return read * best / array.nbytes


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
