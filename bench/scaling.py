"""Servers that follow the load, with real pods on the embedded node: `python bench/scaling.py`.

Brings the dev stack up with autoscaling from zero and monitoring of its own, and KEDA beside it, all as pods of images
made here (`make tools NAME=keda` first: ten minutes). Then: 50 requests that come while there is no server; one user,
then six, who each ask again once they are answered; every query of every dashboard asked of the region's own Prometheus
under that load; and silence. Ends with 1 where a request failed, a panel stayed empty, or the servers did not follow.
Takes all away again.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import openai  # noqa: E402

from bench.scaled_region import IDLE_SECONDS, MOST, ScaledRegion, Servers, running  # noqa: E402
from tests.harness import keda  # noqa: E402
from tests.harness.waiting import until  # noqa: E402
from tools.smoke import screenshot  # noqa: E402

AT_ONCE = 50
USERS = 6  # as many open requests as three servers are to have
_TOKENS = 200
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
    def range(self) -> str:
        """The fewest and the most that were ready."""
        ready = [servers.ready for _, servers in self.found]
        return f"{min(ready)} to {max(ready)}"


@contextmanager
def watching(region: ScaledRegion) -> Iterator[Seen]:
    seen, ended = Seen(), threading.Event()

    def look() -> None:
        while True:
            seen.found.append((time.monotonic() - seen.began, region.servers()))
            if ended.wait(1.0):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@dataclass(frozen=True)
class Users:
    """Who asks, as the phone agent does: a screenshot, a stream; answers have all their tokens, to last a while."""

    client: openai.OpenAI
    model: str
    picture: str = field(default_factory=screenshot)

    def ask(self) -> float | str:
        """Seconds to the first token of an answer that was whole, or what went wrong."""
        picture = {"type": "image_url", "image_url": {"url": self.picture}}
        messages: Any = [{"role": "user", "content": [picture, {"type": "text", "text": "Open Settings"}]}]
        began, first, reason = time.monotonic(), 0.0, None
        try:
            for chunk in self.client.chat.completions.create(
                model=self.model, messages=messages, max_tokens=_TOKENS, stream=True, extra_body={"ignore_eos": True}
            ):
                for choice in chunk.choices:
                    first = first or (time.monotonic() - began if choice.delta.content else 0.0)
                    reason = choice.finish_reason or reason
        except openai.OpenAIError as error:
            return f"{type(error).__name__}: {error}"
        return first if first and reason else "the answer was cut"

    def while_doing(self, count: int, work: Callable[[], object]) -> list[float | str]:
        """So many ask again and again until `work` is done; what they got."""
        ended = threading.Event()

        def one() -> list[float | str]:
            got = [self.ask()]
            while not ended.is_set():
                got.append(self.ask())
            return got

        with ThreadPoolExecutor(count) as threads:
            asking = [threads.submit(one) for _ in range(count)]
            try:
                work()
            finally:
                ended.set()
        return [answer for user in asking for answer in user.result()]


def at_zero(region: ScaledRegion, users: Users) -> bool:
    """Requests that all come while there is no server."""
    with watching(region) as seen, ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda _: users.ask(), range(AT_ONCE)))
    failed = [answer for answer in answers if isinstance(answer, str)]
    firsts = sorted(answer for answer in answers if isinstance(answer, float))
    print(f"\n{AT_ONCE} requests at once while there is no server: {len(failed)} failed", *failed[:3], sep="\n  ")
    if firsts:
        print(f"  first token: first {firsts[0]:.1f} s, P50 {median(firsts):.1f} s, last {firsts[-1]:.1f} s")
    print(f"  one server is wanted after {seen.when(wanted=1)}, ready after {seen.when(ready=1)}")
    print(f"  {MOST} are wanted after {seen.when(wanted=MOST)}, ready after {seen.when(ready=MOST)}", flush=True)
    return not failed


def under_load(region: ScaledRegion, users: Users, count: int, work: Callable[[], object]) -> bool:
    """Prints a line. Whether no request failed."""
    with watching(region) as seen:
        answers = users.while_doing(count, work)
    failed = [answer for answer in answers if isinstance(answer, str)]
    firsts = [answer for answer in answers if isinstance(answer, float)]
    p95 = quantiles(firsts, n=20, method="inclusive")[-1] if len(firsts) > 1 else float("nan")
    print(
        f"{count:5}  {seen.found[-1][0]:7.0f}  {len(answers):8}  {len(failed):6}  {median(firsts):15.2f}  {p95:5.2f}"
        f"  {seen.range:>7}  {seen.when(ready=MOST):>11}",
        *failed[:3],
        flush=True,
    )
    return not failed


def rising(region: ScaledRegion, users: Users, seconds: float) -> bool:
    """From no server to one, to three, and under the load that three are for."""
    filled: list[bool] = []

    def panels() -> None:
        time.sleep(seconds / 2)
        count, empty = region.empty_panels()
        print(f"dashboards: {count - len(empty)} of {count} queries have numbers under load", *empty, sep="\n  ")
        filled.append(not empty)
        time.sleep(seconds / 2)

    def all_there() -> None:
        until(lambda: region.servers().ready == MOST, f"{MOST} servers are ready", 300, pause=1.0)

    until(lambda: region.pods() == 0, "nobody asks, and there is no server", 600, pause=1.0)
    users.ask()
    print("\nusers  seconds  requests  failed  first token P50, P95 s  servers  three after", flush=True)
    kept = [
        under_load(region, users, 1, lambda: time.sleep(seconds)),
        under_load(region, users, USERS, all_there),
        under_load(region, users, USERS, panels),
    ]
    return all(kept + filled) and region.servers().ready == MOST


def silence(region: ScaledRegion) -> bool:
    """Until the last server has gone."""
    began = time.monotonic()
    until(lambda: region.servers().wanted == 0, "no server is wanted", 600, pause=1.0)
    wanted = time.monotonic() - began
    until(lambda: region.pods() == 0, "no server is there", 900, pause=1.0)
    print(f"\nsilence: no server is wanted after {wanted:.0f} s (of them {IDLE_SECONDS} to be sure), ", end="")
    print(f"none is there after {time.monotonic() - began:.0f} s", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of each load (default: %(default)s)")
    asked = parser.parse_args()
    if not keda.built():
        parser.error("KEDA was not built: `make tools NAME=keda` does it")
    direct = openai.DefaultHttpxClient(trust_env=False)  # no proxy is between this machine and its node
    with (
        running() as region,
        openai.OpenAI(
            base_url=region.endpoint, api_key=region.key, timeout=_PATIENCE, max_retries=0, http_client=direct
        ) as client,
    ):
        users = Users(client, region.spec.model.name)
        kept = [at_zero(region, users), rising(region, users, asked.seconds), silence(region)]
        print(f"promises: {'kept' if all(kept) else 'NOT kept'}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
