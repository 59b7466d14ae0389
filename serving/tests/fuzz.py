"""Thousands of broken requests, some at a time, from serving/: `python -m tests.fuzz --requests 10000 [--light]`.

Exit code 1 and the requests at fault unless every answer was one that a client can read, none was the server's own
error, and in the end the server serves, nothing runs, nothing waits and no block of the cache is held.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_requests import NO_HTTP, Shot, shot
from harness import Server, chat, eventually, light_server, running_server

CLIENTS = 8
ALLOWED = frozenset({200, 400, 404, 405, 408, 409, 413, 429, 504})
LEFT = 0
"""In place of a status: the client left, or sent half of what it promised."""
MOST_SHOWN = 10
PATIENCE = 300
"""Seconds: what spoils `max_tokens` asks for as many tokens as the context holds."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--light", action="store_true", help="without a model, which is quicker")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder), light=arguments.light) as server:
        began = time.monotonic()
        statuses, faults = run(server, arguments.requests, arguments.seed)
        seconds = time.monotonic() - began
        faults += after(server)
    counts = ", ".join(f"{status or 'left'}: {count}" for status, count in sorted(statuses.items()))
    print(f"{arguments.requests} requests in {seconds:.0f} s; {counts}; {len(faults)} faults")
    for fault in faults[:MOST_SHOWN]:
        print(fault)
    return 1 if faults else 0


def _server(folder: Path, *, light: bool) -> AbstractContextManager[Server]:
    if light:
        return light_server(folder / "log")
    from autoglm_serving.model.tiny import make

    make(folder / "model", seed=0)
    return running_server(folder / "model", folder / "log", "--max-model-len", "4096")


def run(server: Server, requests: int, seed: int) -> tuple[Counter[int], list[str]]:
    """How often each status came, and what was wrong."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(lambda number: _try(server, seed * 1_000_003 + number), range(requests)))
    return Counter(status for status, _ in results), [fault for _, fault in results if fault]


def after(server: Server) -> list[str]:
    """What is wrong with the server when all requests are over."""
    if server.process.poll() is not None:
        return [f"the server has ended with {server.process.returncode}"]
    try:
        eventually(lambda: server.running() == (0, 0), seconds=60)
        eventually(lambda: _held(server) == 0)
    except AssertionError:
        return [f"running and waiting: {server.running()}, share of the cache that is held: {_held(server)}"]
    answer = server.post(chat())
    return [] if answer.status_code == 200 else [f"a good request got {answer.status_code}: {answer.text}"]


def _held(server: Server) -> float:
    with server.http() as client:
        lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vllm:kv_cache_usage_perc{"))


def _try(server: Server, seed: int) -> tuple[int, str]:
    made = shot(Random(seed))  # noqa: S311  a test's dice
    try:
        status, content = _send(server, made)
    except (OSError, http.client.HTTPException) as error:
        if made.sends < 1 or made.reads is not None or NO_HTTP in made.headers:
            return LEFT, ""
        return LEFT, f"seed {seed}: {type(error).__name__} {error} for {made.method} {made.path} {made.body[:300]!r}"
    fault = _fault(made, status, content)
    return status, f"seed {seed}: {status} {fault} {content[:300]!r} for {made.body[:300]!r}" if fault else ""


def _send(server: Server, made: Shot) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.putrequest(made.method, made.path, skip_accept_encoding=True)
        for name, value in {"content-length": str(len(made.body)), **made.headers}.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(made.body[: int(len(made.body) * made.sends)])
        if made.sends < 1:
            return LEFT, b""
        response = connection.getresponse()
        return response.status, response.read(made.reads)
    finally:
        connection.close()


def _fault(made: Shot, status: int, content: bytes) -> str:
    if status == LEFT or made.reads is not None:
        return ""
    if status not in ALLOWED:
        return "is no answer to a client's fault"
    if status == 200 or made.method == "HEAD" or content == b"Invalid HTTP request received.":
        return ""
    try:
        error = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        return "has no error that a client can read"
    return (
        ""
        if set(error) == {"message", "type", "param", "code"} and error["message"]
        else "has an error of another form"
    )


if __name__ == "__main__":
    sys.exit(main())
