"""Most members gone and back; a disk gone for good; every member replaced in turn: all under traffic."""

import time
from itertools import pairwise
from pathlib import Path

from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import EtcdError
from autoglm_etcd.keys import Keys

from tests.drill.elections import MOST
from tests.drill.history import History, judge
from tests.drill.rows import Row
from tests.drill.traffic import flowing
from tests.harness.members import Members

ALONE = 5.0  # seconds without a quorum


def quorum(cluster: Members, folder: Path) -> list[Row]:
    """All members but one are killed, then started again."""
    with flowing(cluster.endpoints, cluster.credentials) as traffic:
        lost = [number for number in cluster.numbers if number != cluster.leader()]
        cluster.kill(*lost)
        alone = time.monotonic_ns()
        time.sleep(ALONE)
        answered = [one for one in traffic.history.all() if one.call > alone and one.returned is not None]
        back = time.monotonic_ns()
        cluster.start(*lost)
        took = traffic.next_write(back)
        cluster.wait()
    return [
        Row(
            fault="quorum lost",
            promise=f"no write and no read is answered for {ALONE:.0f} s",
            found=f"{len(answered)} answered",
            passed=not answered,
        ),
        Row(
            fault="quorum regained",
            promise="writes go on; history linearizable",
            found=f"next write after {took:.2f} s, history {(verdict := judge(traffic.history.all(), folder)).result}",
            passed=verdict.passed,
        ),
    ]


def disk(cluster: Members, folder: Path) -> list[Row]:
    """A member's pod and volume go; a new pod on an empty volume takes its place."""
    number = next(number for number in cluster.numbers if number != cluster.leader())
    with flowing(cluster.endpoints, cluster.credentials) as traffic:
        began = time.monotonic()
        cluster.lose(number)
        said = _created(cluster, number)
        cluster.wait()
        took = time.monotonic() - began
    hashes = _hashes(cluster)
    verdict = judge(traffic.history.all(), folder)
    equal = len(set(hashes)) == 1 and len(hashes) == cluster.size
    return [
        Row(
            fault="a member's disk deleted",
            promise="replaced, and equal to the others; history linearizable",
            found=f"{said} after {took:.1f} s, {len(set(hashes))} hash of {len(hashes)} members, {verdict.result}",
            passed=equal and said.endswith("join") and verdict.passed,
        )
    ]


def upgrade(cluster: Members, folder: Path) -> list[Row]:
    """Every pod is replaced, one at a time and the next only when all are healthy: what a StatefulSet's update does."""
    with flowing(cluster.endpoints, cluster.credentials) as traffic:
        began = time.monotonic_ns()
        for number in reversed(cluster.numbers):
            cluster.end(number)
            cluster.create(number)
            cluster.wait()
        ended = time.monotonic_ns()
    gap = _longest_gap(traffic.history, began, ended)
    verdict = judge(traffic.history.all(), folder)
    return [
        Row(
            fault="every member replaced in turn",
            promise="next write within 3 s of the last",
            found=f"{gap:.2f} s at most",
            passed=gap <= MOST,
        ),
        Row(fault="history of it", promise="linearizable", found=verdict.result, passed=verdict.passed),
    ]


def _created(cluster: Members, number: int) -> str:
    """What the member said last. Its pod is made again where it failed, as Kubernetes would do."""
    end = time.monotonic() + 90
    while True:
        try:
            return cluster.create(number)[0][-1]
        except AssertionError:
            if time.monotonic() > end:
                raise


def _hashes(cluster: Members) -> list[int]:
    """Of the keys of each member, at one revision."""
    with cluster.connect() as connection:
        revision = Keys(connection).put("/drill/after", b"1")
        end, known = time.monotonic() + 60, Cluster(connection)
        while True:
            try:
                return [known.hash(endpoint, revision) for endpoint in cluster.endpoints]
            except EtcdError:  # a member that is not there yet
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def _longest_gap(history: History, began: int, ended: int) -> float:
    """Seconds between the ends of two writes in a row."""
    done = sorted(one.returned for one in history.all() if one.wrote and one.returned)
    times = [began, *(moment for moment in done if began < moment < ended), ended]
    return max(later - earlier for earlier, later in pairwise(times)) / 1e9
