"""Time to the first token and tokens a second of a running server: `python3 -m bench --base-url URL --streams 1 4 16`.

Tokens are counted by the server's `usage`: a chunk may hold none or several characters of a token.
"""

import argparse
import json
import os
import statistics
import threading
import time
import urllib.request
from dataclasses import dataclass


@dataclass
class Result:
    """`first_token` is in seconds from the sending of the request."""

    first_token: float
    tokens: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1", help="ends in /v1 (default: %(default)s)")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 8], help="streams at the same time")
    parser.add_argument("--tokens", type=int, default=64, help="tokens of each answer (default: %(default)s)")
    parser.add_argument("--prompt", default="Tap the red button at the bottom of the screen.")
    parser.add_argument("--image", help="data URL file: its text is sent as the image of each request")
    arguments = parser.parse_args()
    request = _request(arguments)
    measure(request, 1)  # the first request of a process pays for what is set up lazily
    print("streams  TTFT P50 ms  TTFT P95 ms  tokens/s")
    for streams in arguments.streams:
        began = time.monotonic()
        results = measure(request, streams)
        seconds = time.monotonic() - began
        first = sorted(result.first_token * 1000 for result in results)
        tokens = sum(result.tokens for result in results)
        p95 = first[min(len(first) - 1, round(0.95 * len(first)))]
        print(f"{streams:7d}  {statistics.median(first):11.1f}  {p95:11.1f}  {tokens / seconds:8.1f}")


def measure(request: urllib.request.Request, streams: int) -> list[Result]:
    """Raises RuntimeError when a stream did not end whole."""
    results: list[Result] = []
    threads = [threading.Thread(target=lambda: results.append(_stream(request))) for _ in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) < streams:
        raise RuntimeError(f"{streams - len(results)} of {streams} streams failed")
    return results


def _stream(request: urllib.request.Request) -> Result:
    began = time.monotonic()
    first_token, tokens = None, 0
    with urllib.request.urlopen(request, timeout=600) as response:  # noqa: S310  the user's own --base-url
        for line in response:
            if line == b"data: [DONE]\n":
                break
            if line.startswith(b"data: "):
                first_token = first_token or time.monotonic() - began
                usage = json.loads(line.removeprefix(b"data: ")).get("usage")
                tokens = usage["completion_tokens"] if usage else tokens
    if first_token is None or not tokens:
        raise RuntimeError("the stream ended without an answer")
    return Result(first_token, tokens)


def _request(arguments: argparse.Namespace) -> urllib.request.Request:
    content: list[dict[str, object]] = [{"type": "text", "text": arguments.prompt}]
    if arguments.image:
        with open(arguments.image, encoding="ascii") as file:
            content.insert(0, {"type": "image_url", "image_url": {"url": file.read().strip()}})
    body = {
        "messages": [{"role": "user", "content": content}],
        "max_tokens": arguments.tokens,
        "temperature": 0,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ.get('API_KEY', 'EMPTY')}"}
    url = f"{arguments.base_url}/chat/completions"
    return urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  the user's own --base-url


if __name__ == "__main__":
    main()
