"""How a server grows with streams and with context, as figures and a plot: `python3 -m bench.growth --out docs/bench`.

Streams from 1 to 256 with short prompts, then prompts from 1,000 to 16,000 tokens with four streams: tokens a second,
time to the first token, memory. Each point is one run after the other on the same server.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import random_models, report, venvs
from bench.load import run
from bench.peers import MIB
from bench.prompts import Prompts, body
from bench.sides import SIDES, Job, Server, started

CONTEXT_STREAMS = 4
PLOT = Path(__file__).parent / "plot.py"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    work = options.folder / "growth"
    shutil.rmtree(work, ignore_errors=True)
    job = Job(
        model=random_models.make("text", options.folder / "text"),
        work=work,
        threads=options.threads,
        max_num_seqs=max(*options.streams, CONTEXT_STREAMS),
        max_model_len=max(options.contexts) + 1024,
        kv_gib=options.kv_gib,
        flags=options.flag,
    )
    figures = {name: measure(name, job, options) for name in options.sides}
    about = report.about("text", job, options.sides, rounds=1)
    options.out.mkdir(parents=True, exist_ok=True)
    data = options.out / "growth.json"
    data.write_text(json.dumps({"about": about, "figures": figures}, indent=1) + "\n")
    python = venvs.ensure(venvs.PLOTS)
    subprocess.run([python, PLOT, data, data.with_suffix(".svg")], check=True)  # noqa: S603  our own files


def measure(name: str, job: Job, options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    prompts = Prompts(job.model, options.seed)
    with started(SIDES[name], job) as server:
        run(server.url, [_body(server, "Hello", 4)])
        streams = [_point(server, prompts, count, 54, options.tokens, x=count) for count in options.streams]
        contexts = [
            _point(server, prompts, CONTEXT_STREAMS, length, options.tokens, x=length) for length in options.contexts
        ]
    return {"streams": streams, "context": contexts}


def _point(server: Server, prompts: Prompts, streams: int, length: int, tokens: int, x: float) -> dict[str, float]:
    done = run(server.url, [_body(server, prompts.text(length), tokens) for _ in range(streams)])
    seconds = max(stream.ended for stream in done) - min(stream.began for stream in done)
    first = sorted(stream.first_token for stream in done)
    point = {
        "x": x,
        "tokens/s": sum(stream.tokens for stream in done) / seconds,
        "prompt tokens/s": sum(stream.prompt_tokens for stream in done) / max(first),
        "TTFT P50 s": first[len(first) // 2],
        "PSS MiB": server.pss_bytes() / MIB,
    }
    print(server.side.name, point, file=sys.stderr)
    return point


def _body(server: Server, text: str, tokens: int) -> dict[str, object]:
    return body(server.model, text, tokens, ignore_eos=server.side.ignores_eos)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=["ours"])
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128, 256])
    parser.add_argument("--contexts", type=int, nargs="+", default=[1000, 2000, 4000, 8000, 16000])
    parser.add_argument("--tokens", type=int, default=64, help="of each answer (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the prompts")
    parser.add_argument("--kv-gib", type=int, default=1, help="vLLM's cache, which it takes at its start")
    parser.add_argument("--flag", action="append", default=[], help="one more flag for our server, as --flag=--x=y")
    parser.add_argument("--folder", type=Path, default=venvs.TOOLS / "bench", help="for models and logs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the figures and the plot")
    return parser


if __name__ == "__main__":
    main()
