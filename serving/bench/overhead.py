"""What HTTP, JSON and text cost beside the engine alone: `python3 -m bench.overhead --streams 1 16`.

The same prompts go to the engine in this process, as token ids, and to a server, as chats, in turns.
"""

import argparse
import os
import shutil
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from autoglm_serving.api.models import ServedModel
from autoglm_serving.engine.base import Failure, Output, Request, SamplingParams
from autoglm_serving.model.messages import Message
from bench import random_models, venvs
from bench.load import run
from bench.prompts import Prompts, body
from bench.sides import NAME, OURS, Job, started

TARGET = 0.05
PROMPT_TOKENS = 54


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    work = options.folder / "overhead"
    shutil.rmtree(work, ignore_errors=True)
    model = random_models.make("text", options.folder / "text")
    job = Job(
        model=model,
        work=work,
        threads=options.threads,
        max_num_seqs=max(options.streams),
        max_model_len=2048,
        kv_gib=1,
    )
    served = _engine(job)
    try:
        with started(OURS, job) as server:
            print("streams  engine tokens/s  server tokens/s  overhead  target")
            for streams in options.streams:
                rates: list[tuple[float, float]] = []
                for number in range(options.rounds + 1):
                    prompts = Prompts(model, options.seed + number)
                    texts = [prompts.text(PROMPT_TOKENS) for _ in range(streams)]
                    server.pause()
                    alone = direct(served, texts, options.tokens)
                    server.resume()
                    bodies = [body(NAME, text, options.tokens, ignore_eos=True) for text in texts]
                    began = time.monotonic()
                    tokens = sum(stream.tokens for stream in run(server.url, bodies))
                    rates.append((alone, tokens / (time.monotonic() - began)))
                # The first round pays for what is set up lazily.
                engine, http = (statistics.median(column) for column in zip(*rates[1:], strict=True))
                overhead = engine / http - 1
                verdict = "yes" if overhead <= TARGET else "NO"
                print(f"{streams:7d}  {engine:15.1f}  {http:15.1f}  {overhead:8.1%}  <= {TARGET:.0%}: {verdict}")
    finally:
        served.engine.stop()


def direct(served: ServedModel, texts: Sequence[str], tokens: int) -> float:
    """Tokens a second of the engine alone; raises RuntimeError when a request fails."""
    prompts = [served.prompts.build([Message(role="user", parts=(text,))]) for text in texts]
    left = len(prompts)
    count = 0
    done = threading.Event()
    failures: list[Failure] = []

    def listener(output: Output) -> None:
        nonlocal left, count
        if isinstance(output, Failure):
            failures.append(output)
        else:
            count += 1
        if isinstance(output, Failure) or output.finish_reason is not None:
            left -= 1
            if left == 0:
                done.set()

    sampling = SamplingParams(max_tokens=tokens, temperature=0, ignore_eos=True)
    began = time.monotonic()
    for prompt in prompts:
        served.engine.submit(Request(prompt=prompt, sampling=sampling, listener=listener))
    done.wait()
    if failures:
        raise RuntimeError(f"a request failed: {failures[0].error}")
    return count / (time.monotonic() - began)


def _engine(job: Job) -> ServedModel:
    os.environ["OMP_NUM_THREADS"] = str(job.threads)  # as the server has it
    import torch

    from autoglm_serving.flags import serve_settings
    from autoglm_serving.loading import load_folder

    flags = {
        "model": str(job.model),
        "threads": str(job.threads),
        "max_num_seqs": str(job.max_num_seqs),
        "max_model_len": str(job.max_model_len),
        "device": "cpu",
    }
    torch.set_num_threads(job.threads)
    return load_folder(serve_settings(flags, {}), job.model, name=NAME, version="1")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.overhead", description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--tokens", type=int, default=64, help="of each answer (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="times that each has its turn, after one that counts not")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the prompts")
    parser.add_argument("--folder", type=Path, default=venvs.TOOLS / "bench", help="for models and logs")
    return parser


if __name__ == "__main__":
    main()
