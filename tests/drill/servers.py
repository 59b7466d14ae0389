"""Model servers end, die, hang, and meet requests that kill them: what do the others' streams see of it?"""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.drill import fleet as fleets
from tests.drill.fleet import CRASHES, PATIENCE, Fleet
from tests.drill.rows import Row
from tests.drill.streams import CLIENTS, Answer, Outcome, Streams, ask, counted, flowing
from tests.drill.words import DIE, FAIL
from tests.harness.envoy import Gateway
from tests.harness.waiting import until

_MORE = 12  # answers after a fault, before it is judged


def servers(folder: Path, *, hang_seconds: float) -> list[Row]:
    """Rows for each fault, in turn, on one fleet."""
    with fleets.running(folder) as (fleet, gateway), flowing(gateway) as streams:
        return [
            _unseen("SIGTERM to a server", streams, fleet, lambda: fleet.end(0, signal.SIGTERM)),
            _killed(streams, fleet),
            _unseen(f"a server hangs for {hang_seconds:.0f} s", streams, fleet, lambda: _hang(fleet, hang_seconds)),
            _unseen("a request that the engine fails on", streams, fleet, lambda: _fails(gateway)),
            *_deadly(streams, fleet, gateway),
        ]


def _fault(streams: Streams, fleet: Fleet, fault: Callable[[], None]) -> list[Answer]:
    """What was asked or still open since the fault, until all is well for a while."""
    fleet.wait()
    until(lambda count=streams.count: streams.count > count + CLIENTS, "streams flow", PATIENCE)
    began = time.monotonic()
    fault()
    fleet.wait()
    until(lambda count=streams.count: streams.count > count + _MORE, "streams flow after the fault", PATIENCE)
    return streams.since(began)


def _unseen(name: str, streams: Streams, fleet: Fleet, fault: Callable[[], None]) -> Row:
    answers = _fault(streams, fleet, fault)
    found = counted(answers)
    return Row(
        fault=name,
        promise="every stream whole and right",
        found=_said(answers),
        passed=found.total() == found[Outcome.WHOLE],
    )


def _killed(streams: Streams, fleet: Fleet) -> Row:
    """Streams that a dead process had begun can't be whole, and none of them may pass for it."""
    answers = _fault(streams, fleet, lambda: fleet.end(1, signal.SIGKILL))
    return Row(
        fault="SIGKILL to a server",
        promise="only what it worked on breaks, and is seen to",
        found=_said(answers),
        passed=_only_broken(answers, CLIENTS),
    )


def _hang(fleet: Fleet, seconds: float) -> None:
    fleet.send(2, signal.SIGSTOP)
    time.sleep(seconds)
    fleet.send(2, signal.SIGCONT)


def _fails(gateway: Gateway) -> None:
    for _ in range(5):
        answer, _ = ask(gateway, FAIL, None)
        assert answer.outcome is not Outcome.WHOLE, "it should have failed"


def _deadly(streams: Streams, fleet: Fleet, gateway: Gateway) -> list[Row]:
    """It is asked until every server has had enough of it: each has died by it, and refuses it then."""
    before, asked = fleet.deaths, list[Answer]()

    def insist() -> None:
        while len(asked) < 40 and not _refused(asked[-3:]):
            fleet.wait()
            asked.append(ask(gateway, DIE, None)[0])

    answers = _fault(streams, fleet, insist)
    deaths, most = fleet.deaths - before, CRASHES * len(fleet.ports)
    return [
        Row(
            fault="a request that kills its server, again and again",
            promise=f"{most} deaths at most, never two by one request; then refused",
            found=f"{deaths} deaths by {len(asked)} requests, then {asked[-1].note[:3]}",
            passed=deaths <= min(most, len(asked)) and _refused(asked[-3:]),
        ),
        Row(
            fault="what others saw of it",
            promise="only what the dead worked on breaks, and is seen to",
            found=_said(answers),
            passed=_only_broken(answers, deaths * CLIENTS),
        ),
    ]


def _refused(answers: list[Answer]) -> bool:
    """Three in a row, by servers that live: 400 is what the quarantine answers."""
    return len(answers) == 3 and all(answer.note.startswith("4") for answer in answers)


def _only_broken(answers: list[Answer], most: int) -> bool:
    found = counted(answers)
    broken = found[Outcome.CUT] + found[Outcome.REFUSED]
    return found[Outcome.WRONG] == found[Outcome.SILENT] == 0 and broken <= most


def _said(answers: list[Answer]) -> str:
    found = counted(answers)
    slowest = max((answer.ended - answer.began for answer in answers), default=0.0)
    return ", ".join([*(f"{count} {kind}" for kind, count in sorted(found.items())), f"slowest {slowest:.1f} s"])
