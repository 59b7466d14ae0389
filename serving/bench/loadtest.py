"""A load test of a running server, with a report: `python3 -m bench.loadtest --base-url URL --profile peak --rate 4`.

Requests are those of Open-AutoGLM's client; they come by themselves (open loop), whatever the server does. The key is
`API_KEY` of the environment. Ends with 1 where a promise was not kept, which makes it a gate.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import load_report
from bench.arrivals import arrivals, profiles
from bench.client import Client
from bench.load import run
from bench.open_loop import drive
from bench.outcomes import Promise, broken, summary


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    profile = profiles(options.rate, options.seconds)[options.profile]
    times = arrivals(profile, options.arrivals, options.seed)
    client = Client(options.model, size=options.image, tokens=options.tokens, seed=options.seed)
    print(f"{profile.name}: {profile.text}; {len(times)} requests in {profile.seconds:g} s", flush=True)
    run(options.base_url, [client.request()])  # the first request of a process pays for what is set up lazily
    bodies = [client.request() for _ in times]
    outcomes = drive(options.base_url, times, bodies)
    promise = Promise(
        first_token=options.first_token,
        per_token=options.per_token,
        good_share=options.good_share,
        error_share=options.error_share,
    )
    told = summary(outcomes, profile.seconds, promise)
    failures = broken(told, promise)
    shape = f"{options.image[0]}x{options.image[1]} screenshot and text" if options.image else "text alone"
    about = {
        "profile": profile.name,
        "text": profile.text,
        "process": options.arrivals,
        "seed": str(options.seed),
        "requests": f"{shape}, at most {options.tokens} tokens",
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    page = load_report.write(options.out, about, told, outcomes, promise, failures)
    print(load_report.text(told))
    print(f"report: {page}")
    for failure in failures:
        print(f"NOT KEPT: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    promise = Promise()
    parser = argparse.ArgumentParser(prog="bench.loadtest", description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1", help="ends in /v1 (default: %(default)s)")
    parser.add_argument("--profile", choices=list(profiles(1, 1)), default="baseline")
    parser.add_argument("--rate", type=float, default=1.0, help="expected requests a second (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="soak takes ten times it (default: %(default)s)")
    parser.add_argument("--arrivals", choices=["poisson", "constant"], default="poisson")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="autoglm-phone-9b")
    parser.add_argument("--image", type=_size, default=(1080, 2400), help="WIDTHxHEIGHT, or none (default: 1080x2400)")
    parser.add_argument("--tokens", type=int, default=3000, help="of an answer, at most (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("load-test"), help="folder (default: %(default)s)")
    for name, text in (
        ("first-token", "seconds to the first token of a good request"),
        ("per-token", "seconds a token of a good request"),
        ("good-share", "share of requests that must be good"),
        ("error-share", "share of requests that may fail"),
    ):
        default = getattr(promise, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=float, default=default, help=f"{text} (default: %(default)s)")
    return parser.parse_args(arguments)


def _size(text: str) -> tuple[int, int] | None:
    if text == "none":
        return None
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no size: write it as 1080x2400, or none")
    return int(width), int(height)


if __name__ == "__main__":
    sys.exit(main())
