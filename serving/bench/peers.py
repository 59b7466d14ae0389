"""Our server and its peers, in turns, on the same model, prompts and threads: `python3 -m bench.peers --model text`.

Every workload runs on each side in turn, `--rounds` times, while the other sides are stopped; the table has each side's
median and the ratio of ours to each peer's. Cold starts have empty caches. Measure on a quiet machine.
"""

import argparse
import json
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import random_models, report, venvs
from bench.load import run
from bench.prompts import Prompts, body
from bench.sides import SIDES, Job, Server, started
from bench.workloads import Workload, first_token, long_prompt, screenshot, shared_prefix, throughput

MIB = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    # So that the servers are ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = random_models.make(options.model, options.folder / options.model)
    work = options.folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    job = Job(
        model=folder,
        work=work,
        threads=options.threads,
        max_num_seqs=max(*options.streams, 8),
        max_model_len=20_480,
        kv_gib=options.kv_gib,
        flags=options.flag,
    )
    figures = measure(job, options.sides, workloads(options), rounds=options.rounds, seed=options.seed)
    about = report.about(options.model, job, options.sides, rounds=options.rounds)
    text = report.table(about, figures, options.sides)
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"peers-{options.model}.json").write_text(
            json.dumps({"about": about, "figures": figures}, indent=1) + "\n"
        )
        (options.out / f"peers-{options.model}.md").write_text(text + "\n")


def workloads(options: argparse.Namespace) -> list[Workload]:
    found = [throughput(count, options.tokens) for count in options.streams]
    if options.model == "vision":
        found += [screenshot(336, 336, 3), screenshot(1080, 2400, options.screenshots)]
    else:
        found += [first_token(1000, options.requests), shared_prefix(), long_prompt()]
    return [workload for workload in found if options.only in workload.name]


def measure(job: Job, names: Sequence[str], todo: Sequence[Workload], *, rounds: int, seed: int) -> report.Figures:
    """Figures by workload, figure and side: one value a round."""
    figures: report.Figures = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name in names:
            began = time.monotonic()
            servers[name] = server = stack.enter_context(started(SIDES[name], job))
            stream = run(server.url, [_hello(server)])[0]
            _keep(figures, "cold start", name, {"to first token s": stream.chunks[0] - began})
            run(server.url, [_hello(server)] * min(4, job.max_num_seqs))
            server.pause()
        for workload in todo:
            for number in range(rounds):
                for name, server in servers.items():
                    server.resume()
                    try:
                        taken = workload.measure(server, Prompts(job.model, seed + number))
                    except RuntimeError as error:
                        print(f"{workload.name}: {name}: {error}", file=sys.stderr)
                    else:
                        _keep(figures, workload.name, name, taken)
                        print(f"{workload.name} {number + 1}/{rounds} {name}: {_line(taken)}", file=sys.stderr)
                    server.pause()
        for name, server in servers.items():
            _keep(figures, "memory", name, {"PSS MiB": server.pss_bytes() / MIB})
    return figures


def _hello(server: Server) -> dict[str, object]:
    return body(server.model, "Hello", 4, ignore_eos=server.side.ignores_eos)


def _keep(figures: report.Figures, workload: str, side: str, taken: dict[str, float]) -> None:
    for figure, value in taken.items():
        figures[workload][figure][side].append(value)


def _line(taken: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in taken.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("--model", choices=("text", "vision"), default="text", help="196M GLM-4 or 163M GLM-4V")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=[*SIDES], help="(default: all, ours first)")
    parser.add_argument("--threads", type=int, default=1, help="of the model, for each side (default: %(default)s)")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--tokens", type=int, default=64, help="of each answer (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=8, help="of 1,000 tokens, one after the other")
    parser.add_argument("--screenshots", type=int, default=2, help="of 1080x2400, one after the other")
    parser.add_argument("--rounds", type=int, default=3, help="times that each side has its turn")
    parser.add_argument("--only", default="", metavar="WORDS", help="workloads whose name holds this")
    parser.add_argument("--seed", type=int, default=0, help="of the prompts")
    parser.add_argument("--kv-gib", type=int, default=1, help="vLLM's cache, which it takes at its start")
    parser.add_argument("--flag", action="append", default=[], help="one more flag for our server, as --flag=--x=y")
    parser.add_argument("--folder", type=Path, default=venvs.TOOLS / "bench", help="for models, logs and caches")
    parser.add_argument("--out", type=Path, help="folder for the table and the figures")
    return parser


if __name__ == "__main__":
    main()
