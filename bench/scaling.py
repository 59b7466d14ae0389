"""Servers that follow the load, with real pods on the embedded node: `python bench/scaling.py`.

Brings the dev stack up with autoscaling from zero and monitoring of its own, and KEDA beside it, all as pods of images
made here (`make tools NAME=keda` first: ten minutes). Then: 50 requests that come while there is no server, load that
rises, every query of every dashboard asked of the region's own Prometheus under that load, and silence. Ends with 1
where a request failed, a panel stayed empty, or the servers did not follow. Takes all away again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import openai  # noqa: E402
from openai.types.chat import ChatCompletionMessageParam  # noqa: E402

from bench.scaled_region import IDLE_SECONDS, MOST, ScaledRegion, Servers, running  # noqa: E402
from tests.harness import keda  # noqa: E402
from tests.harness.waiting import until  # noqa: E402

AT_ONCE = 50
_TOKENS = 64
_PATIENCE = 300.0  # seconds that a request at zero may take


@dataclass
class Seen:
    """Servers once a second since `began`."""

    began: float = field(default_factory=time.monotonic)
    found: list[tuple[float, Servers]] = field(default_factory=list)

    def when(self, *, ready: int = 0, wanted: int = 0) -> str:
        """Seconds until there were so many."""
        times = (after for after, servers in self.found if servers.ready >= ready and servers.wanted >= wanted)
        first = next(times, None)
        return "-" if first is None else f"{first:.0f} s"

    @property
    def most(self) -> int:
        return max((servers.ready for _, servers in self.found), default=0)


@contextmanager
def watching(region: ScaledRegion) -> Iterator[Seen]:
    seen, ended = Seen(), threading.Event()

    def look() -> None:
        while not ended.wait(1.0):
            seen.found.append((time.monotonic() - seen.began, region.servers()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def at_zero(region: ScaledRegion) -> bool:
    """Requests that all come while there is no server."""
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Tap the red button."}]
    direct = openai.DefaultHttpxClient(trust_env=False)  # no proxy is between this machine and its node
    with (
        openai.OpenAI(
            base_url=region.endpoint, api_key=region.key, timeout=_PATIENCE, max_retries=0, http_client=direct
        ) as client,
        watching(region) as seen,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):

        def ask(_number: int) -> float | str:
            """Seconds to the first token of a whole answer, or what went wrong."""
            began, first, reason = time.monotonic(), 0.0, None
            try:
                for chunk in client.chat.completions.create(
                    model=region.spec.model.name, messages=messages, max_tokens=_TOKENS, stream=True
                ):
                    first = first or time.monotonic() - began
                    reason = next((choice.finish_reason for choice in chunk.choices), None) or reason
            except openai.OpenAIError as error:
                return f"{type(error).__name__}: {error}"
            return first if reason else "the answer was cut"

        answers = list(threads.map(ask, range(AT_ONCE)))
    failed = [answer for answer in answers if isinstance(answer, str)]
    firsts = sorted(answer for answer in answers if isinstance(answer, float))
    print(f"\n{AT_ONCE} requests at once while there is no server: {len(failed)} failed", *failed[:3], sep="\n  ")
    if firsts:
        print(f"  first token: first {firsts[0]:.1f} s, P50 {median(firsts):.1f} s, last {firsts[-1]:.1f} s")
    print(f"  one server is wanted after {seen.when(wanted=1)}, ready after {seen.when(ready=1)}")
    print(f"  {MOST} are wanted after {seen.when(wanted=MOST)}, ready after {seen.when(ready=MOST)}", flush=True)
    return not failed


def under_load(region: ScaledRegion, rate: float, seconds: float, folder: Path) -> tuple[Seen, int]:
    """The load test's requests, so many a second; prints a line. Returns the servers meanwhile, and the failures."""
    before = region.servers().ready
    options = ("--profile=baseline", f"--rate={rate}", f"--seconds={seconds}", f"--tokens={_TOKENS}", f"--out={folder}")
    argv = [sys.executable, "-m", "tools", "loadtest", "--", *options]
    with watching(region) as seen:
        done = subprocess.run(argv, cwd=ROOT, env=os.environ | {"API_KEY": region.key}, capture_output=True, text=True)
    try:
        told = json.loads((folder / "outcomes.json").read_text())["summary"]
    except OSError:
        raise SystemExit(f"{' '.join(argv)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}") from None
    failed = sum(told["errors"].values())
    p50, p95, _ = told["first_token"]
    print(
        f"{told['offered']:9.2f}  {told['requests']:8}  {failed:6}  {p50:7.2f}  {p95:7.2f}  {told['latency'][1]:9.2f}"
        f"  {before:3} to {seen.found[-1][1].ready}  {seen.when(ready=MOST):>10}",
        flush=True,
    )
    return seen, failed


def rising(region: ScaledRegion, rate: float, seconds: float, folder: Path) -> bool:
    """Calm, three times that while servers come, and the same with them there; panels are asked in the end."""
    print("\nrequests/s  requests  failed  first token P50, P95 s  answer P95 s  servers  three after")
    calm = under_load(region, rate, seconds / 2, folder / "calm")
    risen = under_load(region, 3 * rate, seconds, folder / "risen")
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(_panels, region, seconds / 2)
        held = under_load(region, 3 * rate, seconds, folder / "held")
        count, empty = asked.result()
    print(f"\ndashboards: {count - len(empty)} of {count} queries have numbers under load", *empty, sep="\n  ")
    failures = sum(failed for _, failed in (calm, risen, held))
    return not failures and max(risen[0].most, held[0].most) == MOST and not empty


def _panels(region: ScaledRegion, after: float) -> tuple[int, list[str]]:
    time.sleep(after)
    return region.empty_panels()


def silence(region: ScaledRegion) -> bool:
    began = time.monotonic()
    try:
        until(lambda: region.servers().wanted == 0, "no server is wanted", 600, pause=1.0)
        wanted = time.monotonic() - began
        until(lambda: region.pods() == 0, "no server is there", 900, pause=1.0)
    except AssertionError as problem:
        print(f"\nsilence: {problem}")
        return False
    print(f"\nsilence: no server is wanted after {wanted:.0f} s (of them {IDLE_SECONDS} to be sure), ", end="")
    print(f"none is there after {time.monotonic() - began:.0f} s", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=0.5, help="requests a second of the calm (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=90, help="of each load (default: %(default)s)")
    asked = parser.parse_args()
    if not keda.built():
        parser.error("KEDA was not built: `make tools NAME=keda` does it")
    with tempfile.TemporaryDirectory() as folder, running() as region:
        kept = [at_zero(region), rising(region, asked.rate, asked.seconds, Path(folder)), silence(region)]
        if not all(kept):
            print("a promise was NOT kept", file=sys.stderr)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
