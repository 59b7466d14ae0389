"""What is measured of one server. Each workload takes a server and prompts, and gives named figures."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.load import Running, Stream, percentile, run
from bench.prompts import Prompts, body
from bench.sides import Server

Figures = dict[str, float]

PROMPT_TOKENS = 54
LONG_PROMPT = 16_000
PREFIX_TOKENS = 3_000
QUIET_CHUNKS = 48
"""Chunks that each stream gets before the long prompt arrives."""

SCREENSHOT = (1080, 2400)


@dataclass(frozen=True, kw_only=True)
class Workload:
    name: str
    measure: Callable[[Server, Prompts], Figures]


def throughput(streams: int, tokens: int) -> Workload:
    """Tokens a second of all streams together, from the first request to the last token."""

    def measure(server: Server, prompts: Prompts) -> Figures:
        done = run(server.url, [_body(server, prompts.text(PROMPT_TOKENS), tokens) for _ in range(streams)])
        seconds = max(stream.ended for stream in done) - min(stream.began for stream in done)
        return {
            "tokens/s": sum(stream.tokens for stream in done) / seconds,
            "TTFT P50 ms": _first_ms(done, 0.5),
            "TTFT P95 ms": _first_ms(done, 0.95),
        }

    return Workload(name=f"{streams} streams", measure=measure)


def first_token(prompt_tokens: int, requests: int) -> Workload:
    """One request after the other."""

    def measure(server: Server, prompts: Prompts) -> Figures:
        texts = [prompts.text(prompt_tokens) for _ in range(requests)]
        done = [run(server.url, [_body(server, text, 2)])[0] for text in texts]
        return {"TTFT P50 ms": _first_ms(done, 0.5), "TTFT P95 ms": _first_ms(done, 0.95)}

    return Workload(name=f"prompt of {prompt_tokens} tokens", measure=measure)


def screenshot(width: int, height: int, requests: int) -> Workload:
    def measure(server: Server, prompts: Prompts) -> Figures:
        images = [prompts.image(width, height) for _ in range(requests)]
        done = [run(server.url, [_body(server, prompts.text(PROMPT_TOKENS), 2, image)])[0] for image in images]
        return {
            "TTFT P50 ms": _first_ms(done, 0.5),
            "TTFT P95 ms": _first_ms(done, 0.95),
            "prompt tokens": done[0].prompt_tokens,
        }

    return Workload(name=f"image of {width}x{height}", measure=measure)


def shared_prefix() -> Workload:
    """The second request with the first one's 3,000 tokens before its own."""

    def measure(server: Server, prompts: Prompts) -> Figures:
        prefix = prompts.text(PREFIX_TOKENS)
        ends = [prompts.text(16), prompts.text(16)]
        first, second = (run(server.url, [_body(server, f"{prefix}\n{end}", 2)])[0].first_token for end in ends)
        return {"first TTFT ms": first * 1000, "second TTFT ms": second * 1000, "times faster": first / second}

    return Workload(name=f"shared prefix of {PREFIX_TOKENS} tokens", measure=measure)


def long_prompt(streams: int = 4) -> Workload:
    """Time between the tokens of running streams, before and while a prompt of 16,000 tokens arrives."""

    def measure(server: Server, prompts: Prompts) -> Figures:
        bodies = [_body(server, prompts.text(PROMPT_TOKENS), 12_000) for _ in range(streams)]
        running = [Running(server.url, one) for one in bodies]
        try:
            _until(running, lambda: all(len(one.stream.chunks) > QUIET_CHUNKS for one in running))
            arrival = time.monotonic()
            late = run(server.url, [_body(server, prompts.text(LONG_PROMPT), 1)])[0]
            answered = late.chunks[0]
            # A stream that stood still shows it by its next chunk.
            _until(running, lambda: all(one.stream.chunks[-1] > answered for one in running))
        finally:
            for one in running:
                one.stop()
        # The first gaps are of streams that still wait for the others' prompts.
        start = max(one.stream.chunks[4] for one in running)
        gaps = [gap for one in running for gap in one.stream.gaps]
        quiet = [seconds for at, seconds in gaps if at - seconds > start and at <= arrival]
        busy = [seconds for at, seconds in gaps if at > arrival and at - seconds < answered]
        return {
            "quiet P99 ms": percentile(quiet, 0.99) * 1000,
            "P99 ms": percentile(busy, 0.99) * 1000,
            "times slower": percentile(busy, 0.99) / percentile(quiet, 0.99),
            "TTFT of the long prompt ms": late.first_token * 1000,
        }

    return Workload(name=f"{streams} streams while {LONG_PROMPT} tokens arrive", measure=measure)


def _until(running: list[Running], condition: Callable[[], bool]) -> None:
    while not condition():
        for one in running:
            if one.stream.ended:
                one.wait()
                raise RuntimeError("a stream ended before the others had begun")
        time.sleep(0.01)


def _body(server: Server, text: str, tokens: int, image: str | None = None) -> dict[str, Any]:
    return body(server.model, text, tokens, image=image, ignore_eos=server.side.ignores_eos)


def _first_ms(done: list[Stream], share: float) -> float:
    return percentile([stream.first_token for stream in done], share) * 1000
