"""The leader dies, or stops without dying: how long until the next write, and was any answer wrong?"""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.drill.history import judge, with_stale_read
from tests.drill.rows import Row, spread
from tests.drill.traffic import Traffic, flowing
from tests.harness.members import Members

MOST = 3.0  # seconds until the next write: an election takes one or two, by etcd's defaults
_STALE = 1.0  # seconds that a leader stays paused after another was chosen: time for it to answer as if it still led


def elections(cluster: Members, folder: Path, *, kills: int, pauses: int) -> list[Row]:
    """Rows: kills, pauses, the history, and the history with one stale read put in, which must be caught."""
    with flowing(cluster.endpoints, cluster.credentials) as traffic:
        killed = [_fault(cluster, traffic, _killed) for _ in range(kills)]
        paused = [_fault(cluster, traffic, _paused) for _ in range(pauses)]
    history = traffic.history.all()
    verdict = judge(history, folder)
    spoiled = judge(with_stale_read(history), folder)
    unknown = sum(one.returned is None for one in history)
    promise = f"next write within {MOST:.0f} s (median / P90 / most)"
    return [
        Row(fault="leader killed", promise=promise, found=spread(killed), passed=max(killed) <= MOST),
        Row(fault="leader paused", promise=promise, found=spread(paused), passed=max(paused) <= MOST),
        Row(
            fault="history of all of these",
            promise="linearizable",
            found=f"{verdict.result}: {verdict.operations} operations, {unknown} without an answer",
            passed=verdict.passed,
        ),
        Row(
            fault="one stale read put into it",
            promise="caught",
            found=spoiled.result,
            passed=spoiled.result == "not linearizable",
        ),
    ]


def _fault(cluster: Members, traffic: Traffic, fault: Callable[[Members, Traffic, int], float]) -> float:
    cluster.wait()
    return fault(cluster, traffic, cluster.leader())


def _killed(cluster: Members, traffic: Traffic, leader: int) -> float:
    began = time.monotonic_ns()
    cluster.kill(leader)
    took = traffic.next_write(began)
    cluster.start(leader)
    return took


def _paused(cluster: Members, traffic: Traffic, leader: int) -> float:
    began = time.monotonic_ns()
    cluster.send(leader, signal.SIGSTOP)
    took = traffic.next_write(began)
    time.sleep(_STALE)
    cluster.send(leader, signal.SIGCONT)
    return took
