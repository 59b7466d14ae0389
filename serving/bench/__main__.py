"""Time to the first token and tokens a second of a running server: `python3 -m bench --base-url URL --streams 1 4 16`.

Tokens are counted by the server's `usage`: a chunk may hold none or several characters of a token.
"""

import argparse
from typing import Any

from bench.load import percentile, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1", help="ends in /v1 (default: %(default)s)")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 8], help="streams at the same time")
    parser.add_argument("--tokens", type=int, default=64, help="tokens of each answer (default: %(default)s)")
    parser.add_argument("--model", help="the model's name, where the server asks for it")
    parser.add_argument("--prompt", default="Tap the red button at the bottom of the screen.")
    parser.add_argument("--image", help="data URL file: its text is sent as the image of each request")
    arguments = parser.parse_args()
    body = _body(arguments)
    run(arguments.base_url, [body])  # the first request of a process pays for what is set up lazily
    print("streams  TTFT P50 ms  TTFT P95 ms  tokens/s")
    for count in arguments.streams:
        streams = run(arguments.base_url, [body] * count)
        seconds = max(stream.ended for stream in streams) - min(stream.began for stream in streams)
        first = [stream.first_token * 1000 for stream in streams]
        rate = sum(stream.tokens for stream in streams) / seconds
        print(f"{count:7d}  {percentile(first, 0.5):11.1f}  {percentile(first, 0.95):11.1f}  {rate:8.1f}")


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    content: list[dict[str, object]] = [{"type": "text", "text": arguments.prompt}]
    if arguments.image:
        with open(arguments.image, encoding="ascii") as file:
            content.insert(0, {"type": "image_url", "image_url": {"url": file.read().strip()}})
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": content}],
        "max_tokens": arguments.tokens,
        "temperature": 0,
        "ignore_eos": True,
    }
    return body | ({"model": arguments.model} if arguments.model else {})


if __name__ == "__main__":
    main()
